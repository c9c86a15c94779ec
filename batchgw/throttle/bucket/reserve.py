"""How many calls are kept in the bucket, so that a neighbour's ups and downs do not become refusals.

A reserve costs no time: only a full bucket loses tokens, and the last calls of a run spend it. But where the
bucket holds less than was said, a large one costs time and is worth nothing. So it needs a proof.
"""

from __future__ import annotations

from dataclasses import dataclass

TINY = 2.0
"""Calls: a bucket that holds fewer can keep no reserve, so its calls are spaced out instead."""

ROOMY = 10.0
"""Calls: a bucket that holds fewer has no room for a large reserve, only for jitter."""

ALL_THERE = 1.5
"""Calls left beside the reserve when, without a refusal, the first burst counts as taken."""

PROOF = 0.575
"""Part of the stated burst that must have been taken of it before the first refusal."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """Bounds in calls: from `least` on, up to `most` where refusals come early."""

    least: float
    most: float


def small(burst: float) -> Reserve:
    """The reserve of a bucket of which nobody knows how much it holds."""
    return Reserve(min(6.5, (burst - 1) / 4), min(15.5, (burst - 1) / 2))


def large(burst: float, *, polite: bool = False) -> Reserve:
    """The reserve of a bucket that has shown that it holds what was said."""
    if burst < ROOMY:
        return small(burst)
    least, most = (30.0, 32.0) if polite else (28.0, 30.0)
    return Reserve(min(least, 0.75 * (burst - 1)), min(most, 0.85 * (burst - 1)))


def held(*, taken: int, refilled: float, burst: float) -> bool:
    """Judge by the first refusal whether the bucket held what was said.

    `taken` are the calls until then, `refilled` those that ran in meanwhile at the stated rate.
    """
    return taken - refilled >= PROOF * burst
