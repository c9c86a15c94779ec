"""Others first: the floor is touched seldom, and the reserve is left alone until then. Worked by hand."""

from __future__ import annotations

import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.bucket.polite import DESCENT, LEAST_DESCENT, NEWS, RARER, SELDOM, SOON, PoliteProbe
from batchgw.throttle.quota import TOTAL
from tests.throttle.worlds.adversary import Rig, Step

RATE = 4.0


def probe(scale: float = 1.0) -> PoliteProbe:
    return PoliteProbe(burst=40.0, scale=scale)


def advance(subject: PoliteProbe, seconds: float, rate: float = RATE) -> None:
    for _ in range(round(seconds / 0.01)):
        subject.advance(0.01, rate)


def touch(subject: PoliteProbe, *, rate: float = RATE, before: float = RATE) -> None:
    """A refusal when it was due."""
    subject.refused(since=1000.0, before=before, rate=rate)


def waiting(subject: PoliteProbe) -> float:
    """Seconds until the next touch begins."""
    subject.calm()
    for step in range(10_000):
        subject.advance(0.1, RATE)
        if subject.speed:
            return step * 0.1
    raise AssertionError


def test_nothing_is_overspent_until_a_touch_is_due() -> None:
    subject = probe()
    advance(subject, SOON - 0.1)
    assert (subject.speed, subject.extra) == (0.0, 0.0)
    advance(subject, 0.2)
    assert subject.speed == DESCENT * RATE


def test_a_low_rate_descends_all_the_same() -> None:
    subject = probe()
    advance(subject, SOON + 0.1, rate=0.1)
    assert subject.speed == LEAST_DESCENT


def test_touches_come_more_seldom_up_to_one_a_minute() -> None:
    subject = probe()
    assert waiting(subject) == pytest.approx(SOON, abs=0.2)
    touch(subject)
    assert waiting(subject) == pytest.approx(RARER * SOON, abs=0.2)
    for _ in range(5):
        touch(subject)
    assert waiting(subject) == pytest.approx(SELDOM, abs=0.2)


@pytest.mark.parametrize(
    ("rate", "soon"), [((1 + 1.1 * NEWS) * RATE, True), ((1 + 0.9 * NEWS) * RATE, False)]
)
def test_after_news_it_looks_again_soon(rate: float, soon: bool) -> None:  # noqa: FBT001
    subject = probe()
    for _ in range(5):
        touch(subject)
    touch(subject, before=RATE, rate=rate)
    assert waiting(subject) == pytest.approx(SOON if soon else SELDOM, abs=0.2)


def test_more_than_believed_is_news() -> None:
    subject = probe()
    for _ in range(5):
        touch(subject)
    subject.found_more()
    assert waiting(subject) == pytest.approx(SOON, abs=0.2)


def test_an_early_refusal_grows_the_reserve_and_changes_no_schedule() -> None:
    subject = probe()
    before = subject.reserve
    subject.refused(since=0.1, before=RATE, rate=RATE)
    assert subject.reserve == 1.5 * before + 1
    assert waiting(subject) == pytest.approx(SOON, abs=0.2)


def test_a_slow_bucket_takes_its_time() -> None:
    assert waiting(probe(scale=5.0)) == pytest.approx(5 * SOON, abs=0.2)


@pytest.mark.parametrize(
    ("needed", "seconds"),
    [
        (RATE * SOON / 2, SOON / 2),  # refilled before the touch
        (RATE * SOON + 2 * RATE, SOON + 1),  # then as much again is overspent
    ],
)
def test_how_long_it_takes_until_calls_are_refilled_or_overspent(needed: float, seconds: float) -> None:
    assert probe().until(needed, RATE) == pytest.approx(seconds)


def refusals(*, polite: bool) -> int:
    """Calls of ten minutes that are refused where 5 of 10 calls/s are left."""
    rig, level, refused = Rig(BucketModel(TOTAL, polite=polite)), 40.0, 0
    while rig.now < 600:
        before = rig.now
        rig.run([Step("send"), Step("wait", 0.02)])
        level = min(40.0, level + 5 * (rig.now - before))
        taken = level >= 1
        level -= taken
        refused += not taken
        rig.run([Step("accepted" if taken else "refused", -1.0)])
    return refused


def test_the_floor_is_touched_a_few_times_in_ten_minutes() -> None:
    """Four until it is once a minute, and nine more; a run in a hurry touches it four times as often."""
    assert 10 <= refusals(polite=True) <= 20
    assert refusals(polite=False) > 2 * refusals(polite=True)
