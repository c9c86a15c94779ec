"""The verb `discover`: which REST APIs the selection means, read from AWS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from batchgw.cli.flags.options import Output, RunFlags, SelectionFlags
from batchgw.cli.flags.stdin import refuse_shared
from batchgw.cli.flags.verb import verb
from batchgw.cli.output.console import Console
from batchgw.cli.output.failure import INCOMPLETE, OK
from batchgw.model import RestApi, Targets, UnreadApi, UnreadScope
from batchgw.model.selected import SelectionCount
from batchgw.report.selection import nothing_lines, selection_notes
from batchgw.report.views.text import Span, amount, line, shorten

if TYPE_CHECKING:  # the way to AWS takes its time to load
    from batchgw.cli.session import Run
    from batchgw.cli.signals import Interrupts

PANEL = "Rollout"


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    verb(app, rich_help_panel=PANEL)(discover)


def discover(
    selection: SelectionFlags,
    flags: RunFlags,
    policy: Annotated[
        Path | None, typer.Argument(metavar="[POLICY]", help="Take the targets of this policy.")
    ] = None,
) -> int:
    """List the REST APIs that the selection means. `--output jsonl` is what `--targets` reads."""
    from batchgw.cli.flags.selection import chosen_targets  # noqa: PLC0415 - what follows takes its time to load
    from batchgw.cli.session import again, console_for, open_run, run_reading  # noqa: PLC0415 - as above
    from batchgw.policy.loader import load_policy  # noqa: PLC0415 - as above

    refuse_shared(flags, policy=policy, targets=selection.targets)
    console = console_for(flags.output)
    base = load_policy(policy).policy.targets if policy else Targets()
    targets = chosen_targets(base, selection, flags.connection)

    async def body(interrupts: Interrupts) -> int:
        opened = open_run(targets, console=console, interrupts=interrupts, flags=flags)
        async with opened as run:
            placed = run.placed_targets(targets)
            return await _listed(run, placed, flags.output.output, allow_empty=selection.allow_empty)

    return run_reading(
        body,
        console,
        stopped=f"not every REST API was listed: what was printed is not all. {again('discover')}",
    )


async def _listed(run: Run, targets: Targets, output: Output, *, allow_empty: bool) -> int:
    from batchgw import api  # noqa: PLC0415 - the whole engine

    count = SelectionCount(targets.apis)
    view = _VIEWS[output](run.console)
    found: Counter[str] = Counter()
    unread: list[UnreadApi | UnreadScope] = []
    async with api.discover(targets, plane=run.plane, count=count) as items:
        async for item in items:
            if isinstance(item, UnreadApi | UnreadScope):
                unread.append(item)
            else:
                found[str(item.scope)] += 1
                view.show(item)
            if run.console.lost:
                break
    view.end()
    for each in unread:
        what, where = (
            ("not read: ", str(each.api))
            if isinstance(each, UnreadApi)
            else ("not read to the end: ", str(each.scope))
        )
        run.console.tell(line(Span(what, "error"), f"{where}  {each.code}: {each.message}"))
    if run.console.lost:  # its reader left, so nobody wants to know what is missing
        return INCOMPLETE if unread else OK
    run.console.note(line(f"{amount(found.total(), 'REST API')} in {amount(len(found), 'scope')}."))
    selected = count.total(listed=True)
    scopes = sum(isinstance(each, UnreadScope) for each in unread)
    run.console.note(*selection_notes(selected, unread=scopes))
    missing = list(nothing_lines(selected, unread=scopes))
    run.console.tell(*missing)
    return INCOMPLETE if unread or (missing and not allow_empty) else OK


def record(api: RestApi) -> dict[str, Any]:
    """Render an API for machines."""
    return {
        "account": api.scope.account,
        "region": api.scope.region,
        "id": api.id,
        "name": api.name,
        "tags": dict(api.tags),
        "endpointTypes": list(api.endpoint_types),
    }


class _View(Protocol):
    def show(self, api: RestApi) -> None: ...

    def end(self) -> None: ...


class _Table:
    """A line per API as it comes: columns of fixed width, since the widest is not known before the end."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, api: RestApi) -> None:
        tags = " ".join(f"{key}={value}" for key, value in api.tags.items())
        name = f"  {shorten(api.name, 40):<40}" if api.name or tags else ""
        self._console.data([line(f"{api!s:<40}", name, Span(f"  {tags}" if tags else "", "dim"))])

    def end(self) -> None:
        self._console.flush()


class _Lines:
    """A JSON object a line."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, api: RestApi) -> None:
        self._console.jsonl(record(api))

    def end(self) -> None:
        self._console.flush()


class _Array:
    """One JSON array, written as it comes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._first = True

    def show(self, api: RestApi) -> None:
        self._console.text("[" if self._first else ",")
        self._console.jsonl(record(api))
        self._first = False

    def end(self) -> None:
        self._console.text("[]" if self._first else "]")
        self._console.flush()


_VIEWS: dict[Output, Callable[[Console], _View]] = {
    Output.TABLE: _Table,
    Output.JSONL: _Lines,
    Output.JSON: _Array,
}
