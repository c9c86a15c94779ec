"""Strict, or with a share below 1: in every window w, at most burst + share * rate * w calls leave.

This holds whatever the service answers, and whenever. The check replays the departures on a token bucket that
is refilled at the ceiling's rate. Every window is kept if and only if that bucket never runs empty.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.throttle.bucket.model import INSTANT, BucketModel
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.adversary import EXTREME, Rig, Step, quotas, steps

beliefs = st.one_of(
    st.none(),
    st.builds(
        Belief,
        rate=st.floats(0.001, 1e5),
        burst=st.floats(1, 1e4),
        level=st.floats(-1e4, 1e4),
        age=st.floats(0, 1e6),
    ),
)


def kept(departures: Sequence[float], rate: float, burst: float) -> bool:
    """Whether every window was kept. A call may leave early by INSTANT."""
    level, at = burst, departures[0] if departures else 0.0
    for moment in departures:
        level = min(burst, level + rate * (moment - at)) - 1
        at = moment
        if level < -(INSTANT * rate + 1e-9 * burst):
            return False
    return True


@given(
    quota=quotas(),
    share=st.one_of(st.just(1.0), st.floats(0.02, 1)),
    belief=beliefs,
    began=st.sampled_from([0.0, 1e5]),
    course=steps("wait", "send", "accepted", "refused", "refund", "unanswered", waits=EXTREME),
)
def test_strict_is_never_above_the_quota(
    quota: Quota, share: float, belief: Belief | None, began: float, course: list[Step]
) -> None:
    model = BucketModel(quota, share=share, trust=Trust.STRICT, belief=belief)
    rig = Rig(model, now=began)
    rig.run(course)
    assert kept(rig.departures, share * quota.rate, quota.burst)


@settings(max_examples=50)
@given(
    share=st.floats(0.02, 0.99),
    trust=st.sampled_from([Trust.TRUSTED, Trust.GUESS]),
    course=steps("send", "accepted", "wait", "refund"),
)
def test_a_share_is_a_ceiling_whether_the_quota_is_trusted_or_guessed(
    share: float, trust: Trust, course: list[Step]
) -> None:
    rig = Rig(BucketModel(TOTAL, share=share, trust=trust))
    rig.run(course)
    assert kept(rig.departures, share * TOTAL.rate, TOTAL.burst)


@pytest.mark.parametrize("trust", [Trust.TRUSTED, Trust.GUESS])
def test_without_a_ceiling_the_model_exceeds_the_quota_in_time(trust: Trust) -> None:
    """So the check above can fail: where everything is accepted, the model tries more and breaks windows."""
    rig = Rig(BucketModel(TOTAL, trust=trust))
    rig.run([Step("send"), Step("accepted")] * 10_000)
    assert not kept(rig.departures, TOTAL.rate, TOTAL.burst)


@pytest.mark.parametrize("trust", Trust)
def test_with_a_share_the_model_never_exceeds_it(trust: Trust) -> None:
    """The same service accepts everything for half an hour."""
    rig = Rig(BucketModel(TOTAL, share=0.5, trust=trust))
    rig.run([Step("send"), Step("wait", 0.1), Step("accepted")] * 3000)
    rig.run([Step("send"), Step("accepted")] * 7000)
    assert kept(rig.departures, TOTAL.rate / 2, TOTAL.burst)


def test_refunded_calls_after_a_long_rest_do_not_enlarge_the_burst() -> None:
    """Another bucket refuses these calls, so their tokens are given back. Still only 5 leave at once."""
    quota = Quota(1 / 30, 5)
    rig = Rig(BucketModel(quota, trust=Trust.STRICT))
    rig.run([Step("send"), Step("accepted"), Step("wait", 10_000.0), *[Step("send"), Step("refund")] * 20])
    assert kept(rig.departures, quota.rate, quota.burst)


def test_a_strict_run_uses_the_whole_quota() -> None:
    """Doing nothing would keep a ceiling, too. But 540 calls must be done after 50 s: 40 + 10 x 50."""
    rig = Rig(BucketModel(TOTAL, trust=Trust.STRICT))
    rig.run([Step("send"), Step("accepted")] * 540)
    assert rig.now == pytest.approx(50, rel=0.02)
