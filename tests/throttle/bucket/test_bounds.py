"""What is bounded: the level by the burst, the rate by floor and ceiling, the delay, and memory."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgw.throttle.bucket.beginning import FLOOR
from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.bucket.refill import MOST_SAMPLES, REMEMBERED
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.adversary import EXTREME, Kind, Rig, Step, models, steps

ALL: tuple[Kind, ...] = ("wait", "send", "push", "ask", "accepted", "refused", "refund", "unanswered")


def within_bounds(rig: Rig, floor: float) -> None:
    statistics = rig.statistics()
    assert isfinite(statistics.level)
    assert statistics.level <= statistics.burst
    assert floor <= statistics.rate <= statistics.ceiling
    rig.delay()


@given(model=models(), began=st.sampled_from([0.0, 1e5, 1.7e9]), course=steps(*ALL, waits=EXTREME))
def test_beliefs_stay_within_bounds(model: BucketModel, began: float, course: list[Step]) -> None:
    """Time may stand still or jump. Calls may leave without being allowed to. Answers may never come."""
    rig = Rig(model, now=began)
    floor = FLOOR * (rig.statistics().stated or TOTAL.rate)
    rig.run(course, lambda _: within_bounds(rig, floor))


@pytest.mark.parametrize(
    "quota", [None, Quota(10, 1), Quota(1 / 30, 1), Quota(5000, 10_000), Quota(5000, 1), Quota(1 / 30, 40)]
)
@pytest.mark.parametrize("kind", ["accepted", "refused", "refund", "unanswered"])
def test_beliefs_stay_within_bounds_when_every_answer_is_the_same(quota: Quota | None, kind: Kind) -> None:
    rig = Rig(BucketModel(quota))
    floor = FLOOR * (rig.statistics().stated or TOTAL.rate)
    for _ in range(300):
        rig.run([Step("send"), Step("wait", 0.1), Step(kind, -1.0)])
        within_bounds(rig, floor)


def test_time_may_go_back_a_little() -> None:
    """An answer may be reported late, with the time at which it came."""
    model = BucketModel(TOTAL)
    model.sent(5.0)
    model.accepted(5.0, 4.9)
    model.sent(4.8)
    model.refused(4.8, 4.7)
    assert model.delay(4.6) >= 0
    assert model.statistics(4.6).level <= TOTAL.burst


def containers(
    thing: object, seen: set[int]
) -> Iterator[deque[object] | list[object] | dict[object, object]]:
    """Yield each container in an object: whatever could grow."""
    if id(thing) in seen or isinstance(thing, type):
        return
    seen.add(id(thing))
    if isinstance(thing, deque | list | dict):
        yield thing
    fields = [*getattr(thing, "__dict__", {}), *getattr(type(thing), "__slots__", ())]
    for name in fields:
        yield from containers(getattr(thing, name, None), seen)


@pytest.mark.parametrize("trust", Trust)
def test_memory_is_bounded(trust: Trust) -> None:
    """Every third call is refused. Nothing grows between 15,000 and 30,000 calls."""
    rig = Rig(BucketModel(Quota(100, 40), trust=trust))
    sizes = []
    for _ in range(2):
        rig.run(
            [
                Step("push"),
                Step("accepted"),
                Step("push"),
                Step("unanswered"),
                Step("push"),
                Step("refused", -1.0),
            ]
            * 5000
        )
        rig.happen(Step("wait", 100.0))
        found = list(containers(rig.pacer, set()))
        assert any(isinstance(each, deque) for each in found)
        assert max(len(each) for each in found) <= max(REMEMBERED, MOST_SAMPLES)
        sizes.append(sum(sys.getsizeof(each) for each in found))
    assert sizes[1] == pytest.approx(sizes[0], rel=0.1)
