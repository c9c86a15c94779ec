"""The first line of a plan file: what the plan was made from."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

from batchgw.model import Desired, Policy
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.shape import JSON, moment, record, text, text_or_none
from batchgw.planning.plan_file.verify import FORMAT, FORMAT_VERSION
from batchgw.redaction import with_bare_urls
from batchgw.version import VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHeader:
    """What a plan was made from. It is written first, before anything is found.

    `created` is seconds since the epoch.

    `rollout` is how the plan is rolled out, where its policy says that: an apply of it asks no other.

    `takes_back` is the id of the run that a rollback takes back: its changes are made from before-images, not
    from a policy; `desired` is then that run's.

    `targets` and `options` are JSON objects for people and later commands to read: where to look, and with
    which flags. Which account-regions that came to is counted in the totals. `desired` is what an API shall
    be that no rule of the policy matches.
    """

    plan: str  # the id of the plan, or of the run that made it
    created: float
    batchgw: str  # the version that made it
    policy_digest: str
    policy_source: str
    desired: Desired
    targets: Mapping[str, JSON] = field(default_factory=dict)
    options: Mapping[str, JSON] = field(default_factory=dict)
    rollout: Rollout | None = None
    takes_back: str | None = None

    @classmethod
    def of(cls, policy: Policy, options: Mapping[str, JSON]) -> PlanHeader:
        """Give the header of a plan that is made now. Of URLs in `options`, no secret is kept."""
        targets = policy.targets
        selection = targets.apis
        return cls(
            plan=uuid4().hex[:12],
            created=time.time(),
            batchgw=VERSION,
            policy_digest=policy.digest,
            policy_source=policy.source,
            desired=policy.desired,
            targets={
                "accounts": (
                    list(targets.accounts) if targets.organization is None else targets.organization.to_json()
                ),
                "regions": (
                    list(targets.regions)
                    if targets.enabled_regions is None
                    else targets.enabled_regions.to_json()
                ),
                "role": targets.role,
                "include": [s.to_json() for s in selection.include],
                "exclude": [s.to_json() for s in selection.exclude],
                "explicit": [str(e) for e in selection.explicit],
            },
            options=with_bare_urls(options),
            rollout=policy.rollout,
        )

    @classmethod
    def back(
        cls,
        run: str,
        source: str,
        digest: str,
        desired: Desired,
        *,
        rollout: Rollout | None = None,
        options: Mapping[str, JSON] | None = None,
    ) -> PlanHeader:
        """Give the header of the plan that takes a run back, from what the run knows of its policy."""
        return cls(
            plan=uuid4().hex[:12],
            created=time.time(),
            batchgw=VERSION,
            policy_digest=digest,
            policy_source=source,
            desired=replace(desired, wherever_customised={}),  # of no type is said more than it was before
            options=with_bare_urls(options or {}),
            rollout=rollout,
            takes_back=run,
        )

    def to_json(self) -> dict[str, JSON]:
        """Render as the first line of the file."""
        return {
            "kind": "plan",
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "plan": self.plan,
            "created": self.created,
            "batchgw": self.batchgw,
            "policy_digest": self.policy_digest,
            "policy_source": self.policy_source,
            "targets": dict(self.targets),
            "options": dict(self.options),
            "desired": self.desired.to_json(),
            **({} if self.rollout is None else {"rollout": self.rollout.to_json()}),
            **({} if self.takes_back is None else {"takes_back": self.takes_back}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> PlanHeader:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError when it is something else."""
        return cls(
            plan=text(data["plan"]),
            created=moment(data["created"]),
            batchgw=text(data["batchgw"]),
            policy_digest=text(data["policy_digest"]),
            policy_source=text(data["policy_source"]),
            targets=_targets(record(data["targets"])),
            options=record(data["options"]),
            desired=Desired.from_json(record(data["desired"])),
            rollout=Rollout.from_json(data["rollout"]) if "rollout" in data else None,
            takes_back=text_or_none(data.get("takes_back")),
        )


def _targets(data: Mapping[str, JSON]) -> Mapping[str, JSON]:
    text_or_none(data.get("role"))
    return data
