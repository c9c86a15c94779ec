"""Times as they are shown everywhere: in ISO 8601, in UTC; and how long something takes."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """Render seconds since the epoch, in whole seconds: 2026-11-29T21:40:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: float) -> str:
    """Say how long, as precisely as people need it: `0.4 s`, `42 s`, `3 min 20 s`, `1 h 05 min`."""
    if seconds < 10:  # noqa: PLR2004 - below it tenths matter
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - clock arithmetic from here on
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min"
