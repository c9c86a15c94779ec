"""The work of `discover`: show each selected REST API as it is found, then count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from batchgw import api
from batchgw.cli.flags.options import RunFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.cli.flags.stdin import refuse_shared
from batchgw.cli.memory.organization import age_lines
from batchgw.cli.output.console import Console, console_for
from batchgw.cli.session import Run, again, open_run, run_reading
from batchgw.cli.signals import Interrupts
from batchgw.discovery import stream
from batchgw.discovery.estate import Estate
from batchgw.discovery.selection_count import SelectionCount
from batchgw.exit_codes import INCOMPLETE, OK
from batchgw.model import RestApi, SkippedScope, Targets, UnreadApi, UnreadScope
from batchgw.policy.loader import load_policies
from batchgw.report.discovered import Discovered
from batchgw.report.unread_apis import UnreadApis
from batchgw.report.views.forms import view_of
from batchgw.report.views.interface import View
from batchgw.report.views.lines.accounts import account_lines
from batchgw.report.views.lines.left_alone import skipped_lines
from batchgw.report.views.lines.selection import nothing_lines, selection_notes
from batchgw.report.views.lines.unread import unread_api_lines, unread_scope_lines
from batchgw.report.views.text import Line, line
from batchgw.wording import amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovering:
    """A listing of the selected REST APIs."""

    policies: Sequence[Path]
    selection: SelectionFlags
    flags: RunFlags
    stages: bool = False
    console: Console = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "console", console_for(self.flags.output))

    def run(self) -> int:
        """List them, and return the exit code."""
        refuse_shared(self.flags, policies=self.policies, targets=self.selection.targets)
        view = view_of(self.flags.output.output, "apis", self.console)
        base = load_policies(self.policies).policy.targets if self.policies else Targets()
        targets = chosen_targets(base, self.selection, self.flags.connection)

        async def body(interrupts: Interrupts) -> int:
            opened = open_run(targets, console=self.console, interrupts=interrupts, flags=self.flags)
            async with opened as run:
                return await self._listed(run, run.targets_with_region(targets), view)

        return run_reading(
            body,
            self.console,
            stopped=f"not every REST API was listed: what was printed is not all. {again('discover')}",
        )

    async def _listed(self, run: Run, targets: Targets, view: View) -> int:
        count = SelectionCount(targets.apis)
        found, estate = Found(), Estate()
        looking = api.discover(
            targets,
            plane=run.plane,
            count=count,
            estate=estate,
            stages=self.stages,
            home=run.home,
            remembering=run.remembering,
        )
        async with looking as items:
            shown = Discovered(
                apis=found.apis(items, self.console),
                estate=estate,
                unread=found.unread,
                skipped=found.skipped,
            )
            await view.apis(shown)
        self.console.tell(*found.unread_lines(), *_unread_stages_lines(estate))
        unread = bool(found.unread or estate.unread_stages)
        if self.console.lost:  # nobody reads the output any more, so nobody needs the counts
            return INCOMPLETE if unread else OK
        by_scope = found.by_scope
        self.console.note(
            line(f"{amount(by_scope.total(), 'REST API')} in {amount(len(by_scope), 'scope')}.")
        )
        self.console.note(*account_lines(shown), *skipped_lines(found.skipped))
        self.console.note(*age_lines(estate.as_of))
        selected = replace(
            count.total(listed=True, unmatched_words=estate.unmatched_words),
            accounts=estate.selected,
            regions=estate.unmatched_regions,
        )
        unread_scopes = sum(isinstance(each, UnreadScope) for each in found.unread)
        self.console.note(*selection_notes(selected, unread=unread_scopes))
        missing = list(nothing_lines(selected, unread=unread_scopes))
        self.console.tell(*missing)
        incomplete = unread or (missing and not self.selection.allow_empty)
        return INCOMPLETE if incomplete else OK


def _unread_stages_lines(estate: Estate) -> Iterator[Line]:
    """Say of how many APIs the stages could not be read, and why: the APIs themselves were found."""
    apis = UnreadApis()
    for each in estate.unread_stages.values():
        apis.add(UnreadApi(api=each.api, targets=(), code=each.code, message=each.message))
    yield from unread_api_lines(apis.reasons(), part="Stages")


class Found:
    """What a listing has found so far: REST APIs counted by scope, and what could not be read."""

    def __init__(self) -> None:
        self.by_scope: Counter[str] = Counter()
        self.unread: list[UnreadApi | UnreadScope] = []
        self.skipped: list[SkippedScope] = []

    async def apis(self, items: AsyncIterable[stream.Found], console: Console) -> AsyncIterator[RestApi]:
        """Give the REST APIs among the items, as long as somebody reads the output."""
        async for item in items:
            if isinstance(item, UnreadApi | UnreadScope):
                self.unread.append(item)
            elif isinstance(item, SkippedScope):
                self.skipped.append(item)
            else:
                self.by_scope[str(item.scope)] += 1
                yield item
            if console.lost:
                return

    def unread_lines(self) -> Iterator[Line]:
        """Say what could not be read, and why."""
        apis = UnreadApis()
        for each in self.unread:
            if isinstance(each, UnreadApi):
                apis.add(each)
        yield from unread_api_lines(apis.reasons())
        yield from unread_scope_lines(each for each in self.unread if isinstance(each, UnreadScope))
