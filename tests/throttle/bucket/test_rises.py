"""The rate rises only when calls are accepted, or after a time without refusals: never by sending alone."""

from __future__ import annotations

import pytest
from hypothesis import given

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.adversary import Rig, Step, models, steps

HAIR = 1 + 1e-9


@given(model=models(), course=steps("wait", "send", "push", "ask"))
def test_the_rate_never_rises_by_sending_alone(model: BucketModel, course: list[Step]) -> None:
    rig, first = Rig(model), model.rate
    rig.run(course)
    assert rig.statistics().rate <= first * HAIR


@given(model=models(), course=steps("wait", "send", "refused", "refund", "unanswered"))
def test_the_rate_never_exceeds_its_first_value_while_nothing_is_accepted(
    model: BucketModel, course: list[Step]
) -> None:
    """Unanswered calls count as taken, but they do not prove that more is there."""
    rig, first = Rig(model), model.rate

    def look(_: Step) -> None:
        assert rig.statistics().rate <= first * HAIR

    rig.run(course, look)


@given(model=models(), course=steps("wait", "send", "refused", "refund", "unanswered"))
def test_while_nothing_is_accepted_only_a_refusal_s_measurement_may_raise_the_rate(
    model: BucketModel, course: list[Step]
) -> None:
    """In it, calls that left between two refusals count as taken, even if they have no answer yet."""
    rig, before = Rig(model), model.rate
    for step in course:
        rig.happen(step)
        rate = rig.statistics().rate
        assert step.kind == "refused" or rate <= before * HAIR
        before = rate


@pytest.mark.parametrize("answer", ["accepted", "unanswered"])
def test_the_rate_grows_when_calls_are_accepted_and_not_when_they_are_unanswered(answer: str) -> None:
    """The quota is guessed at 10/s, and the service refuses nothing for 60 s."""
    rig = Rig(BucketModel(TOTAL, trust=Trust.GUESS))
    while rig.now < 60:
        rig.run(
            [Step("send"), Step("wait", 0.01), Step("accepted" if answer == "accepted" else "unanswered")]
        )
    assert (rig.statistics().rate > 20) == (answer == "accepted")
    assert rig.statistics().rate >= 10


@pytest.mark.parametrize("quota", [TOTAL, Quota(10, 1), Quota(0.2, 1), Quota(100, 40)])
def test_calls_under_way_do_not_raise_the_rate(quota: Quota) -> None:
    """200 calls leave when the model allows it, then 200 whatever it says. None is answered."""
    rig = Rig(BucketModel(quota, trust=Trust.GUESS))
    rig.run([Step("send"), Step("wait", 0.01)] * 200)
    assert rig.statistics().rate == quota.rate
    rig.run([Step("push"), Step("wait", 0.01)] * 200)
    assert rig.statistics().rate == quota.rate


def test_unanswered_calls_after_a_late_refusal_do_not_raise_the_rate() -> None:
    """One call leaves, then 60 that are never answered. At last the first one is refused."""
    model, now = BucketModel(TOTAL, trust=Trust.GUESS), 0.0
    model.sent(now)
    for _ in range(60):
        now += model.delay(now)
        model.sent(now)
        model.unanswered(now, now)
    model.refused(0.0, now)
    rate = model.statistics(now).rate
    for _ in range(100):
        now += 0.1
        assert model.statistics(now).rate <= rate * HAIR
