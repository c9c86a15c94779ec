"""Metric gates: certainties from tables of the normal distribution, verdicts, and what is refused."""

from __future__ import annotations

import pytest

from batchgw.model.rollout.gate import MetricCheck, MetricName
from batchgw.planning.rollout.metrics import (
    Counted,
    Latency,
    Verdict,
    difference_in_differences,
    judge_errors,
    judge_latency,
    moved_by_policy,
    two_proportions,
)

ERRORS = MetricCheck(metric=MetricName.SERVER_ERRORS)
SLOW = MetricCheck(metric=MetricName.LATENCY, tolerance=10.0)


def counted(errors: int, requests: int) -> Counted:
    return Counted(errors=errors, requests=requests)


def test_two_proportions_are_those_of_the_textbook() -> None:
    """30 and 20 of 100: pooled 25 %, so z = 0.1 / sqrt(0.25 * 0.75 * 0.02) = 1.633; Phi is 0.9488."""
    assert two_proportions(counted(30, 100), counted(20, 100)) == pytest.approx(0.9488, abs=1e-4)
    assert two_proportions(counted(20, 100), counted(30, 100)) == pytest.approx(0.0512, abs=1e-4)
    assert two_proportions(counted(0, 100), counted(0, 100)) == 0.0


def test_a_rise_that_others_had_as_well_is_none() -> None:
    before, after = counted(10, 1000), counted(50, 1000)
    assert difference_in_differences((before, after), (before, after)) == pytest.approx(0.5)
    assert difference_in_differences((before, after), (before, before)) > 0.99


@pytest.mark.parametrize(
    ("wave", "others", "verdict"),
    [
        ((30, 100), (20, 100), Verdict.PASS),  # 94.9 %, and 95 % are needed
        ((31, 100), (20, 100), Verdict.FAIL),
        ((5, 1000), (50, 1000), Verdict.PASS),  # better is no fault
        ((0, 100), (0, 100), Verdict.PASS),
        ((99, 99), (0, 1000), Verdict.INCONCLUSIVE),
        ((50, 1000), (0, 0), Verdict.INCONCLUSIVE),
    ],
)
def test_errors_are_judged(wave: tuple[int, int], others: tuple[int, int], verdict: Verdict) -> None:
    assert judge_errors(ERRORS, wave=counted(*wave), others=counted(*others)).verdict is verdict


def test_what_was_so_before_is_no_fault_of_the_wave() -> None:
    wave, others = counted(60, 1000), counted(10, 1000)
    assert judge_errors(ERRORS, wave=wave, others=others).verdict is Verdict.FAIL
    found = judge_errors(ERRORS, wave=wave, others=others, wave_before=wave, others_before=others)
    assert found.verdict is Verdict.PASS
    assert found.why == (
        "5XXError: 60 of 1,000 (6.00%) in the wave, 10 of 1,000 (1.00%) in the waves to come; before 60 of "
        "1,000 (6.00%) and 10 of 1,000 (1.00%); worse with 50.0% certainty, 95 % fail"
    )


def test_what_is_tolerated_is_no_fault() -> None:
    tolerant = MetricCheck(metric=MetricName.SERVER_ERRORS, tolerance=6.0)
    assert judge_errors(tolerant, wave=counted(60, 1000), others=counted(10, 1000)).verdict is Verdict.PASS


def test_too_few_requests_are_told() -> None:
    found = judge_errors(ERRORS, wave=counted(0, 1), others=counted(0, 500))
    assert found.why == "1 request in the wave, and 100 are needed"


def latency(*minutes: float, requests: int = 1000) -> Latency:
    return Latency(minutes=minutes, requests=requests)


FLAT, RISEN = latency(100, 101, 99, 100, 102), latency(150, 149, 151, 150, 152)


@pytest.mark.parametrize(
    ("wave", "others", "verdict"),
    [
        ((FLAT, RISEN), (FLAT, FLAT), Verdict.FAIL),
        ((FLAT, RISEN), (FLAT, RISEN), Verdict.PASS),
        ((FLAT, latency(105, 106, 104, 105, 107)), (FLAT, FLAT), Verdict.PASS),  # 5 %, and 10 % are tolerated
        ((FLAT, latency(150, 151)), (FLAT, FLAT), Verdict.INCONCLUSIVE),
        ((FLAT, latency(*RISEN.minutes, requests=9)), (FLAT, FLAT), Verdict.INCONCLUSIVE),
    ],
)
def test_latencies_are_judged(
    wave: tuple[Latency, Latency], others: tuple[Latency, Latency], verdict: Verdict
) -> None:
    assert judge_latency(SLOW, wave=wave, others=others).verdict is verdict


def test_a_metric_that_the_policy_itself_moves_is_refused() -> None:
    why = moved_by_policy(ERRORS, into={"4XX"}, out_of={"5XX"})
    assert (why or "").startswith(
        "the plan moves responses out of 5XX by their status codes, and API Gateway"
    )
    assert moved_by_policy(ERRORS, into={"4XX"}, out_of=set()) is None
    assert moved_by_policy(SLOW, into={"4XX"}, out_of={"5XX"}) is None
