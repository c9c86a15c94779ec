"""A process died in the middle of its run. A later run takes over its account-regions."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from batchgw import api
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import GetGatewayResponses, PutGatewayResponse
from batchgw.errors import RunUnknown, ScopeLocked
from batchgw.journal import RunState, open_journal
from batchgw.model import Desired, ResponseType, RestApiId, Rule, Settings
from tests.scenarios.estate import Estate
from tests.scenarios.interrupted.test_interruptions import stopped_apply
from tests.virtual import virtually

NEWER = Desired(rules={ResponseType.DEFAULT_4XX: Rule(settings=Settings(status_code="418"))})
"""A policy for one of the three types of the first run."""


HOLDER = "run_id, token, host, pid, user, since, heartbeat, pid_started, boot, pid_namespace"


def died(journal: Path, run: str) -> None:
    """Make a stopped run look as if its process had died before a reboot. It holds its locks again."""
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute(
            "UPDATE runs SET state = 'applying', finished = NULL, totals = NULL, token = 'gone', "
            "boot = 'before' WHERE name = ?",
            [run],
        )
        connection.execute(
            f"INSERT INTO locks (account, region, {HOLDER}) SELECT account, region, {HOLDER} "  # noqa: S608
            "FROM scopes JOIN runs ON runs.id = run_id WHERE name = ?",
            [run],
        )
        connection.commit()


class Watched:
    """A plane that counts the writes to APIs that were not read before."""

    def __init__(self, estate: Estate) -> None:
        self._send = estate.raw.send
        self.current_account = estate.raw.current_account
        self._read: set[RestApiId] = set()
        self.unread_writes = 0

    async def send(
        self,
        request: Request[T],
        execution: Execution | None = None,  # noqa: ARG002
    ) -> T:
        if isinstance(request, GetGatewayResponses):
            self._read.add(request.api)
        elif isinstance(request, PutGatewayResponse) and request.api not in self._read:
            self.unread_writes += 1
        return await self._send(request)


def test_scopes_of_a_dead_run_are_taken_over_and_read_before_they_are_written(tmp_path: Path) -> None:
    place = tmp_path / "journal.db"

    async def main() -> None:
        async with Estate(apis=200) as estate:
            async with open_journal(str(place)) as journal:
                old = await stopped_apply(estate, journal, 2)
            died(place, old)
            policy = replace(estate.policy, desired=NEWER)
            async with open_journal(str(place)) as journal:
                with await api.plan(policy, plane=estate.paced()) as plan:
                    with pytest.raises(ScopeLocked, match="--take-over-dead"):
                        await api.apply(plan, plane=estate.raw, journal=journal)
                    watched = Watched(estate)
                    done = await api.apply(plan, plane=watched, journal=journal, take_over_dead=True)
                    assert (done.exit_code, watched.unread_writes) == (0, 0)
                    assert (await journal.find(old)).state is RunState.STOPPED
                    assert [r.id for r in await journal.unfinished()] == [old]

                    resumed = await api.resume(old, plane=estate.raw, journal=journal)
                    assert (resumed.exit_code, resumed.proves) == (0, True)
                    (reason,) = resumed.reasons
                    assert (reason.kind, reason.code) == ("skipped", "Superseded")
                    assert done.run in reason.message
            codes = {
                own.status_code
                for (_, response_type), own in estate.customisations().items()
                if response_type is ResponseType.DEFAULT_4XX and own is not None
            }
            assert codes == {"418"}  # the older run has not overwritten the newer one's changes

    virtually(main)


def test_without_a_take_over_a_write_is_made_without_another_read(tmp_path: Path) -> None:
    """This shows that the take-over causes the reads of the test above."""

    async def main() -> None:
        async with Estate(apis=20) as estate:
            watched = Watched(estate)
            with await api.plan(estate.policy, plane=estate.paced()) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    await api.apply(plan, plane=watched, journal=journal, take_over_dead=True)
            assert watched.unread_writes > 0

    virtually(main)


def test_last_is_the_newest_run_that_is_not_finished(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=200) as estate, open_journal(str(tmp_path / "journal.db")) as journal:
            first = await stopped_apply(estate, journal, 2)
            estate.plane = estate.paced()
            second = await stopped_apply(estate, journal, 2)
            with await api.plan(replace(estate.policy, desired=NEWER), plane=estate.paced()) as plan:
                third = (await api.apply(plan, plane=estate.paced(), journal=journal)).run
            assert [run.id for run in await journal.unfinished()] == [first, second]
            assert (await journal.find("last")).id == third
            resumed = [(await api.resume("last", plane=estate.paced(), journal=journal)) for _ in "12"]
            assert [(each.run, each.exit_code) for each in resumed] == [(second, 0), (first, 0)]
            with pytest.raises(RunUnknown, match=f"nothing to resume.* {third}, is finished"):
                await api.resume("last", plane=estate.paced(), journal=journal)

    virtually(main)


def test_a_run_under_way_is_not_listed_as_unfinished(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=200) as estate, open_journal(str(tmp_path / "journal.db")) as journal:
            run = journal.run(await stopped_apply(estate, journal, 2))
            await run.acquire(estate.scopes)
            assert await journal.unfinished() == []
            await run.release()
            assert [record.id for record in await journal.unfinished()] == [run.id]

    virtually(main)
