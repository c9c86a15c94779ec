"""Is a wave worse than the rest? Tests on counted requests and on latencies: numbers in, a verdict out.

Errors are compared by a difference in differences of rates where both sides were counted before as well, else
by a test of two proportions. All tests are one-sided: better than the rest is no fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import NormalDist, fmean, variance

from batchgw.model.rollout.gate import MetricCheck, MetricName
from batchgw.wording import amount

MIN_SAMPLES = 5
"""Minutes that a latency needs on each side, before and after: with fewer, its spread is not known."""


class Verdict(StrEnum):
    """What a gate has found."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict, and on which figures it rests."""

    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Requests, and how many of them were errors."""

    errors: int
    requests: int

    @property
    def rate(self) -> float:
        """Errors among requests, from 0 to 1."""
        return self.errors / self.requests

    @property
    def variance(self) -> float:
        """The variance of the rate. One request is added on either side: a rate of 0 is not certain."""
        rate = (self.errors + 1) / (self.requests + 2)
        return rate * (1 - rate) / self.requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """A latency, a mean a minute, in milliseconds, and the requests behind them all."""

    minutes: Sequence[float]
    requests: int


def two_proportions(one: Counted, other: Counted, *, margin: float = 0.0) -> float:
    """Give how certain it is, from 0 to 1, that the rate of one is more than `margin` above the other's.

    With no margin the variance is that of both together, as in the textbook's test.
    """
    if margin == 0:
        pooled = Counted(errors=one.errors + other.errors, requests=one.requests + other.requests)
        spread = pooled.rate * (1 - pooled.rate) * (1 / one.requests + 1 / other.requests)
    else:
        spread = one.variance + other.variance
    return _certainty(one.rate - other.rate - margin, spread)


def difference_in_differences(
    one: tuple[Counted, Counted], other: tuple[Counted, Counted], *, margin: float = 0.0
) -> float:
    """Give how certain it is that the rate of one rose by more than `margin` above the other's rise.

    Each is (before, after).
    """
    (one_before, one_after), (other_before, other_after) = one, other
    rise = (one_after.rate - one_before.rate) - (other_after.rate - other_before.rate)
    spread = sum(each.variance for each in (*one, *other))
    return _certainty(rise - margin, spread)


def judge_errors(
    check: MetricCheck,
    *,
    wave: Counted,
    others: Counted,
    wave_before: Counted | None = None,
    others_before: Counted | None = None,
) -> Judged:
    """Judge an error rate: the wave's against that of the waves to come, over the same minutes."""
    least = max(1, check.min_requests)
    if few := _too_few(least, ("the wave", wave.requests), ("the waves to come", others.requests)):
        return few
    margin = check.tolerance / 100
    figures = f"{_rate(wave)} in the wave, {_rate(others)} in the waves to come"
    before = (wave_before, others_before)
    if wave_before and others_before and all(each.requests >= least for each in before if each):
        certain = difference_in_differences((wave_before, wave), (others_before, others), margin=margin)
        figures += f"; before {_rate(wave_before)} and {_rate(others_before)}"
    else:
        certain = two_proportions(wave, others, margin=margin)
    return _judged(check, certain, figures)


def judge_latency(
    check: MetricCheck,
    *,
    wave: tuple[Latency, Latency],
    others: tuple[Latency, Latency],
) -> Judged:
    """Judge a latency by a difference in differences; each is (before, after).

    The tolerance is per cent of the wave's latency before.
    """
    least = max(1, check.min_requests)
    sides = [("the wave", each.requests) for each in wave]
    sides += [("the waves to come", each.requests) for each in others]
    if few := _too_few(least, *sides):
        return few
    every = (*wave, *others)
    if fewest := [len(each.minutes) for each in every if len(each.minutes) < MIN_SAMPLES]:
        why = f"{amount(min(fewest), 'minute')} of latencies, and {MIN_SAMPLES} are needed"
        return Judged(verdict=Verdict.INCONCLUSIVE, why=why)
    (before, after), (others_before, others_after) = (
        tuple(fmean(each.minutes) for each in side) for side in (wave, others)
    )
    margin = before * check.tolerance / 100
    spread = sum(variance(each.minutes) / len(each.minutes) for each in every)
    certain = _certainty((after - before) - (others_after - others_before) - margin, spread)
    figures = (
        f"{before:,.0f} to {after:,.0f} ms in the wave, {others_before:,.0f} to {others_after:,.0f} ms in the"
        " waves to come"
    )
    return _judged(check, certain, figures)


def moved_by_policy(check: MetricCheck, *, into: set[str], out_of: set[str]) -> str | None:
    """Say why a metric cannot be used, where the policy itself moves it; None where it can.

    `into` and `out_of` are the families of status codes ("4XX", "5XX") that the plan's changes move responses
    into and out of. API Gateway counts a gateway response by the status code that it was changed to.
    """
    family = check.metric.value[:3]
    if check.metric is MetricName.LATENCY or family not in into | out_of:
        return None
    how = "into" if family in into else "out of"
    return (
        f"the plan moves responses {how} {family} by their status codes, and API Gateway counts them by the"
        f" new code: {check.metric.value} changes with the policy itself. Use an alarm or a command instead."
    )


def _certainty(difference: float, spread: float) -> float:
    if spread <= 0:
        return 1.0 if difference > 0 else 0.0
    return NormalDist().cdf(difference / sqrt(spread))


def _judged(check: MetricCheck, certain: float, figures: str) -> Judged:
    worse = certain * 100 >= check.confidence
    why = f"{check.metric.value}: {figures}; worse with {certain:.1%} certainty, {check.confidence:g} % fail"
    return Judged(verdict=Verdict.FAIL if worse else Verdict.PASS, why=why)


def _too_few(least: int, *sides: tuple[str, int]) -> Judged | None:
    for where, requests in sides:
        if requests < least:
            why = f"{amount(requests, 'request')} in {where}, and {least:,} are needed"
            return Judged(verdict=Verdict.INCONCLUSIVE, why=why)
    return None


def _rate(counted: Counted) -> str:
    return f"{counted.errors:,} of {counted.requests:,} ({counted.rate:.2%})"
