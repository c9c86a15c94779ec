"""How many calls are kept in the bucket, so that a neighbour's ups and downs do not become refusals.

A reserve costs no time: only a full bucket loses tokens, and the last calls of a run spend it. But if the
bucket holds less than its stated burst, a large reserve costs time and is of no use. So the bucket must first
show that it holds its burst.
"""

from __future__ import annotations

from dataclasses import dataclass

TINY = 2.0
"""Calls: a bucket with a smaller burst keeps no reserve; its calls are spaced out instead."""

ROOMY = 10.0
"""Calls: a bucket with a smaller burst has no room for a large reserve, only for jitter."""

ALL_THERE = 1.5
"""Calls beside the reserve. If no more are left, and none was refused, the first burst counts as spent."""

PROOF = 0.575
"""Part of the stated burst that must have been accepted before the first refusal, beyond the refill."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """Bounds of a reserve, in calls. It begins at `least`, and grows to `most` while refusals come early."""

    least: float
    most: float


def small(burst: float) -> Reserve:
    """The reserve of a bucket that may hold less than its stated burst."""
    return Reserve(min(6.5, (burst - 1) / 4), min(15.5, (burst - 1) / 2))


def large(burst: float, *, polite: bool = False) -> Reserve:
    """The reserve of a bucket that has shown that it holds its stated burst."""
    if burst < ROOMY:
        return small(burst)
    least, most = (30.0, 32.0) if polite else (28.0, 30.0)
    return Reserve(min(least, 0.75 * (burst - 1)), min(most, 0.85 * (burst - 1)))


def held_burst(*, taken: int, refilled: float, burst: float) -> bool:
    """Judge at the first refusal whether the bucket held its stated burst.

    Until then `taken` calls were accepted, and `refilled` tokens ran in at the stated rate.
    """
    return taken - refilled >= PROOF * burst
