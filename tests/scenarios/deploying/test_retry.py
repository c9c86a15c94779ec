"""What failed in a run is tried again, without a new plan, and no snapshot is taken twice."""

from __future__ import annotations

from pathlib import Path

from batchgw import api
from batchgw.journal import open_journal
from batchgw.model import Applied, Failed
from tests.scenarios.deploying.staged import StagedEstate, of_stages
from tests.unit.journal_plans import listed
from tests.virtual import virtually


def test_what_failed_and_what_waited_for_it_is_made(tmp_path: Path) -> None:
    script = [{"match": {"operation": "PutGatewayResponse", "type": "DEFAULT_5XX", "first": 2},
               "fault": "bad_request"}]  # fmt: skip

    async def main() -> None:
        async with StagedEstate(apis=8, accounts=1, regions=1, script=script) as world:
            first, outcomes = await world.apply(tmp_path / "journal.db")
            assert sum(isinstance(each, Failed) for each in outcomes) == 2
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                again = await api.retry(first.run, plane=world.paced(), journal=journal)
                outcomes = await listed(journal.run(first.run).outcomes())
            assert (again.run, again.exit_code, again.proves) == (first.run, 0, True), again.reasons
            assert not any(isinstance(each, Failed) for each in outcomes)
            live = [key for key, each in of_stages(outcomes).items() if isinstance(each, Applied)]
            assert live
            assert all(world.answers_as_configured(*key) for key in live)
            assert {len(found) for found in world.snapshots(first.run).values()} <= {0, 1}

    virtually(main)
