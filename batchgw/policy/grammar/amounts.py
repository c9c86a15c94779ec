"""How a policy writes a time such as `10m`, and a share such as `2.5%`."""

from __future__ import annotations

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
DURATION_PATTERN = r"(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?"
"""Days, hours, minutes and seconds, in this order, each at most once."""

PERCENT_PATTERN = r"\d+(\.\d+)?%"

_DURATION = re.compile(DURATION_PATTERN, re.ASCII)
_PART = re.compile(r"([\d.]+)([dhms])")
_PERCENT = re.compile(PERCENT_PATTERN, re.ASCII)

LONGEST = 366 * 86_400
"""Seconds of the longest time that a policy may name: a year."""


def duration_of(text: str) -> float:
    """Give the seconds of `10m`, `1h30m`, `90s` or `0`. Raises ValueError for anything else."""
    if text == "0":
        return 0.0
    if not text or not _DURATION.fullmatch(text):
        raise ValueError(f"not a time: {text!r}")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if seconds > LONGEST:
        raise ValueError(f"longer than a year: {text!r}")
    return seconds


def percent_of(text: str) -> float:
    """Give the per cent of `10%` or `2.5%`. Raises ValueError for anything else, and beyond 100 %."""
    if not _PERCENT.fullmatch(text) or float(text[:-1]) > 100:  # noqa: PLR2004 - the whole
        raise ValueError(f"not a share: {text!r}")
    return float(text[:-1])
