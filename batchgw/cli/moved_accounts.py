"""Tells, beside an apply of a saved plan or a resume, which accounts joined, left or moved since the plan."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

import anyio

from batchgw.cli.session import Run
from batchgw.concurrency.pool import unwrapped
from batchgw.discovery.organization.since import moves_since
from batchgw.discovery.scopes import HOME
from batchgw.errors import CallError, PlanStale, Stopped
from batchgw.model import Account, AccountSelection, AccountSelector
from batchgw.model.shape import JSON, items, record
from batchgw.report.views.text import Span, line

ORGANIZATION = "organization"
"""Option of a plan or run: which accounts of the organisation are meant."""

ACCOUNTS = "organization_accounts"
"""Option of a run: the accounts that were meant when its plan was made."""

LONGEST = 60.0
"""Seconds that a run which has ended waits for the organisation's answer."""

SHOWN = 20
"""Accounts named. The rest is counted; `--output json` has all."""


def account_options(accounts: Iterable[Account], plan: Mapping[str, JSON]) -> dict[str, JSON]:
    """Give what a run keeps of its plan's accounts; `plan` are the options of the plan."""
    found: list[JSON] = [account.to_json() for account in accounts]
    return {ORGANIZATION: plan.get(ORGANIZATION), ACCOUNTS: found} if found else {}


def recorded_accounts(options: Mapping[str, JSON]) -> tuple[Account, ...]:
    """Read the accounts from a run's options. Raises KeyError, TypeError or ValueError for anything else."""
    return tuple(Account.from_json(record(each)) for each in items(options.get(ACCOUNTS) or []))


def recorded_selection(options: Mapping[str, JSON]) -> AccountSelection | None:
    """Read which accounts are meant; None where they were given as a list. Raises as above."""
    found = options.get(ORGANIZATION)
    return None if found is None else AccountSelection.from_json(record(found))


@asynccontextmanager
async def telling_moves(
    run: Run, before: tuple[Account, ...], selection: AccountSelection | None
) -> AsyncIterator[None]:
    """Ask the organisation while the block lasts, and tell what is different. Nothing else changes.

    Nothing is asked where no accounts are known from then. A block that is left by a refusal waits, too:
    an account that left may be the reason.
    """
    if not before:
        yield
        return
    meant = selection or AccountSelection(include=tuple(AccountSelector(id=each.id) for each in before))

    async def ask() -> None:
        try:
            found = await moves_since(
                run.plane,
                before,
                meant,
                home=run.home or HOME,
                roles=run.organization_roles,
                remembering=run.remembering,
            )
        except (CallError, Stopped) as error:
            why = f"Whether accounts joined, left or moved since the plan is not known: {error}"
            run.console.note(line(Span(why, "dim")))
            return
        run.moves.append(found)
        sentences = list(found.sentences())
        run.console.tell(*(line(Span("Accounts: ", "warning"), each) for each in sentences[:SHOWN]))
        if len(sentences) > SHOWN:
            run.console.tell(line(f"  and {len(sentences) - SHOWN:,} more"))

    refusal: PlanStale | CallError | None = None
    with unwrapped():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            try:
                yield
            except (PlanStale, CallError) as error:
                refusal = error
            tasks.cancel_scope.deadline = anyio.current_time() + LONGEST
    if refusal is not None:
        raise refusal
