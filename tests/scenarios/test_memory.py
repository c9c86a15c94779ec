"""A session begins with the quotas as the last one left them. Commands follow each other in virtual time."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from batchgw import api
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.events import Event, QuotaShared
from batchgw.journal import Journal, QuotaMemory, open_journal
from batchgw.simulator.traffic.quota import QuotaRules
from batchgw.throttle.quota import Scoping
from tests.scenarios.estate import Estate
from tests.virtual import virtually

START = 1_700_000_000.0


def wall() -> float:
    """The wall clock, which virtual time moves."""
    return START + anyio.current_time()


class Session:
    """One command: it has a plane of its own, and its journal outlives it."""

    def __init__(self, estate: Estate, memory: QuotaMemory | None, pace: Pace) -> None:
        self.memory = memory
        self.told: list[Event] = []
        self.plane = PacedControlPlane(estate.raw, pace=pace, memory=self.memory, observer=self)

    @classmethod
    async def begin(cls, estate: Estate, journal: Journal, *, remembers: bool, pace: Pace) -> Session:
        return cls(estate, await journal.quota_memory(quotas=pace.quotas) if remembers else None, pace)

    def notify(self, event: Event) -> None:
        self.told.append(event)

    async def end(self) -> None:
        if self.memory is not None:
            await self.memory.save(self.plane.learned())


def refused(estate: Estate) -> int:
    """Calls the server has refused so far."""
    return estate.raw.engine.statistics.total.refused


def refusals(
    folder: Path, estate: Estate, *, remembers: bool, pause: float, pace: Pace | None = None
) -> tuple[int, int]:
    """Plan, and after `pause` seconds apply in another session. Returns the number of refusals of each."""
    pace = pace or Pace()
    folder.mkdir()

    async def main() -> tuple[int, int]:
        async with estate, open_journal(str(folder / "journal.db"), clock=wall) as journal:
            first = await Session.begin(estate, journal, remembers=remembers, pace=pace)
            plan = await api.plan(estate.policy, plane=first.plane)
            await first.end()
            by_plan = refused(estate)
            await anyio.sleep(pause)
            second = await Session.begin(estate, journal, remembers=remembers, pace=pace)
            with plan:
                summary = await api.apply(plan, plane=second.plane, journal=journal, recheck=True)
            await second.end()
            assert summary.total.applied > 0
            return by_plan, refused(estate) - by_plan

    return virtually(main)


@pytest.mark.parametrize("pause", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_next_command_is_not_refused(tmp_path: Path, pause: float, seed: int) -> None:
    """A plan leaves the buckets nearly empty. A session that believes they are full is refused at once."""
    settings = {"apis": 240, "accounts": 2, "regions": 2, "seed": seed}
    estate = Estate(**settings, quota=QuotaRules(seed=seed))  # type: ignore[arg-type]
    assert refusals(tmp_path / "remembers", estate, remembers=True, pause=pause) == (0, 0)
    forgetful = Estate(**settings, quota=QuotaRules(seed=seed))  # type: ignore[arg-type]
    by_plan, by_apply = refusals(tmp_path / "forgets", forgetful, remembers=False, pause=pause)
    assert by_plan == 0
    assert by_apply >= 4, "each of the four buckets was believed to be full"


def test_a_quota_that_regions_share_is_remembered_as_one(tmp_path: Path) -> None:
    """The account's regions turn out to share a quota. The next session begins with that bucket's level."""

    async def main() -> tuple[list[QuotaShared], list[str | None], int]:
        quota = QuotaRules(scoping="account")
        async with (
            Estate(apis=900, accounts=1, regions=4, quota=quota) as estate,
            open_journal(str(tmp_path / "journal.db"), clock=wall) as journal,
        ):
            first = await Session.begin(estate, journal, remembers=True, pace=Pace())
            (await api.plan(estate.policy, plane=first.plane)).close()
            await first.end()
            shared = [event for event in first.told if isinstance(event, QuotaShared)]
            regions = [limit.key.region for limit in await journal.limits()]
            before = refused(estate)
            second = await Session.begin(
                estate, journal, remembers=True, pace=Pace(quota_scope=Scoping.ACCOUNT)
            )
            (await api.plan(estate.policy, plane=second.plane)).close()
            return shared, regions, refused(estate) - before

    shared, regions, refused_later = virtually(main)
    assert [event.account for event in shared] == ["111111111111"]
    assert regions == [None], "in the end no region had a bucket of its own, so none is remembered"
    assert refused_later == 0
