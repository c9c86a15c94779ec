"""Regions that share a quota are recognised. Regions that are only refused at the same time are not."""

from __future__ import annotations

from random import Random

import pytest

from batchgw.throttle.quota import TOTAL
from batchgw.throttle.shared_quota import (
    ACTIVE,
    APART,
    EXCESS,
    GRACE,
    JUST,
    LONG,
    OFTEN,
    PROOF,
    SharedQuotaDetector,
)
from tests.throttle.worlds.regions import Happened, What, play
from tests.throttle.worlds.remote import Others, Remote


def refuse(detector: SharedQuotaDetector[str], at: float, *names: str) -> frozenset[str]:
    """Let calls of all of them be refused, 0.1 s apart; give the result of the last."""
    found: frozenset[str] = frozenset()
    for number, name in enumerate(names):
        detector.sent(name, at + 0.1 * number)
        found = detector.refused(name, at + 0.1 * number)
    return found


def take(detector: SharedQuotaDetector[str], calls: int, *, until: float) -> None:
    """Let so many calls through until then, evenly since the last event."""
    since = detector._at or 0.0
    for call in range(calls):
        detector.accepted(since + (until - since) * (call + 1) / calls)


def test_those_refused_together_again_and_again_share_a_bucket() -> None:
    """Three at a time: three coincide the first time, and three the second time."""
    detector = SharedQuotaDetector[str](TOTAL)
    assert PROOF == 6
    assert not refuse(detector, 10.0, "a", "b", "c")
    assert not refuse(detector, 20.0, "a", "b")
    assert refuse(detector, 30.0, "a", "b", "c") == frozenset("abc")


def test_regions_that_begin_and_are_refused_together_once_prove_nothing() -> None:
    """Eight regions have equal buckets, smaller than stated. All are emptied at the same moment."""
    detector = SharedQuotaDetector[str](TOTAL)
    assert not refuse(detector, 10.0, *"abcdefgh")
    assert not refuse(detector, 10.0 + APART - 1, *"abcdefgh")
    assert refuse(detector, 20.0, *"abcdefgh") == frozenset("abcdefgh")


def test_a_region_that_has_not_called_for_a_while_does_not_count() -> None:
    detector = SharedQuotaDetector[str](TOTAL)
    detector.sent("c", 0.0)
    found = [refuse(detector, 10 * ACTIVE * number, "a", "b", "d") for number in range(1, 5)]
    assert found[-1] == frozenset("abd")


def test_those_who_are_refused_in_turn_do_not_coincide() -> None:
    """Ten seconds apart; all of them call all the time."""
    detector = SharedQuotaDetector[str](TOTAL)
    for number in range(60):
        for other in "abc":
            detector.sent(other, 10.0 * number)
        assert not detector.refused("abc"[number % 3], 10.0 * number)


def test_mostly_is_more_than_now_and_then() -> None:
    """Two of six refusals coincide: that may be chance."""
    detector = SharedQuotaDetector[str](TOTAL)
    for number in range(20):
        at = 30.0 * number
        moments = (at, at + 0.1, at + 5, at + 10, at + 15, at + 20)
        for name, moment in zip("ababab", moments, strict=True):
            detector.sent("a", moment)
            detector.sent("b", moment)
            assert not detector.refused(name, moment)


def test_several_refusals_of_one_are_one_event() -> None:
    """A volley of one region proves nothing about another."""
    detector = SharedQuotaDetector[str](TOTAL)
    for number in range(10):
        detector.sent("b", 10.0 * number)
        assert not refuse(detector, 10.0 * number, "a", "a", "a", "a", "a", "a")


def test_those_who_take_more_than_one_quota_gives_are_apart_for_good() -> None:
    """In 10 s one quota gives 140: with what is allowed for jitter, 151 calls are more."""
    detector = SharedQuotaDetector[str](TOTAL)
    detector.sent("a", 0.0)
    take(detector, int(EXCESS * 140 + GRACE) + 1, until=10.0)
    for number in range(20):
        assert not refuse(detector, 100.0 * (number + 1), "a", "b", "c")


def test_those_who_take_as_much_as_one_quota_gives_may_share_it() -> None:
    detector = SharedQuotaDetector[str](TOTAL)
    detector.sent("a", 0.0)
    take(detector, int(EXCESS * 140), until=10.0)
    found = [refuse(detector, 10.0 * number, "a", "b", "c") for number in range(2, 5)]
    assert found[-1] == frozenset("abc")


@pytest.mark.parametrize(
    ("part", "episodes", "shared"),
    [(1.0, OFTEN, True), (JUST - 0.02, OFTEN, False), (1.0, OFTEN - 1, False)],
)
def test_two_who_want_more_and_get_just_one_quota_share_it(
    part: float, episodes: int, *, shared: bool
) -> None:
    """They are never refused at the same moment, but together they get exactly one quota."""
    detector = SharedQuotaDetector[str](TOTAL)
    detector.sent("a", 0.0)
    found: frozenset[str] = frozenset()
    last = LONG + 2.5 * episodes
    for number in range(episodes):
        at = last - 5.0 * (episodes - 1 - number)
        take(detector, int(part * (40 + 10 * at)) - detector._accepted, until=at)
        for name, moment in (("a", at - 2.5), ("b", at)):
            detector.sent("a", moment)
            detector.sent("b", moment)
            found = detector.refused(name, moment)
    assert (found == frozenset("ab")) == shared


def recognised(diary: list[Happened]) -> float | None:
    """Give when the regions were found to share a quota; None if they were not."""
    detector = SharedQuotaDetector[int](TOTAL)
    for at, region, what in diary:
        match what:
            case What.LEFT:
                detector.sent(region, at)
            case What.ACCEPTED:
                detector.accepted(at)
            case What.REFUSED:
                if detector.refused(region, at):
                    return at
    return None


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("regions", "calls", "within"), [(2, 400, 90), (3, 200, 30), (4, 150, 20), (8, 50, 15)]
)
def test_regions_under_one_quota_are_recognised(regions: int, calls: int, within: float, seed: int) -> None:
    found = recognised(play([Remote(rate=10, burst=40)] * regions, calls=calls, seed=seed))
    assert found is not None
    assert found < within


@pytest.mark.parametrize("seed", range(3))
def test_regions_under_one_quota_with_a_neighbour_are_recognised(seed: int) -> None:
    shared = Remote(rate=10, burst=40, others=Others(rate=3), seed=seed)
    assert recognised(play([shared] * 3, calls=200, seed=seed)) is not None


def independent(seed: int) -> list[Happened]:
    """Two to eight regions with quotas of their own. In each, another caller takes a lot."""
    random = Random(f"independent/{seed}")
    remotes = [
        Remote(
            rate=10,
            burst=40,
            others=Others(rate=random.uniform(2, 7), batch=random.choice((1, 1, 3))),
            seed=100 * seed + region,
        )
        for region in range(random.randint(2, 8))
    ]
    return play(remotes, calls=300, seed=seed)


def test_regions_with_neighbours_of_their_own_are_not_accepted_for_one() -> None:
    assert [seed for seed in range(50) if recognised(independent(seed))] == []


@pytest.mark.parametrize("regions", [2, 3, 4])
def test_regions_whose_buckets_were_empty_at_first_are_not_accepted_for_one(regions: int) -> None:
    """All are refused in the first second. Then each gets its own quota."""
    for seed in range(5):
        remotes = [Remote(rate=10, burst=40, level=0) for _ in range(regions)]
        assert not recognised(play(remotes, calls=200, seed=seed))
