"""Who stands in line, and who is likely to be next."""

from __future__ import annotations

from batchgw.execution.line import AHEAD, Line
from batchgw.model import RestApiId

A, B, C = (RestApiId(name) for name in "abc")


def line(hands: int, **apis: list[int]) -> Line:
    made = Line()
    made.hands = lambda: hands
    for api, changes in apis.items():
        made.join(RestApiId(api), changes)
    return made


def test_each_hand_makes_one_change_then_its_next_or_takes_the_next_api() -> None:
    assert line(2, a=[1, 2], b=[3], c=[4, 5]).next() == [1, 3, 2, 4, 5]


def test_one_hand_makes_them_in_order() -> None:
    assert line(1, a=[1, 2], b=[3, 4]).next() == [1, 2, 3, 4]


def test_what_was_taken_is_not_taken_again() -> None:
    long = line(1, a=list(range(100)))
    assert long.next() == list(range(AHEAD))
    assert long.next() == list(range(AHEAD, 2 * AHEAD))


def test_no_more_are_ahead_than_may_be() -> None:
    long = line(1, a=list(range(100)))
    long.ahead = dict.fromkeys(long.next()[:7], 0.0)
    assert len(long.next()) == AHEAD - 7


def test_who_leaves_stands_nowhere_any_more() -> None:
    made = line(1, a=[1, 2], b=[3])
    for api, change in ((A, 2), (B, 3), (B, 99), (C, 1)):
        assert made.leave(api, change) is None
    assert made.next() == [1]


def test_who_was_ahead_is_told_since_when_and_is_so_no_longer() -> None:
    made = line(1, a=[1, 2])
    made.ahead = {1: 7.5}
    assert made.leave(A, 1) == 7.5
    assert made.ahead == {}
    assert made.leave(A, 1) is None


def test_apis_without_a_change_hold_nobody_up() -> None:
    assert line(1, a=[], b=[3]).next() == [3]
