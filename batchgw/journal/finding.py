"""Finds the run that people mean by what they typed, and explains when there is none. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final, assert_never

from batchgw.errors import RunUnknown
from batchgw.journal.holder import Liveness
from batchgw.journal.records import RunRecord, RunState

LAST: Final = "last"
"""What people type for the run that was begun last; one that ended before it had a plan does not count."""

HINTED: Final = 1_000
"""Runs among which a similar id is looked for."""

SHOWN: Final = 3
"""Runs named where several begin with what was typed."""

DAY: Final = 86_400.0
"""Seconds."""

SUFFIXES: Final = 1 << 24
"""Run ids of one day: six hexadecimal digits, one each 5 ms."""


def typed_run(text: str) -> str:
    """Read what somebody typed for a run."""
    return text.strip().lower()


def run_id(now: float, later: int = 0) -> str:
    """Make the id of a run that begins now: the date, and how much of that day has passed. Ids sort by time.

    `later` is how many ids to go on from there, when the first ones are taken.
    """
    day = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d")
    return f"{day}-{(int(now % DAY / DAY * SUFFIXES) + later) % SUFFIXES:06x}"


def unknown_run(run: str, location: object) -> RunUnknown:
    """Make the error of a run whose exact id the journal at `location` does not have."""
    return RunUnknown(f"The journal {location} has no run {run!r}.")


def not_found(typed: str, matching: Sequence[str], known: Sequence[str], location: object) -> RunUnknown:
    """Make the error of what was typed. `matching` runs begin so; `known` are the latest, newest first."""
    if not known:
        return RunUnknown(f"There is no run {typed!r}: {_empty(location)}")
    if matching:
        some = ", ".join(matching[:SHOWN]) + (", ..." if len(matching) > SHOWN else "")
        return RunUnknown(f"{typed!r} may be any of {len(matching)} runs ({some}). Type more of its id.")
    close = get_close_matches(typed, known, n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    return RunUnknown(
        f"The journal {location} has no run {typed!r}.{meant} `batchgw runs list` shows those it has; "
        "--journal names another journal."
    )


def none_unfinished(newest: RunRecord | None, location: object) -> RunUnknown:
    """Make the error of a journal with nothing to resume.

    It says how its newest run stands; None where there is no run at all.
    """
    if newest is None:
        return RunUnknown(f"There is no run to resume: {_empty(location)}")
    return RunUnknown(
        f"There is nothing to resume: no run of the journal {location} is unfinished. The "
        f"newest, {newest.id}, {_how_it_stands(newest, newest.holder.liveness())}."
    )


def _empty(location: object) -> str:
    return f"the journal {location} has none yet. --journal names another journal."


_ENDED_EARLY = "ended before it had a plan: give its command again"


def _how_it_stands(run: RunRecord, liveness: Liveness) -> str:
    """Say why a run cannot be resumed. Its process may have died without setting its state."""
    if run.state is RunState.DONE:
        return "is finished"
    if run.state is RunState.STOPPED:
        return _ENDED_EARLY
    match liveness:
        case Liveness.ALIVE:
            return f"is under way ({run.holder})"
        case Liveness.UNKNOWN:
            return f"may be under way ({run.holder}), which cannot be told from here"
        case Liveness.DEAD:
            early = run.state is RunState.PLANNING
            return (
                f"{_ENDED_EARLY if early else 'has nothing left to do'}; its process ({run.holder}) is dead"
            )
        case _:
            assert_never(liveness)
