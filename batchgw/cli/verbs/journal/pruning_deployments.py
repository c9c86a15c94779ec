"""The work of `deployments prune`: look, show, ask, and delete while no run works there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from batchgw import api
from batchgw.cli.confirm import confirm, refuse_unasked
from batchgw.cli.flags.options import JournalFlags, RunFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.cli.flags.stdin import refuse_shared
from batchgw.cli.loading import loaded
from batchgw.cli.output.console import Console, console_for
from batchgw.cli.session import Run, again, open_run, run_reading
from batchgw.cli.signals import Interrupts
from batchgw.concurrency.pool import pooled
from batchgw.control_plane.aws import Access
from batchgw.control_plane.operations import DeploymentId
from batchgw.discovery.stream import Found
from batchgw.execution.pruning.deployments import DeploymentPruning, holding
from batchgw.exit_codes import FAILED, INCOMPLETE, OK
from batchgw.journal import Journal, open_journal
from batchgw.model import RestApi, Targets, UnreadApi, UnreadScope
from batchgw.report.runs.deployments import ShownDeployment
from batchgw.report.views.forms import view_of
from batchgw.report.views.text import Span, line
from batchgw.wording import amount

T = TypeVar("T")

WORKERS = 16
"""APIs that are looked through at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What is to be pruned."""

    policies: Sequence[Path]
    selection: SelectionFlags
    flags: RunFlags
    journal: JournalFlags
    keep: int
    dry_run: bool
    yes: bool
    console: Console = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "console", console_for(self.flags.output))

    def run(self) -> int:
        """Do it, and return the exit code."""
        refuse_shared(self.flags, policies=self.policies, targets=self.selection.targets)
        if not self.yes and not self.dry_run:
            refuse_unasked(self.console, "--dry-run shows what would be deleted.")
        base = loaded(self.policies, self.console).policy.targets
        targets = chosen_targets(base, self.selection, self.flags.connection)

        async def body(interrupts: Interrupts) -> int:
            opened = open_run(
                targets,
                console=self.console,
                interrupts=interrupts,
                flags=self.flags,
                journal=self.journal,
                access=Access.READ if self.dry_run else Access.PRUNE,
            )
            async with open_journal(self.journal.journal, durable=True) as store, opened as run:
                return await self._pruned(run, run.targets_with_region(targets), store)

        told = f"what was deleted until then is gone. {again('deployments prune')}"
        return run_reading(body, self.console, stopped=told)

    async def _pruned(self, run: Run, targets: Targets, store: Journal) -> int:
        pruning = DeploymentPruning(plane=run.plane, journal=store, keep=self.keep)
        unread: list[str] = []
        looking = api.discover(targets, plane=run.plane, home=run.home, remembering=run.remembering)
        async with looking as items:
            await pooled(_apis(items, unread), pruning.look, workers=WORKERS)
        unread += pruning.unread
        found = sorted(pruning.found, key=lambda each: (each.api.scope, each.api.id))
        view_of(self.flags.output.output, "deployments", self.console).deployments(
            [
                ShownDeployment(
                    api=each.api,
                    id=each.deployment.id,
                    description=each.deployment.description,
                    created=each.deployment.created,
                    kept=each.kept,
                )
                for each in found
            ]
        )
        self._tell("Not read", unread)
        going = pruning.going
        number = sum(len(wanted) for _, wanted in going)
        if number and not self.dry_run:
            if not self.yes:
                asked = f"Delete {amount(number, 'deployment')} of {amount(len(going), 'REST API')}?"
                self.console.flush()
                await confirm(asked, console=self.console, interrupts=run.interrupts)
            async with holding(store, {each.scope for each, _ in going}, str(self.policies[0])) as held:

                async def delete(of_api: tuple[RestApi, Sequence[DeploymentId]]) -> None:
                    await held.heartbeat()  # ends where a lock was broken
                    await pruning.delete(*of_api)

                await pooled(_each(going), delete, workers=WORKERS)
        if not self.dry_run:
            self.console.note(line(f"Deleted {amount(pruning.deleted, 'deployment')}."))
        self._tell("Not deleted", pruning.failed)
        return FAILED if pruning.failed else INCOMPLETE if unread else OK

    def _tell(self, what: str, lines: Sequence[str]) -> None:
        self.console.tell(*(line(Span(f"{what}: ", "error"), each) for each in lines))


async def _apis(items: AsyncIterator[Found], unread: list[str]) -> AsyncIterator[RestApi]:
    async for item in items:
        if isinstance(item, UnreadApi):
            unread.append(f"{item.api}: {item.code}: {item.message}")
        elif isinstance(item, UnreadScope):
            unread.append(f"{item.scope}: {item.code}: {item.message}")
        elif isinstance(item, RestApi):
            yield item


async def _each(found: Sequence[T]) -> AsyncIterator[T]:
    for each in found:
        yield each
