"""A polite run probes seldom, and spends none of the reserve between probes. Worked by hand."""

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


def refuse_in_time(subject: PoliteProbe, *, rate: float = RATE, before: float = RATE) -> None:
    """The refusal that ends a probe: not an early one."""
    subject.refused(since=1000.0, before=before, rate=rate)


def interval(subject: PoliteProbe) -> float:
    """Seconds until the next probe begins."""
    subject.calm()
    for step in range(10_000):
        subject.advance(0.1, RATE)
        if subject.speed:
            return step * 0.1
    raise AssertionError


def test_nothing_is_overspent_until_a_probe_is_due() -> None:
    subject = probe()
    advance(subject, SOON - 0.1)
    assert (subject.speed, subject.extra) == (0.0, 0.0)
    advance(subject, 0.2)
    assert subject.speed == DESCENT * RATE


def test_at_a_low_rate_a_probe_has_a_least_speed() -> None:
    subject = probe()
    advance(subject, SOON + 0.1, rate=0.1)
    assert subject.speed == LEAST_DESCENT


def test_probes_become_rarer_down_to_one_a_minute() -> None:
    subject = probe()
    assert interval(subject) == pytest.approx(SOON, abs=0.2)
    refuse_in_time(subject)
    assert interval(subject) == pytest.approx(RARER * SOON, abs=0.2)
    for _ in range(5):
        refuse_in_time(subject)
    assert interval(subject) == pytest.approx(SELDOM, abs=0.2)


@pytest.mark.parametrize(
    ("rate", "soon"), [((1 + 1.1 * NEWS) * RATE, True), ((1 + 0.9 * NEWS) * RATE, False)]
)
def test_after_a_large_change_of_the_rate_the_next_probe_comes_soon(rate: float, soon: bool) -> None:  # noqa: FBT001
    subject = probe()
    for _ in range(5):
        refuse_in_time(subject)
    refuse_in_time(subject, before=RATE, rate=rate)
    assert interval(subject) == pytest.approx(SOON if soon else SELDOM, abs=0.2)


def test_after_more_was_found_the_next_probe_comes_soon() -> None:
    subject = probe()
    for _ in range(5):
        refuse_in_time(subject)
    subject.found_more()
    assert interval(subject) == pytest.approx(SOON, abs=0.2)


def test_an_early_refusal_enlarges_the_reserve_and_leaves_the_interval() -> None:
    subject = probe()
    before = subject.reserve
    subject.refused(since=0.1, before=RATE, rate=RATE)
    assert subject.reserve == 1.5 * before + 1
    assert interval(subject) == pytest.approx(SOON, abs=0.2)


def test_in_a_slow_bucket_the_interval_is_longer() -> None:
    assert interval(probe(scale=5.0)) == pytest.approx(5 * SOON, abs=0.2)


@pytest.mark.parametrize(
    ("needed", "seconds"),
    [
        (RATE * SOON / 2, SOON / 2),  # all of it is refilled before the probe
        (RATE * SOON + 2 * RATE, SOON + 1),  # in the last second, half is refilled and half is overspent
    ],
)
def test_how_long_it_takes_until_calls_are_refilled_or_overspent(needed: float, seconds: float) -> None:
    assert probe().until(needed, RATE) == pytest.approx(seconds)


def refusals(*, polite: bool) -> int:
    """How many calls are refused in ten minutes, where others leave us 5 of 10 calls/s."""
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


def test_a_polite_run_is_refused_less_than_half_as_often() -> None:
    """In ten minutes come four probes until they are a minute apart, and nine more. Each costs a refusal."""
    assert 10 <= refusals(polite=True) <= 20
    assert refusals(polite=False) > 2 * refusals(polite=True)
