"""What the journal costs: rows a second of an import, and milliseconds of an intent with its outcome.

    python benchmarks/journal.py [--apis 20000]

Five response types change in each API; before-images are of fifty kinds. Every intent is a commit, as in a
run whose calls come one after the other. Goals: import over 60,000 rows/s, intent and outcome under 0.3 ms.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batchgw.journal import Journal, NewRun, RunState
from batchgw.model import (
    AccountId,
    Action,
    Applied,
    Change,
    Desired,
    Effort,
    GatewayResponse,
    PlannedApi,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Settings,
)

TYPES = tuple(ResponseType)[:5]
SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
CYCLES = 10_000  # changes that are intended and decided
NEW_RUN = NewRun(verb="apply", policy_source="", policy_digest="", desired=Desired(rules={}))


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--apis", type=int, default=20_000)
    apis = arguments.parse_args().apis
    plan = [planned(number) for number in range(apis)]
    rows = apis * len(TYPES)
    with tempfile.TemporaryDirectory() as folder, Journal.open(f"{folder}/journal.db") as journal:
        run = journal.begin(NEW_RUN)
        with timed("import", rows):
            journal.import_plan(run, plan)
        with timed("read what is pending", rows):
            read_pending(journal, run)
        cycles = min(CYCLES, rows)
        with timed("intend and record", cycles):
            work(journal, run, cycles)
        with timed("tally", rows):
            journal.tally(run)
        journal.set_state(run, RunState.STOPPED)
        with timed("read outcomes", cycles):
            for _ in journal.outcomes(run):
                pass
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    print(f"{'on disk':<22}{size / rows:10.0f} bytes a row")


@contextmanager
def timed(what: str, rows: int) -> Iterator[None]:
    """Print the time of a block per row: by the clock, and of this process alone."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    each, own = wall / rows * 1e3, cpu / rows * 1e3
    print(f"{what:<22}{rows / wall:10,.0f} rows/s{each:10.4f} ms a row, {own:.4f} ms of CPU")


def planned(number: int, scope: Scope = SCOPE) -> PlannedApi:
    """An API with a change of each of `TYPES`."""
    api = RestApi(
        scope=scope, id=RestApiId(f"{number:010x}"), name=f"orders-{number}", tags={"tier": "public"}
    )
    return PlannedApi(api=api, changes=tuple(change(type_, number % 50) for type_ in TYPES))


def change(type_: ResponseType, kind: int) -> Change:
    """An update, each with objects of its own, as when a plan is read from its file."""
    before = Settings(status_code="403", parameters={"gatewayresponse.header.X-Kind": f"'{kind}'"})
    after = Settings(
        status_code="403",
        parameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        templates={"application/json": '{"message":$context.error.messageString}'},
    )
    observed = GatewayResponse(type=type_, settings=before, default_response=False)
    return Change(type=type_, action=Action.UPDATE, before=observed, after=after)


def read_pending(journal: Journal, run: str) -> None:
    """Read all pages of what is to be done."""
    after = 0
    while page := journal.pending(run, SCOPE, after=after):
        after = page[-1].row


def work(journal: Journal, run: str, cycles: int) -> None:
    """Intend and decide that many changes, one after the other."""
    pages = journal.pending(run, SCOPE, limit=cycles)
    changes = [(each.api, change) for each in pages for change in each.changes][:cycles]
    effort = Effort(attempts=1, waited=0.2, request_id="0123abcd-0123-abcd-0123-0123456789ab")
    for api, pending in changes:
        journal.intend([pending.id])
        planned = pending.change
        journal.record(pending.id, Applied(api=api, type=planned.type, action=planned.action, effort=effort))
    journal.flush()


if __name__ == "__main__":
    main()
