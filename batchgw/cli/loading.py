"""Reads policies and plans for the verbs, applies flags to them, and compares one with the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from batchgw.cli.flags.endpoint import endpoint_of
from batchgw.cli.flags.options import RunFlags
from batchgw.cli.output.console import Console
from batchgw.cli.role_options import EXTERNAL_IDS, has_external_ids
from batchgw.cli.run_options import run_options, targets_with_run_options
from batchgw.control_plane.stack import Pace
from batchgw.errors import PlanStale, UsageError
from batchgw.execution.writing.executor import TRUSTED
from batchgw.model import PlannedApi, Policy, Region, Scope, Targets, Variant
from batchgw.model.change import EXEMPT
from batchgw.model.shape import JSON, text_or_none
from batchgw.planning.estimate import Estimate, Work, estimate
from batchgw.planning.kinds import reads
from batchgw.planning.plan_file.consistency import fault
from batchgw.planning.plan_file.plan import Plan
from batchgw.policy.loader import load_policies
from batchgw.report.views.lines.problems import problem_line
from batchgw.throttle.quota import TOTAL

FILE_DIGEST = "policy_file_digest"
"""Plan option: the digest of the policy in the file, before flags chose other targets."""

_AWS = "AWS itself"

ALLOW_EMPTY = "allow_empty"
"""Plan option: a selection that matches nothing was accepted when the plan was made."""

NEEDS_EXTERNAL_ID = "needs_external_id"
"""Plan option: the role asked for an external id, which plans do not carry."""

NEEDS_EXTERNAL_IDS = "needs_external_ids"
"""Plan option: other roles of a chain did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A policy as it is in its files."""

    policy: Policy

    def with_targets(self, targets: Targets) -> Policy:
        """Give the policy with the targets that flags chose."""
        return replace(self.policy, targets=targets)


def loaded(files: Sequence[Path], console: Console) -> Source:
    """Read a policy of one file or more, and show its warnings. Raises PolicyInvalid."""
    found = load_policies(files)
    console.tell(*map(problem_line, found.warnings))
    return Source(policy=found.policy)


ENDPOINT = "endpoint"
"""Plan option: the endpoint of the plan, "" for AWS itself. Plans that the library makes have none."""


def plan_options(
    policy: Policy, flags: RunFlags, targets: Targets, *, allow_empty: bool = False
) -> dict[str, JSON]:
    """Give the options that a plan records. `policy` is as in the file, `targets` are as flags chose."""
    options = run_options(flags, targets)
    if allow_empty:
        options[ALLOW_EMPTY] = True
    if options.pop("external_id", None) is not None:
        options[NEEDS_EXTERNAL_ID] = True
    if options.pop(EXTERNAL_IDS, None) is not None:
        options[NEEDS_EXTERNAL_IDS] = True
    return {**options, FILE_DIGEST: policy.digest, ENDPOINT: endpoint_of(flags.connection)}


def allows_empty(plan: Plan) -> bool:
    """Tell whether a selection that matches nothing was accepted when the plan was made."""
    return bool(plan.header.options.get(ALLOW_EMPTY))


def refuse_other_policy(plan: Plan, policy: Policy) -> None:
    """Raise PlanStale unless the plan was made from this policy. Flags may have chosen other targets."""
    made_from = plan.header.options.get(FILE_DIGEST, plan.header.policy_digest)
    if made_from != policy.digest:
        raise PlanStale(
            f"{plan.path} was made from another policy: {plan.header.policy_source} had the digest "
            f"{str(made_from)[:12]}, and {policy.source} has {policy.digest[:12]}. Nothing was written. "
            "Plan again, or leave the policy out to apply the plan as it is."
        )
    same = plan.header.desired == policy.desired
    if policy.rulebook is not None or len(plan.variants) > 1 or not same:
        _refuse_other_changes(plan, policy)  # else opening the plan has compared it with the policy


def _refuse_other_changes(plan: Plan, policy: Policy) -> None:
    """Raise PlanStale where the policy decides otherwise about an API than the plan does."""
    rules, accounts = policy.rules, plan.totals.frozen.accounts
    alike: dict[tuple[int, int], tuple[bool, Variant]] = {}  # the variant is kept, so its identity is its own
    for item in plan.items():
        if not isinstance(item, PlannedApi):
            continue
        decision = rules.decide(item.api, accounts.get(item.api.scope.account))
        key = item.variant, id(decision.variant)
        if key not in alike:
            same = plan.variants[item.variant].desired == decision.variant.desired
            alike[key] = same, decision.variant
        found = None if alike[key][0] else fault(item, decision.variant.desired)
        aside = {each.target for each in decision.set_aside}
        for each in item.set_aside:
            if each.code == EXEMPT and each.target not in aside:
                found = f"{each.target}: it is left alone, and it is no longer exempt"
        if found:
            raise PlanStale(
                f"{plan.path} does not do what {policy.source} says, though it names its digest: {item.api}, "
                f"{found} by that policy. Nothing was written. Plan again."
            )


def refuse_other_endpoint(plan: Plan, flags: RunFlags) -> None:
    """Raise UsageError unless calls go to the endpoint that the plan was made at."""
    made_at = plan.header.options.get(ENDPOINT)
    now = endpoint_of(flags.connection)
    if made_at is not None and made_at != now:
        raise UsageError(
            f"{plan.path} was made at {made_at or _AWS}, and calls would go to {now or _AWS} now. Nothing "
            "was written. Give the endpoint it was made at (--endpoint-url, AWS_ENDPOINT_URL or profile), "
            "or plan again."
        )


def targets_of(plan: Plan, given: Targets) -> Targets:
    """Give what is needed to reach a plan's scopes again: regions, roles, and external ids."""
    header = plan.header
    role = given.role or text_or_none(header.targets.get("role"))
    if header.options.get(NEEDS_EXTERNAL_ID) and not given.external_id:
        raise UsageError(
            f"{plan.path} needs the external id of the role {role}, which plans do not carry: give "
            "--external-id (or BATCHGW_EXTERNAL_ID), or name the policy beside --plan."
        )
    needed = header.options.get(NEEDS_EXTERNAL_IDS)
    if needed and not has_external_ids((*given.roles, *given.organization_roles)):
        raise UsageError(
            f"{plan.path} needs the external ids of its chain of roles, which plans do not carry: name the "
            "policy beside --plan."
        )
    return targets_with_run_options(
        Targets(
            regions=_regions(plan),
            role=role,
            external_id=given.external_id,
            session_tags=given.session_tags,
            source_identity=given.source_identity,
            roles=given.roles,
            organization_roles=given.organization_roles,
            session_name=given.session_name,
        ),
        header.options,
    )


def later_apply(plan: Plan, pace: Pace, *, saved: bool) -> Estimate:
    """Estimate an apply at a later time, of the saved plan or of the policy, with full buckets."""
    work = Work.APPLY_SAVED if saved else Work.ALL
    return paced_estimate(plan, work, pace, trusted=TRUSTED)


def paced_estimate(
    plan: Plan, work: Work, pace: Pace, *, trusted: float, level: Callable[[Scope], float] | None = None
) -> Estimate:
    """Estimate what of a plan's work takes at a pace; the rest is as in `estimate`."""
    of_an_api = max(reads(each.desired) for each in plan.variants)
    return at_pace(pace)(plan.totals, work, level=level, trusted=trusted, reads=of_an_api)


def at_pace(pace: Pace) -> partial[Estimate]:
    """Give `estimate` for the quotas that a pace states, and the share of them that is to be used."""
    return partial(
        estimate,
        rate=pace.rate or TOTAL.rate,
        burst=pace.burst,
        share=pace.share,
        operations=pace.operations,
    )


def _regions(plan: Plan) -> tuple[Region, ...]:
    """Give the regions of a plan's scopes, in their order."""
    return tuple(dict.fromkeys(scope.region for scope in plan.totals.looked_into))
