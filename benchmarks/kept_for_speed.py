"""What is harder to read than it could be, and kept because it is faster or smaller: with it and without.

    python -m benchmarks.kept_for_speed [--quick] [--write]

Each row is a piece of docs/architecture.md, "What stays for speed", beside the plain way to do the same.
Times are CPU; the smallest of some rounds counts, because other work of the machine can only add to them.
The way around botocore has rows of its own in `benchmarks.client_cost`.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from sqlalchemy import bindparam, insert
from tenacity import AsyncRetrying, retry_if_exception

from batchgw.cli.observers.frame import Cell, Frame
from batchgw.cli.observers.frame import Row as FrameRow
from batchgw.control_plane.interface import AWS, T
from batchgw.control_plane.operations import GetGatewayResponses
from batchgw.control_plane.operations.apigateway import get_gateway_responses
from batchgw.control_plane.retrying import RetryingControlPlane, _Attempts
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.control_plane.tries import Tries
from batchgw.discovery.packed import PackedApis
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.content import JournalTables
from batchgw.journal.sql.tables.schema import images
from batchgw.model import ResponseType, RestApi
from batchgw.planning.plan_file.items import ItemReader, item_to_json
from batchgw.simulator.world.customisation import customisation
from benchmarks.harness.cli import main
from benchmarks.harness.results import Column, Row, Section
from benchmarks.pipeline.fakes import Plane
from benchmarks.pipeline.plans import SCOPE, planned
from benchmarks.pipeline.runs import FAST, Calls
from benchmarks.pipeline.timing import taken
from benchmarks.scale.policy import SETTINGS

FAMILIES = (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX)

COLUMNS = (
    Column(key="with", label="with it", format=",.1f"),
    Column(key="without", label="without it", format=",.1f"),
    Column(key="unit", label="unit"),
)


def measure(*, quick: bool) -> Section:
    """Measure each piece and its plain counterpart, in turn."""
    size, rounds = (500, 2) if quick else (5_000, 5)
    return Section(
        name="kept_for_speed",
        title="What stays for speed, with it and without",
        command="python -m benchmarks.kept_for_speed" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=(
            retries(size, rounds),
            *(statements(size, rounds, rows) for rows in (1, 10)),
            responses(size, rounds),
            changes(size, rounds),
            listed(size),
            frames(size // 25, rounds),
        ),
        notes=(f"Times: the smallest of {rounds} rounds. Bytes: those that Python allocates.",),
    )


def retries(calls: int, rounds: int) -> Row:
    """A call through limiter and retries, and one that tenacity's loop makes from its first attempt on."""
    body = Calls(puts=calls, plane=lambda: PacedControlPlane(Plane(), pace=FAST)).run
    plain = patch.object(RetryingControlPlane, "_attempted", _by_loop)
    least = {"with": float("inf"), "without": float("inf")}
    for _ in range(rounds):
        least["with"] = min(least["with"], taken(body, "asyncio").cpu)
        with plain:
            least["without"] = min(least["without"], taken(body, "asyncio").cpu)
    per_call = {way: 1e6 * cpu / calls for way, cpu in least.items()}
    name = "the first attempt before tenacity's loop: limiter and retries"
    return Row(name=name, values={**per_call, "unit": "us a call"})


async def _by_loop(_self: RetryingControlPlane, attempts: _Attempts[T], tries: Tries) -> T:
    """Make every attempt within the loop."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception(attempts.may_repeat),
        stop=tries.exhausted,
        wait=attempts.delay,
        before_sleep=attempts.tell,
        sleep=attempts.sleep,
        reraise=True,
    ):
        with attempt:
            return await attempts.make()
    raise AssertionError("tenacity ends with a value or an error")


def statements(rows: int, rounds: int, together: int) -> Row:
    """Rows of a journal's table, given to the driver as they are, and by SQLAlchemy; some a commit."""
    names = ("id", "digest", "body")
    statement = insert(images).values({name: bindparam(name) for name in names})
    with tempfile.TemporaryDirectory() as folder:
        database = Database(str(Path(folder) / "journal.db"), JournalTables())
        prepared, last = database.prepared(statement, names), iter(range(10**9))

        def batches() -> list[list[tuple[int, bytes, str]]]:
            return [
                [(number := next(last), number.to_bytes(32, "big"), "{}") for _ in range(together)]
                for _ in range(rows // together)
            ]

        def given() -> None:
            for batch in batches():
                with database.write() as connection:
                    prepared.run(connection.connection.cursor(), batch)

        def by_sqlalchemy() -> None:
            for batch in batches():
                with database.write() as connection:
                    connection.execute(statement, [dict(zip(names, row, strict=True)) for row in batch])

        compared = alternately(given, by_sqlalchemy, rounds, of=rows)
        database.close()
    name = f"statements given to the driver as they are, rows a commit: {together}"
    return Row(name=name, values={**compared, "unit": "us a row"})


def responses(apis: int, rounds: int) -> Row:
    """The gateway responses of APIs that answer alike, read with what was read before, and without."""
    request = GetGatewayResponses(scope=SCOPE, api=planned(0).api.id)
    told = json.dumps(customisation(dict.fromkeys(FAMILIES, SETTINGS)).wire_items)
    answers = [{"items": json.loads(told)} for _ in range(100)]  # equal, and no two with an object in common
    plain = patch.object(get_gateway_responses, "_as_before", lambda _kind, _item: None)

    def read() -> None:
        for number in range(apis):
            request.read(answers[number % len(answers)], AWS)

    def each_anew() -> None:
        with plain:
            read()

    name = "a gateway response like the one before it: reading the 21 of an API"
    return Row(name=name, values={**alternately(read, each_anew, rounds, of=apis), "unit": "us an API"})


def changes(apis: int, rounds: int) -> Row:
    """The lines of a plan, read with the changes that are remembered, and without."""
    lines = [
        json.dumps(item_to_json(planned(number)), separators=(",", ":")).encode() for number in range(apis)
    ]

    def remembered() -> None:
        reader = ItemReader()
        for line in lines:
            reader.read_line(line)

    def each_anew() -> None:
        reader = ItemReader()
        for line in lines:
            reader.read(json.loads(line))

    name = "a plan's changes remembered by their bytes: reading an API with five changes"
    return Row(name=name, values={**alternately(remembered, each_anew, rounds, of=apis), "unit": "us an API"})


def listed(apis: int) -> Row:
    """REST APIs that wait to be read: packed, and as they were listed."""
    values = {
        "with": _allocated(lambda: PackedApis(SCOPE, _apis(apis))) / apis,
        "without": _allocated(lambda: _apis(apis)) / apis,
    }
    return Row(name="listed APIs in packed form", values={**values, "unit": "bytes an API"})


def _apis(number: int) -> list[RestApi]:
    return [planned(each).api for each in range(number)]


def _allocated(make: Callable[[], object]) -> int:
    """Bytes that what is made keeps."""
    tracemalloc.start()
    made = make()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return kept


def frames(number: int, rounds: int) -> Row:
    """A frame of the live view with eleven rows, and the same by rich's table."""
    cells = ("12/100 responses", "9.8/s of 10", "3 throttled", "1 failed", "1 min 3 s left")
    rows = [FrameRow(Cell(f"11111111111{n}/eu-west-1"), n, 100, tuple(map(Cell, cells))) for n in range(11)]
    console = Console(file=io.StringIO(), force_terminal=True, width=120)

    def ours() -> None:
        for _ in range(number):
            console.print(Frame(rows))

    def by_rich() -> None:
        for _ in range(number):
            console.print(_table(rows))

    compared = alternately(ours, by_rich, rounds, of=number)
    return Row(name="a frame of the live view", values={**compared, "unit": "us a frame"})


def _table(rows: Sequence[FrameRow]) -> Table:
    table = Table.grid(padding=(0, 1))
    for row in rows:
        bar = ProgressBar(total=row.total, completed=row.done, width=24)
        table.add_row(row.title.text, bar, *(Text(cell.text, style=cell.style) for cell in row.cells))
    return table


def alternately(
    first: Callable[[], None], second: Callable[[], None], rounds: int, *, of: int
) -> dict[str, float]:
    """Time two pieces of code in turn. Gives the least CPU of each, in microseconds for one `of` many."""
    least = {"with": float("inf"), "without": float("inf")}
    for _ in range(rounds):
        for way, body in (("with", first), ("without", second)):
            began = time.process_time()
            body()
            least[way] = min(least[way], time.process_time() - began)
    return {way: 1e6 * cpu / of for way, cpu in least.items()}


if __name__ == "__main__":
    main(measure, __doc__)
