"""Times in answers: botocore reads some of them, and others stay as they were sent. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime


def seconds(value: object) -> float | None:
    """Give a date, or seconds since the epoch, as seconds since the epoch; None for what is neither."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def seconds_of_text(value: object) -> float | None:
    """Give a date in ISO 8601 as seconds since the epoch; None for what is no date."""
    try:
        return seconds(datetime.fromisoformat(value)) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
