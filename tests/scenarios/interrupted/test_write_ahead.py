"""The journal has the intent of each write before it arrives, whatever the pace and the number of workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.execution.writing.upcoming import ahead_at
from batchgw.simulator.traffic.bucket import Rate
from batchgw.simulator.traffic.fault_script import parse
from batchgw.simulator.traffic.quota import QuotaRules
from batchgw.throttle.quota import Scoping
from tests.scenarios.estate import Estate
from tests.scenarios.onlooker import Onlooker
from tests.virtual import virtually

FAULTS = [
    {"match": {"operation": "Put*", "probability": 0.05}, "fault": "conflict"},
    {"match": {"operation": ["Put*", "Delete*"], "probability": 0.05}, "fault": "cut_before"},
    {"match": {"probability": 0.02}, "fault": {"retry_after": 5}},
    {"match": {"operation": "Put*", "probability": 0.02}, "fault": {"slow": 20}},
]


@pytest.mark.parametrize("workers", [1, 3, 10])
def test_no_write_arrives_whose_intent_was_not_committed(tmp_path: Path, workers: int) -> None:
    journal = tmp_path / "journal.db"

    async def main() -> None:
        async with Estate(apis=120, pace=Pace(workers=workers)) as estate:
            estate.raw.engine.faults = parse(FAULTS)
            onlooker = Onlooker(estate, journal)
            estate.plane = PacedControlPlane(onlooker, pace=estate.pace, stop=estate.stop)
            with onlooker.looking():
                summary, outcomes = await estate.apply(journal)
            assert summary.exit_code == 0
            assert not estate.refute(outcomes)
            assert onlooker.writes > summary.total.applied > 200  # some were made again
            assert onlooker.unknown == []

    virtually(main)


@pytest.mark.parametrize("rate", [10.0, 100.0, 1000.0])
def test_few_changes_are_in_doubt_whatever_the_rate(tmp_path: Path, rate: float) -> None:
    """Those sent since the last commit, those whose intents it holds, and one in each worker's hands."""
    journal, workers = tmp_path / "journal.db", 10

    async def main() -> None:
        pace = Pace(rate=rate, burst=10.0, workers=workers)
        async with Estate(
            apis=300, regions=1, pace=pace, quota=QuotaRules(total=Rate(rate=rate, burst=10.0))
        ) as estate:
            onlooker = Onlooker(estate, journal)
            estate.plane = PacedControlPlane(onlooker, pace=estate.pace, stop=estate.stop)
            with onlooker.looking():
                summary, _ = await estate.apply(journal)
            assert summary.exit_code == 0
            ahead = ahead_at(rate)
            assert ahead < onlooker.in_doubt <= 2 * (1 + ahead) + workers

    virtually(main)


def test_each_of_the_regions_that_share_a_quota_has_few_changes_in_doubt(tmp_path: Path) -> None:
    """Each of five regions makes a fifth of the calls, so it commits a fifth of the intents ahead."""
    journal, workers, rate = tmp_path / "journal.db", 10, 250.0

    async def main() -> None:
        pace = Pace(rate=rate, burst=10.0, workers=workers, quota_scope=Scoping.ACCOUNT)
        quota = QuotaRules(total=Rate(rate=rate, burst=10.0), scoping="account")
        async with Estate(apis=500, accounts=1, regions=5, pace=pace, quota=quota) as estate:
            onlooker = Onlooker(estate, journal)
            estate.plane = PacedControlPlane(onlooker, pace=estate.pace, stop=estate.stop)
            with onlooker.looking():
                summary, _ = await estate.apply(journal)
            assert summary.exit_code == 0
            assert onlooker.in_doubt <= 2 * (1 + ahead_at(rate / 5)) + workers < ahead_at(rate)

    virtually(main)
