"""Teams customise types in their APIs. Such a type inherits nothing. A policy can cover those types, too."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import anyio
import pytest

from batchgw import api
from batchgw.errors import PlanStale
from batchgw.journal import open_journal
from batchgw.model import HEADER_PREFIX, Desired, Failed, PlannedApi, ResponseType, Settings
from batchgw.planning.estimate import Work, estimate
from batchgw.planning.plan_file.plan import Plan
from batchgw.policy.loader import load_policy
from batchgw.simulator.operations.apigateway import gateway_responses
from tests.scenarios.estate import Estate
from tests.virtual import virtually

T = ResponseType
FAMILIES = {T.DEFAULT_4XX, T.DEFAULT_5XX}
APIS = 60

Customised = dict[tuple[str, ResponseType], Settings]
"""What is customised in the world, by API and type."""


def desired(text: str) -> Desired:
    return load_policy("p.yaml", text=f"version: 1\n{text}").policy.desired


def customised(estate: Estate) -> Customised:
    """Read it from the world itself, and not through the code under test."""
    found: Customised = {}
    for scope_apis in estate.world.scopes():
        for number in scope_apis.numbers():
            for t, shown in gateway_responses.read_all(scope_apis, scope_apis.id(number)).items():
                if not shown.default_response:
                    found[scope_apis.id(number), t] = shown.settings
    return found


def headers(settings: Settings) -> set[str]:
    return {key.removeprefix(HEADER_PREFIX) for key in settings.parameters}


CORS = {"Access-Control-Allow-Origin", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods"}


def test_every_type_that_a_team_customised_carries_the_headers_and_keeps_what_the_team_set(
    tmp_path: Path,
) -> None:
    """What is planned is done, what is not customised stays so, and a check finds no drift."""

    async def main() -> None:
        async with Estate(apis=APIS, desired=desired("mode: merge\nuse: [cors]")) as estate:
            before = customised(estate)
            theirs = {key for key in before if key[1] not in FAMILIES}
            assert len({t for _, t in theirs}) == 4  # a world in which teams were at work
            summary, outcomes = await estate.apply(tmp_path / "journal.db", recheck=True)
            assert (summary.exit_code, summary.proves) == (0, True)
            assert summary.expected == 2 * APIS + len(theirs)  # the families, and theirs
            assert Counter((o.api.id, o.target) for o in outcomes).most_common(1)[0][1] == 1
            after = customised(estate)
            assert after.keys() - before.keys() <= {(a, t) for a, _ in estate.before for t in FAMILIES}
            for key, settings in after.items():
                assert headers(settings) >= CORS, key
            for key in theirs:
                assert after[key].status_code == before[key].status_code
                assert after[key].templates == before[key].templates
                kept = before[key].parameters.items() - after[key].parameters.items()
                assert not kept, key
            with await api.check(estate.policy, plane=estate.plane) as plan:
                assert plan.totals.total.writes == 0
                assert plan.totals.total.no_ops == 2 * APIS + len(theirs)

    virtually(main)


def test_a_plan_that_does_not_cover_them_reports_the_types_that_lack_the_headers(tmp_path: Path) -> None:
    """That takes no extra call. A plan after an apply reports the same, and not as drift."""

    async def main() -> None:
        narrow = desired("use: [{preset: cors, types: [DEFAULT_4XX, DEFAULT_5XX]}]")
        async with Estate(apis=APIS, desired=narrow) as estate:
            theirs = Counter(t for _, t in customised(estate) if t not in FAMILIES)
            for _ in range(2):
                calls = estate.raw.engine.statistics.total.calls
                with await api.plan(estate.policy, plane=estate.plane) as plan:
                    found = Counter(t.name for item in plan.items() for t in _planned(item).uncovered)
                assert found == theirs
                assert plan.totals.total.expected == 2 * APIS
                assert estate.raw.engine.statistics.total.calls - calls == APIS + len(estate.scopes)
                await estate.apply(tmp_path / "journal.db")

    virtually(main)


def test_a_plan_of_covered_types_alone_counts_what_each_api_has(tmp_path: Path) -> None:
    async def main() -> None:
        alone = desired("wherever_customised: {headers: {X-Team: reached}}")
        async with Estate(apis=APIS, desired=alone, denied=()) as estate:
            before = customised(estate)
            summary, _ = await estate.apply(tmp_path / "journal.db")
            assert (summary.exit_code, summary.expected) == (0, len(before))
            after = customised(estate)
            assert after.keys() == before.keys()
            assert all(headers(settings) >= {"X-Team"} for settings in after.values())

    virtually(main)


def test_an_api_that_cannot_be_read_counts_with_all_types_that_might_be_covered(tmp_path: Path) -> None:
    """Nobody knows what it customises."""

    async def main() -> None:
        alone = desired("wherever_customised: {headers: {X-Team: reached}}")
        estate = Estate(apis=4, accounts=1, regions=1, desired=alone)
        (scope_apis,) = estate.world.scopes()
        failing = scope_apis.id(next(iter(scope_apis.numbers())))
        match = {"operation": "Get*", "api": failing}
        estate.script = [{"match": match, "fault": "bad_request"}]
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                assert plan.totals.total.unread_targets == len(ResponseType)
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert (summary.exit_code, summary.proves) == (1, True)
            assert summary.total.failed == len(ResponseType)
            assert {o.api.id for o in outcomes if isinstance(o, Failed)} == {failing}

    virtually(main)


def test_a_saved_plan_is_stale_once_a_team_customises_another_type_that_it_would_cover(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with Estate(apis=6, accounts=1, regions=1, desired=desired("use: [no-cache]")) as estate:
            await api.plan(estate.policy, plane=estate.plane, out=tmp_path / "plan")
            (scope_apis,) = estate.world.scopes()
            team = scope_apis.id(next(iter(scope_apis.numbers())))
            gateway_responses.put(scope_apis, team, T.WAF_FILTERED, Settings(status_code="403"))
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                with (
                    Plan.open(tmp_path / "plan") as plan,
                    pytest.raises(PlanStale, match="WAF_FILTERED was not customised when the plan was made"),
                ):
                    await api.apply(plan, plane=estate.plane, journal=journal)

    virtually(main)


@pytest.mark.parametrize("saved", [False, True])
def test_an_apply_takes_about_as_long_as_it_was_estimated(tmp_path: Path, *, saved: bool) -> None:
    """120 APIs of one scope. A plan's reads empty the bucket. A saved plan's APIs are read once more."""

    async def main() -> None:
        async with Estate(apis=120, accounts=1, regions=1, desired=desired("use: [no-cache]")) as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                work = Work.APPLY_SAVED if saved else Work.APPLY
                found = estimate(plan.totals, work, level=estate.plane.level)
                full = estimate(plan.totals, Work.APPLY)
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    before = anyio.current_time()
                    await api.apply(plan, plane=estate.plane, journal=journal, recheck=saved)
                    took = anyio.current_time() - before
        assert found.seconds == pytest.approx(took, rel=0.1)
        assert full.seconds < 0.9 * took

    virtually(main)


def _planned(item: object) -> PlannedApi:
    assert isinstance(item, PlannedApi)
    return item
