"""The rate rises only on accepted calls or on time without refusal, never on sends alone."""

from __future__ import annotations

import pytest
from hypothesis import given

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.adversary import Rig, Step, models, steps

HAIR = 1 + 1e-9


@given(model=models(), course=steps("wait", "send", "push", "ask"))
def test_never_on_sends_alone(model: BucketModel, course: list[Step]) -> None:
    rig, first = Rig(model), model.rate
    rig.run(course)
    assert rig.statistics().rate <= first * HAIR


@given(model=models(), course=steps("wait", "send", "refused", "refund", "unanswered"))
def test_never_above_its_beginning_while_nothing_is_accepted(model: BucketModel, course: list[Step]) -> None:
    """Calls of unknown fate are no proof, though they count as taken."""
    rig, first = Rig(model), model.rate

    def look(_: Step) -> None:
        assert rig.statistics().rate <= first * HAIR

    rig.run(course, look)


@given(model=models(), course=steps("wait", "send", "refused", "refund", "unanswered"))
def test_without_accepted_calls_only_a_measurement_may_raise_it(
    model: BucketModel, course: list[Step]
) -> None:
    """Between two refusals, calls without an answer yet count as taken; that is all they can do."""
    rig, before = Rig(model), model.rate
    for step in course:
        rig.happen(step)
        rate = rig.statistics().rate
        assert step.kind == "refused" or rate <= before * HAIR
        before = rate


@pytest.mark.parametrize("answer", ["accepted", "unanswered"])
def test_more_is_believed_when_it_was_accepted_and_not_when_nobody_knows(answer: str) -> None:
    """A guess of 10/s before a service that refuses nothing: 60 s later the rate has grown, or has not."""
    rig = Rig(BucketModel(TOTAL, trust=Trust.GUESS))
    while rig.now < 60:
        rig.run(
            [Step("send"), Step("wait", 0.01), Step("accepted" if answer == "accepted" else "unanswered")]
        )
    assert (rig.statistics().rate > 20) == (answer == "accepted")
    assert rig.statistics().rate >= 10


@pytest.mark.parametrize("quota", [TOTAL, Quota(10, 1), Quota(0.2, 1), Quota(100, 40)])
def test_calls_under_way_prove_nothing(quota: Quota) -> None:
    """Two hundred leave, as the model lets them, and as many when it does not; none is answered."""
    rig = Rig(BucketModel(quota, trust=Trust.GUESS))
    rig.run([Step("send"), Step("wait", 0.01)] * 200)
    assert rig.statistics().rate == quota.rate
    rig.run([Step("push"), Step("wait", 0.01)] * 200)
    assert rig.statistics().rate == quota.rate


def test_calls_of_unknown_fate_after_a_late_refusal_are_no_proof() -> None:
    """Thirty leave after the one that is refused at last, and none is answered: nothing was accepted."""
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
