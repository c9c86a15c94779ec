"""One run at a time per account-region: who may take which lock, and what the others are told. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import assert_never

from batchgw.errors import ScopeLocked
from batchgw.journal.holder import Holder, Liveness
from batchgw.journal.records import RunState
from batchgw.model import Scope


class ScopeHeld(ScopeLocked):
    """A scope is held by another run, or by another process of the same one."""

    def __init__(self, message: str, *, scope: Scope, run: str, holder: Holder, liveness: Liveness) -> None:
        super().__init__(message)
        self.scope = scope
        self.run = run
        self.holder = holder
        self.liveness = liveness


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock on a scope. `token` tells which journal took it; `run_over`: its run cannot be resumed."""

    id: int
    scope: Scope
    token: str
    run: str
    run_over: bool
    holder: Holder


def has_nothing_left(state: RunState, *, planned: bool) -> bool:
    """Tell whether a run whose process died cannot be resumed: it is done, or had written nothing yet."""
    return state in (RunState.DONE, RunState.PLANNING) or not planned


def may_take(liveness: Liveness, *, own: bool, force: bool, take_over_dead: bool = False) -> bool:
    """Tell whether a lock may be taken over. `own`: it was taken for the same run, or for one that is over.

    Nothing breaks the lock of a process that is known to live.
    """
    match liveness:
        case Liveness.ALIVE:
            return False
        case Liveness.DEAD:
            return own or force or take_over_dead
        case Liveness.UNKNOWN:
            return force
        case _:
            assert_never(liveness)


def refuse_held(
    run: str,
    own: Collection[str | None],
    found: Sequence[Lock],
    now: float,
    *,
    force: bool,
    take_over_dead: bool,
) -> None:
    """Raise ScopeHeld unless `run` may take all these locks over. `own` are the runs that it may end."""
    seen = cache(Holder.liveness)  # a process may hold thousands, and to look for it takes files
    refused = [
        (lock, liveness)
        for lock in found
        if not may_take(
            liveness := seen(lock.holder),
            own=lock.run in own or lock.run_over,
            force=force,
            take_over_dead=take_over_dead,
        )
    ]
    if refused:
        lock, liveness = refused[0]
        message = _held(lock, liveness, own=lock.run == run, more=len(refused) - 1, now=now)
        raise ScopeHeld(message, scope=lock.scope, run=lock.run, holder=lock.holder, liveness=liveness)


def refuse_run_held(run: str, state: RunState, holder: Holder, *, unknown_refused: bool) -> None:
    """Raise ScopeLocked while another process that is alive works on the run.

    `unknown_refused`: also when it cannot be told whether it is alive.
    """
    liveness = holder.liveness()
    if liveness is Liveness.DEAD or (liveness is Liveness.UNKNOWN and not unknown_refused):
        return
    seems = "is" if liveness is Liveness.ALIVE else "may still be"
    raise ScopeLocked(
        f"Run {run} {seems} {state} in another process ({holder}), and two must not work on one "
        "run. Wait for that one, or stop it."
    )


def broken(by: Sequence[Lock]) -> ScopeLocked:
    """Make the error of a run whose lock was broken, by the runs of these locks."""
    who = f" by run {by[0].run} ({by[0].holder})" if by else ""
    return ScopeLocked(
        f"A lock of this run was broken{who}: it stops here, so that two runs do not write to one "
        "account-region. What it did is recorded; it can be resumed once the other one has ended."
    )


def decided_elsewhere(missing: int, wanted: int) -> ScopeLocked:
    """Make the error of intents of which some changes are not there or not open any more."""
    return ScopeLocked(
        f"{missing} of {wanted} changes about to be made were decided or dropped by another "
        "process meanwhile, so none was sent. Two processes worked on one run: see which with "
        "`batchgw runs show`, and resume it when only one is left."
    )


def _held(lock: Lock, liveness: Liveness, *, own: bool, more: int, now: float) -> str:
    scopes = f"{lock.scope} and {more} more" if more else f"{lock.scope}"
    by = f"this run, {lock.run}, in another process" if own else f"run {lock.run}"
    seen = f"last sign of life {max(0, round(now - lock.holder.heartbeat))} s ago"
    match liveness:
        case Liveness.ALIVE:
            cure = f"It is still running ({seen}): wait for it, or stop it. --force-lock does not break it."
        case Liveness.DEAD:
            cure = (
                f"That process is dead ({seen}). Finish what it began with `batchgw resume {lock.run}`, "
                "or pass --take-over-dead: what it was about to write is then read before it is written."
            )
        case Liveness.UNKNOWN:
            cure = (
                f"Whether it still runs cannot be told from here ({seen}). Wait for it; or, when you know "
                "that it is dead, pass --force-lock."
            )
        case _:
            assert_never(liveness)
    return f"Two runs must not write to one account-region: {scopes} is held by {by} ({lock.holder}). {cure}"
