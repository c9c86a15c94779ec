"""At most one rate decision in an episode: refusals of calls sent before the decision only set the level."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.adversary import Rig, Step, models, steps


@given(model=models(), course=steps("wait", "send", "push", "accepted", "refused", "refund", "unanswered"))
def test_one_decision_an_episode(model: BucketModel, course: list[Step]) -> None:
    rig = Rig(model)
    reacted = -1.0
    for step in course:
        before, answered = rig.statistics(), list(rig.in_flight)
        rig.happen(step)
        after = rig.statistics()
        if step.kind != "refused" or not answered:
            continue
        sent_at = answered[step.which % len(answered)]
        if (
            sent_at <= reacted or model._spurious.tried
        ):  # a refusal that is tested by a volley decides nothing
            assert after.rate == before.rate
            assert after.episodes == before.episodes
        else:
            assert after.episodes == before.episodes + 1
            reacted = rig.now


@settings(max_examples=50)
@given(together=st.integers(1, 60), quota=st.sampled_from([TOTAL, Quota(100, 40)]))
def test_a_volley_of_refusals_counts_once(together: int, quota: Quota) -> None:
    """However many calls were under way, rate and reserve are the same as after a single refusal."""
    one, many = (Rig(BucketModel(quota, trust=Trust.GUESS)) for _ in range(2))
    for rig, refused in ((one, 1), (many, together)):
        rig.run([Step("push")] * together)
        rig.run([Step("wait", 0.1)])
        rig.run([Step("refused", -1.0)] * refused)
    assert many.statistics().episodes == one.statistics().episodes == 1
    assert many.statistics().rate == one.statistics().rate
    assert many.statistics().refused == together


def test_what_left_after_the_reaction_begins_the_next_episode() -> None:
    rig = Rig(BucketModel(TOTAL))
    rig.run([Step("push"), Step("push"), Step("wait", 0.1), Step("refused", -1.0)])
    assert rig.statistics().episodes == 1
    rig.run([Step("push"), Step("refused", -1.0)])  # the second left before the reaction
    assert rig.statistics().episodes == 1
    rig.run([Step("wait", 0.1), Step("push"), Step("wait", 0.1), Step("refused", -1.0, 1)])
    assert rig.statistics().episodes == 2


def test_the_level_is_told_by_every_refusal() -> None:
    """A refusal of a later call shows that even then the bucket held less than one token."""
    model = BucketModel(TOTAL)
    for moment in (0.0, 0.1, 0.2):
        model.sent(moment)
    model.refused(0.0, 0.3)  # 0.5 at 0, refilled by 3, two left since: 1.5
    assert model.statistics(0.3).level == pytest.approx(1.5)
    model.refused(0.2, 0.3)  # 0.5 at 0.2, refilled by 1, none left since
    assert model.statistics(0.3).level == pytest.approx(1.5)
    model.refused(0.1, 0.3)  # 0.5 at 0.1, refilled by 2: nothing new, since at 0.2 it was no more
    assert model.statistics(0.3).level == pytest.approx(1.5)
