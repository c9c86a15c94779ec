"""A journal that is damaged, or taken away in mid-run: said in the user's words, and never "done"."""

from __future__ import annotations

import random
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

import pytest

from batchgw.errors import BatchgwError, JournalUnusable, JournalWriteFailed
from batchgw.journal import RunState, open_journal
from batchgw.journal.rollout_records import GateResult, Verdict, WaveState
from batchgw.journal.sql.tables.columns import AnyText, Name, Word
from batchgw.journal.sql.tables.schema import metadata
from batchgw.throttle.memory import BucketKey, Learned
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import Quota
from tests.at_once import at_once
from tests.unit.cli_driver import batchgw
from tests.unit.journal.sql.sqlite import opened
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    applied,
    begun,
    create,
    listed,
    open_changes,
    planned,
    update,
)

pytestmark = pytest.mark.anyio

COLUMNS = [(table.name, column.name) for table in metadata.sorted_tables for column in table.columns]

GARBAGE = ("garbage", -1, 2**62, 1e300, b"\xff\xfe", None)

MAY_BE_LOST = {"deployed", "organization"}
"""Tables whose damage ends nothing; `test_organization_memory` and `test_live_memory` have it."""

KEPT_WHOLE = {"id", "version"}
"""Keys of rows, for which SQLite takes nothing but whole numbers."""


LEARNED = Learned(
    key=BucketKey(HERE.account, HERE.region, None),
    stated=Quota(10.0, 40.0),
    belief=Belief(rate=10.0, burst=40.0, level=1.0),
    sent=5,
    refused=1,
    waited=0.5,
)

LOCK_OF_A_DEAD_PROCESS = """
    INSERT INTO locks
    SELECT 1, account, region, run_id, 'x', 'elsewhere', 1, 'me', 1.0, 2.0, 5, 'b', 'n' FROM scopes
"""


def _is_checked(table: str, column: str) -> bool:
    """Tell whether a text of any kind is not good enough."""
    type_ = metadata.tables[table].columns[column].type
    free = isinstance(type_, AnyText | Name) and not isinstance(type_, Word)
    return table not in MAY_BE_LOST and (not free or table == "settings")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A journal with a run that was stopped: one change made, one decided to fail, one open."""
    path = tmp_path_factory.mktemp("whole") / "journal.db"
    at_once(_stopped_run(path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(LOCK_OF_A_DEAD_PROCESS)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


@pytest.fixture
def file(whole: bytes, tmp_path: Path) -> Path:
    """A copy of that journal, to be damaged."""
    path = tmp_path / "journal.db"
    path.write_bytes(whole)
    path.chmod(0o600)
    return path


async def _stopped_run(path: Path) -> None:
    async with open_journal(str(path)) as journal:
        run = await begun(journal, planned(1, create(), update()), planned(2, create()))
        await run.acquire([HERE])
        changes = await open_changes(run)
        await run.intend([changes[0].id])
        run.record(changes[0].id, applied(1, changes[0]))
        first, *_ = await run.pending(HERE)
        await run.intend_snapshot(first.row)
        await run.keep_snapshot(first.row, "dep123")
        await run.set_wave(1, WaveState.HELD)
        await run.note_check(1, "prompt", GateResult.INCONCLUSIVE, said="a person decides")
        await run.decide(1, Verdict.PROMOTE, who="ada")
        await run.set_state(RunState.STOPPED)
        await (await journal.quota_memory()).save([LEARNED])
        await run.release()


def use(path: Path) -> None:
    """Use a journal to its end."""
    at_once(_use(path))


async def _use(path: Path) -> None:
    """Do with a journal what the verbs do: list and show its runs, take one up, begin one."""
    async with open_journal(str(path)) as journal:
        for found in await journal.runs():
            run = journal.run(found.id)
            await listed(run.outcomes())
            await listed(run.scope_counts())
            await run.acquire([HERE], force=True)
            await listed(run.scope_counts())
            await run.waves()
            await run.checks()
            await run.decisions()
            for each in await run.pending(HERE):
                await run.snapshot(each.row)
                await run.intend([change.id for change in each.changes])
            await run.set_state(RunState.DONE)
        await journal.limits()
        await begun(journal, planned(3, create()))
        await journal.unfinished()


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_whatever_stands_in_a_column_it_is_the_journal_that_is_damaged(
    table: str, column: str, whole: bytes, file: Path
) -> None:
    for value in GARBAGE:
        file.write_bytes(whole)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            try:
                connection.execute(f'UPDATE "{table}" SET "{column}" = ?', (value,))  # noqa: S608 - our own names
                connection.commit()
            except sqlite3.IntegrityError:
                continue
        used(file)
        shown = batchgw(*(["limits"] if table == "limits" else ["runs", "show", "last"]), "--journal", file)
        assert shown.code == 0 or (shown.code == 64 and str(file) in shown.err), (value, shown.err)


@pytest.mark.parametrize(
    ("table", "column"), [each for each in COLUMNS if _is_checked(*each) and each[1] not in KEPT_WHOLE]
)
@pytest.mark.parametrize("value", ["'garbage'", "x'fffe'"])
def test_what_is_no_value_of_its_column_is_told_with_table_and_row(
    table: str, column: str, value: str, file: Path
) -> None:
    """A `waited` of 'abc' once reached a verb, which ended with what looked like a defect of batchgw."""
    with closing(sqlite3.connect(file)) as connection:
        for rows in ("", " WHERE id = (SELECT max(id) FROM images)"):  # one, where each is unique
            with suppress(sqlite3.IntegrityError):
                edit = f'{table} SET "{column}" = {value}{rows}'
                connection.execute("UPDATE " + edit)
                break
        connection.commit()
    with pytest.raises(BatchgwError, match=rf"it is damaged \(table {table}, row \d+: ") as caught:
        use(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("changes SET waited = 'abc'", "waited is 'abc', which is no number from 0 on"),
        ("changes SET rank = 3 WHERE kind IS NULL", "kind None with rank 3, which batchgw never wrote"),
        ("changes SET attempts = 4611686018427387904", "attempts is 4611686018427387904, which is no number"),
        ("changes SET target = 'TELEPORT'", "target is 'TELEPORT', which no change of kind 'response' has"),
        ("changes SET change = 'TELEPORT'", "which no change of kind 'TELEPORT' has"),
        ("changes SET api_id = 999", "what it belongs to is not there"),
        ("apis SET scope_id = 999", "what it belongs to is not there"),
        ("scopes SET run_id = 999", "what it belongs to is not there"),
        ("apis SET tags = '[1]'", "tags is no JSON object of texts"),
        ("runs SET options = 'secret'", "options is no JSON object"),
        ("runs SET desired = '{}'", "desired is 'unlisted'"),
        ("images SET body = body || ' '", "body is not what was stored"),
    ],
)
def test_what_was_edited_is_named(edit: str, told: str, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE " + edit)
        connection.commit()
    with pytest.raises(BatchgwError) as caught:
        use(file)
    assert told in str(caught.value)


async def test_a_change_that_lost_what_it_makes_is_no_reset(file: Path) -> None:
    """Taken for one, it would be found as planned on every API that customises nothing."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE changes SET after_id = NULL")
        connection.commit()
    async with open_journal(str(file)) as journal:
        (run,) = await journal.runs()
        with pytest.raises(JournalUnusable, match="is damaged"):
            await journal.run(run.id).pending(HERE)


def test_whatever_happens_to_its_bytes(whole: bytes, file: Path) -> None:
    dice = random.Random(9)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(dice.choice([1, 20, 400])):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        file.write_bytes(damaged[: dice.choice([len(damaged), dice.randrange(len(damaged))])])
        used(file)


def used(file: Path) -> None:
    """Use it; where that fails, it is with an error of ours that says which journal."""
    try:
        use(file)
    except (JournalUnusable, JournalWriteFailed) as error:
        assert str(file) in str(error)  # noqa: PT017 - that it fails is not what is wanted
    except BatchgwError:
        pass
    for rest in ("-wal", "-shm"):
        Path(f"{file}{rest}").unlink(missing_ok=True)


@pytest.mark.parametrize("away", ["deleted", "replaced", "moved"])
async def test_a_journal_that_is_taken_away_stops_the_run_and_is_saved(away: str, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = opened(str(path))
    run = await begun(journal, planned(1, create()), planned(2, create()))
    await run.acquire([HERE])
    first, second = await open_changes(run)
    await run.intend([first.id])
    if away == "moved":
        path.rename(tmp_path / "elsewhere.db")
    else:
        path.unlink()
    if away == "replaced":
        path.write_bytes(b"")
    run.record(first.id, applied(1, first))
    with pytest.raises(JournalWriteFailed, match="deleted, moved or replaced") as raised:
        await run.intend([second.id])
    with suppress(JournalWriteFailed):  # it says so again
        await journal.close()
    (rescued,) = tmp_path.glob("journal.db.rescued-*")
    assert f"go on with `batchgw resume {run.id} --journal {rescued}`" in str(raised.value)
    assert stat.S_IMODE(rescued.stat().st_mode) == 0o600
    async with open_journal(str(rescued)) as other:
        run = other.run(run.id)
        assert [outcome.api.id async for outcome in run.outcomes()] == [applied(1, first).api.id]
        assert len(await open_changes(run)) == 1


async def test_a_journal_that_is_gone_is_not_the_end_of_a_run_that_is_done(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with open_journal(str(path)) as journal:
        run = await journal.begin(NEW_RUN)
        path.unlink()
        with pytest.raises(JournalWriteFailed):
            await run.set_state(RunState.DONE)
