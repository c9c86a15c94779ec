"""Whole runs of a policy with rules and exemptions, in virtual time. The world itself says what was made."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from batchgw import api
from batchgw.errors import PlanUnreadable
from batchgw.events import CallSent, Event
from batchgw.journal import open_journal
from batchgw.model import (
    Applied,
    Decision,
    Mode,
    PlannedApi,
    Policy,
    ResponseType,
    RestApi,
    RestApiId,
    Rule,
    Settings,
    Skipped,
    Unchanged,
)
from batchgw.model.change import EXEMPT
from batchgw.model.response_change import TARGETS
from batchgw.planning.plan_file.plan import Plan
from batchgw.policy.loader import load_policy
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.traffic.fault_script import parse
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.world import World
from tests.saved_plans import with_checksum
from tests.scenarios.estate import CORS, DESIRED, Estate
from tests.unit.journal_plans import listed
from tests.unit.rulebooks import ByName
from tests.virtual import virtually

T = ResponseType
APIS = 48
TEAPOT = Settings(status_code="418", parameters=CORS.parameters)
RULES = {
    "*a*": {T.DEFAULT_4XX: Rule(settings=TEAPOT)},
    "*e*": {T.QUOTA_EXCEEDED: Rule(settings=TEAPOT, mode=Mode.MERGE)},
    "no such name": {T.DEFAULT_5XX: Rule(settings=None)},
}
EXEMPTIONS = {"*o*": (T.THROTTLED,), "*s*": tuple(DESIRED.rules), "nor such": (T.DEFAULT_5XX,)}

Shown = dict[tuple[str, ResponseType], Settings | None]


class Reads:
    """Counts the APIs that are read."""

    apis = 0

    def notify(self, event: Event) -> None:
        self.apis += isinstance(event, CallSent) and event.operation == "GetGatewayResponses"


@dataclass
class Ruled(Estate):
    """An estate whose policy has rules and exemptions by name."""

    apis: int = APIS

    def __post_init__(self) -> None:
        super().__post_init__()
        self.book = ByName(self.desired, RULES, EXEMPTIONS)

    @property
    def policy(self) -> Policy:
        return replace(super().policy, rulebook=self.book)

    def shown(self) -> Shown:
        """What each API customises each type to, by its id; None where it does not."""
        found: Shown = {}
        for scope_apis in self.world.scopes():
            for number in scope_apis.numbers():
                own = gateway_responses.read_all(scope_apis, scope_apis.id(number))
                for t in T:
                    settings = None if own[t].default_response else own[t].settings
                    found[scope_apis.id(number), t] = settings
        return found

    def decisions(self) -> dict[str, Decision]:
        """What the policy says of each API, by its id."""
        scope = self.scopes[0]  # no rule asks where it is
        return {
            apis.id(n): self.book.decide(
                RestApi(scope=scope, id=RestApiId(apis.id(n)), name=apis.attributes(n).name), None
            )
            for apis in self.world.scopes()
            for n in apis.numbers()
        }

    def wrong(self, before: Shown) -> Iterator[str]:
        """Say which type of which API is not what the policy says, worked out from the world."""
        decisions = self.decisions()
        for (each, t), now in self.shown().items():
            rule = decisions[each].variant.desired.rules.get(t)
            if rule is None:
                right = now == before[each, t]  # exempt, or not spoken of
            elif rule.settings is None or now is None:
                right = rule.settings is now
            else:
                right = now.parameters.items() >= rule.settings.parameters.items() and now.status_code == (
                    rule.settings.status_code or now.status_code
                )
            if not right:
                yield f"{each} {t}: {before[each, t]} became {now}"


def test_each_api_becomes_what_its_rules_say_and_what_is_exempt_stays_as_it_was(tmp_path: Path) -> None:
    async def main() -> None:
        async with Ruled() as estate, open_journal(str(tmp_path / "journal.db")) as journal:
            before, decisions = estate.shown(), estate.decisions()
            with await api.plan(estate.policy, plane=estate.plane, out=tmp_path / "plan") as plan:
                rules = Counter(rule for each in decisions.values() for rule in each.variant.rules)
                counted = {each.name: each.apis for each in plan.totals.variants.rules}
                assert counted == {**dict.fromkeys(RULES, 0), **rules}
                used = Counter(name for each in decisions.values() for name in each.exemptions)
                assert {e.name: e.apis for e in plan.totals.variants.exemptions if e.apis} == used
                assert plan.totals.total.set_aside == sum(len(d.set_aside) for d in decisions.values())
            saved = Plan.open(tmp_path / "plan")
            assert len(saved.variants) > 4
            summary = await api.apply(saved, plane=estate.plane, journal=journal)
            outcomes = await listed(journal.run(summary.run).outcomes())
            assert list(estate.wrong(before)) == []
            assert (summary.exit_code, summary.proves) == (0, True)
            expected = sum(
                len(d.variant.desired.rules) + len(d.set_aside) for d in decisions.values()
            )  # no rule here depends on what is there
            assert summary.expected == len(outcomes) == expected
            skipped = {(o.api.id, o.target) for o in outcomes if isinstance(o, Skipped)}
            assert skipped == {(a, each.target) for a, d in decisions.items() for each in d.set_aside}
            assert {o.code for o in outcomes if isinstance(o, Skipped)} == {EXEMPT}
            assert {type(o) for o in outcomes} == {Applied, Unchanged, Skipped}
            with await api.check(estate.policy, plane=estate.paced()) as again:
                assert (again.totals.total.writes, again.totals.complete) == (0, True)

    virtually(main)


LOCKED = """
version: 1
use: [security-headers]
responses: {THROTTLED: {status: 429}, QUOTA_EXCEEDED: {status: 429}}
locked: [security-headers]
"""


@dataclass
class Locked(Estate):
    """An estate in which every API is exempt by its tag, from a policy that has locked something."""

    apis: int = APIS

    def __post_init__(self) -> None:
        proportions = Proportions(customised=0.7, exempt=1.0)
        self.world = World.generate(apis=self.apis, accounts=2, regions=2, proportions=proportions)
        self.before = self.customisations()

    @property
    def policy(self) -> Policy:
        return replace(load_policy("p.yaml", text=LOCKED).policy, targets=super().policy.targets)


def test_an_exempt_type_with_locked_keys_is_left_alone_or_changed_and_never_both(tmp_path: Path) -> None:
    """Locked keys are merged into exempt types that an API customised itself: then nothing is left alone."""

    async def main() -> None:
        async with Locked() as estate, open_journal(str(tmp_path / "journal.db")) as journal:
            await api.plan(estate.policy, plane=estate.plane, out=tmp_path / "plan")
            plan = Plan.open(tmp_path / "plan")
            planned = [each for each in plan.items() if isinstance(each, PlannedApi)]
            changed = Counter(c.target for each in planned for c in each.changes)
            aside = Counter(a.target for each in planned for a in each.set_aside)
            throttled = TARGETS[T.THROTTLED]
            assert changed[throttled] > 0 < aside[throttled]
            assert changed[throttled] + aside[throttled] == estate.apis
            summary = await api.apply(plan, plane=estate.plane, journal=journal)
            assert (summary.exit_code, summary.proves) == (0, True)

    virtually(main)


def test_a_saved_plan_is_rechecked_with_what_each_api_shall_be(tmp_path: Path) -> None:
    """Nothing has moved, so nothing is stale, and what is all exempt is not read again."""

    async def main() -> None:
        reads = Reads()
        async with (
            Ruled(observer=reads) as estate,
            open_journal(str(tmp_path / "journal.db")) as journal,
        ):
            await api.plan(estate.policy, plane=estate.plane, out=tmp_path / "plan")
            saved = Plan.open(tmp_path / "plan")
            assert reads.apis == saved.totals.total.apis
            summary = await api.apply(saved, plane=estate.paced(), journal=journal, recheck=True)
            assert reads.apis == 2 * saved.totals.total.apis
            assert summary.exit_code == 0
            all_exempt = sum(not d.variant.desired.rules for d in estate.decisions().values())
            assert saved.totals.total.set_aside_apis == all_exempt > 0

    virtually(main)


def test_a_stopped_run_is_resumed_to_the_same_end(tmp_path: Path) -> None:
    async def main() -> None:
        script = [{"match": {"operation": "Put*", "after": 6}, "fault": "expired_token"}]
        async with Ruled(apis=400, script=script) as estate:
            before = estate.shown()
            summary, _ = await estate.apply(tmp_path / "journal.db")
            assert summary.left > 0
            estate.raw.engine.faults = parse([])
            summary, outcomes = await estate.resume(tmp_path / "journal.db")
            assert (summary.exit_code, summary.proves, len(outcomes)) == (0, True, summary.expected)
            assert list(estate.wrong(before)) == []

    virtually(main)


@pytest.mark.parametrize("variant", [0, 99])
def test_a_plan_in_which_an_api_was_given_another_variant_is_refused(tmp_path: Path, variant: int) -> None:
    async def main() -> None:
        async with Ruled() as estate:
            await api.plan(estate.policy, plane=estate.plane, out=tmp_path / "plan")

    virtually(main)
    lines = [json.loads(line) for line in (tmp_path / "plan").read_bytes().splitlines()[:-1]]
    edited = next(line for line in lines if line.get("variant") and line["changes"])
    edited["variant"] = variant
    (tmp_path / "plan").write_bytes(
        with_checksum(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
    )
    with pytest.raises(PlanUnreadable, match=edited["api"]["id"]):
        Plan.open(tmp_path / "plan")
