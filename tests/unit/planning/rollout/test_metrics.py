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


def test_a_difference_in_differences_is_that_of_the_hand() -> None:
    """1 % to 3 % in the wave, 1 % to 2 % in the others, of 1,000 each time: 1 point beyond the others.

    With one more request on either side the four rates are 11, 31, 11 and 21 of 1,002. Their variances are
    10.86, 29.98, 10.86 and 20.52 millionths, 72.21 together: z = 0.01 / 0.008498 = 1.177, and Phi is 0.8804.
    """
    wave, others = (counted(10, 1000), counted(30, 1000)), (counted(10, 1000), counted(20, 1000))
    assert difference_in_differences(wave, others) == pytest.approx(0.8804, abs=1e-4)
    assert difference_in_differences(wave, others, margin=0.01) == pytest.approx(0.5)


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


def test_without_a_request_there_is_no_rate_whatever_is_asked_for() -> None:
    any_will_do = MetricCheck(metric=MetricName.SERVER_ERRORS, min_requests=0)
    none, some = counted(0, 0), counted(1, 2)
    assert judge_errors(any_will_do, wave=none, others=some).why == "0 requests in the wave, and 1 are needed"
    alone = judge_errors(any_will_do, wave=some, others=some, wave_before=none, others_before=none)
    assert (alone.verdict, "before" in alone.why) == (Verdict.PASS, False)


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


@pytest.mark.parametrize(("by", "certain", "verdict"), [(2.0, "94.3%", "pass"), (2.5, "97.6%", "fail")])
def test_a_latency_is_as_certain_as_its_minutes_are_alike(by: float, certain: str, verdict: str) -> None:
    """Each mean of five minutes has the variance 2 / 5, all four 1.6: z is 2 / 1.265 = 1.581, or 1.976."""
    flat = latency(98, 100, 102, 100, 100)
    risen = latency(*(minute + by for minute in flat.minutes))
    check = MetricCheck(metric=MetricName.LATENCY)
    judged = judge_latency(check, wave=(flat, risen), others=(flat, flat))
    assert (judged.verdict.value, f"worse with {certain} certainty" in judged.why) == (verdict, True)


def test_a_metric_that_the_policy_itself_moves_is_refused() -> None:
    why = moved_by_policy(ERRORS, into={"4XX"}, out_of={"5XX"})
    assert (why or "").startswith(
        "the plan moves responses out of 5XX by their status codes, and API Gateway"
    )
    assert moved_by_policy(ERRORS, into={"4XX"}, out_of=set()) is None
    assert moved_by_policy(SLOW, into={"4XX"}, out_of={"5XX"}) is None
