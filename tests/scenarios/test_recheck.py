"""When the library reads every planned API again before it writes. It does so as the command line does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from batchgw import api
from batchgw.control_plane.stack import Pace
from batchgw.errors import UsageError
from batchgw.events import ApiRechecked, Event
from batchgw.journal import open_journal
from batchgw.model import RestApiId, Scope
from batchgw.planning.plan_file.plan import Plan
from tests.scenarios.estate import Estate
from tests.virtual import virtually

APIS = 6


def reads(estate: Estate) -> int:
    """GetGatewayResponses calls so far."""
    counts = estate.raw.engine.statistics
    return sum(counts.of(s.account, s.region, "GetGatewayResponses").calls for s in estate.scopes)


class Told:
    """An observer that notes which APIs were read again."""

    def __init__(self) -> None:
        self.rechecked: list[tuple[Scope, RestApiId]] = []

    def notify(self, event: Event) -> None:
        if isinstance(event, ApiRechecked):
            self.rechecked.append((event.api.scope, event.api.id))


@dataclass(frozen=True, kw_only=True)
class Case:
    """`again` is how many APIs must be read a second time."""

    saved: bool = False
    age: float = 0.0  # seconds
    recheck: bool | None = None
    again: int


@pytest.mark.parametrize(
    "case",
    [
        Case(again=0),
        Case(age=api.FRESH + 1, again=APIS),
        Case(saved=True, again=APIS),
        Case(saved=True, recheck=False, again=0),
        Case(recheck=True, again=APIS),
    ],
    ids=str,
)
def test_the_apis_of_a_saved_or_old_plan_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    async def main() -> None:
        async with Estate(apis=APIS) as estate:
            plan = await api.plan(estate.policy, plane=estate.plane, out=tmp_path / "plan")
            if case.saved:
                plan = Plan.open(tmp_path / "plan")
            monkeypatch.setattr(
                "batchgw.execution.reading.recheck.time.time", lambda: plan.header.created + case.age
            )
            before, told = reads(estate), Told()
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                options: dict[str, Any] = {"plane": estate.plane, "journal": journal, "recheck": case.recheck}
                assert (await api.apply(plan, observer=told, **options)).exit_code == 0
            assert reads(estate) - before == len(told.rechecked) == len(set(told.rechecked)) == case.again

    virtually(main)


def test_a_summary_before_the_end_of_a_run_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=APIS) as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    async with api.applying(plan, plane=estate.plane, journal=journal) as run:
                        with pytest.raises(UsageError, match="not ended"):
                            _ = run.summary
                    assert run.summary.proves

    virtually(main)


def test_a_pace_that_comes_too_late_begins_no_run(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=APIS) as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    with pytest.raises(UsageError, match="paced already"):
                        await api.apply(plan, plane=estate.plane, journal=journal, pace=Pace(rate=5))
                    assert await journal.runs() == []

    virtually(main)
