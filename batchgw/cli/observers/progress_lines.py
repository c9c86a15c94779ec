"""The progress and the end of a phase, each in one line of text. Pure."""

from __future__ import annotations

from batchgw.cli.observers.tracker import Progress, Tracker
from batchgw.report.views.text import Line, line
from batchgw.times import duration
from batchgw.wording import amount

TITLES = {"plan": "Reading", "recheck": "Re-reading", "apply": "Applying"}


def progress_line(tracker: Tracker, now: float) -> Line:
    """Give the progress of a phase in one line."""
    whole = tracker.all(now)
    parts = [
        f"{TITLES.get(tracker.phase, tracker.phase)}: {done_of(whole, tracker.noun)}",
        f"{whole.rate:.1f} calls/s of {whole.quota:g}",
        f"{whole.throttles:,} throttled",
    ]
    if whole.failed:
        parts.append(f"{whole.failed:,} failed")
    if whole.left is not None:
        parts.append(f"about {duration(whole.left)} left")
    return line(", ".join(parts))


def end_line(tracker: Tracker, now: float, elapsed: float) -> Line:
    """Give the end of a phase in one line."""
    whole = tracker.all(now)
    title = TITLES.get(tracker.phase, tracker.phase)
    done = f"{done_of(whole, tracker.noun)} in {duration(elapsed)}"
    return line(f"{title}: {done}, {whole.throttles:,} throttled")


def done_of(progress: Progress, noun: str = "") -> str:
    """Give how much is done, of how much, and of what."""
    if progress.total is None:
        return amount(progress.done, noun) if noun else f"{progress.done:,}"
    kinds = f" ({progress.by_kind})" if progress.by_kind else ""
    return f"{progress.done:,} of {amount(progress.total, noun) if noun else f'{progress.total:,}'}{kinds}"
