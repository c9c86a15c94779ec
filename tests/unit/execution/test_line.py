"""Who stands in line, and who is likely to be next."""

from __future__ import annotations

from math import inf

import pytest

from batchgw.execution.upcoming import AHEAD, FRESH, Line, ahead_at
from batchgw.model import RestApiId

A, B, C = (RestApiId(name) for name in "abc")


def line(*in_work: RestApiId, **apis: list[int]) -> Line:
    made = Line()
    for api, changes in apis.items():
        made.join(RestApiId(api), changes)
    for api in in_work:
        made.take_up(api)
    return made


class TestNext:
    def test_apis_in_work_move_on_by_one_change_in_turn_and_the_others_come_later(self) -> None:
        assert line(A, B, a=[1, 2, 3], b=[4, 5], c=[6, 7]).next() == [1, 4, 2, 5, 3, 6, 7]

    def test_one_whose_turn_it_was_comes_after_the_others(self) -> None:
        made = line(A, B, a=[1, 2, 3], b=[4, 5])
        made.leave(A, 1)
        assert made.next() == [4, 2, 5, 3]

    def test_who_is_through_makes_room_for_one_more(self) -> None:
        made = line(A, B, a=[1], b=[2, 3], c=[4, 5])
        made.leave(A, 1)
        assert made.next() == [2, 4, 3, 5]

    def test_with_fewer_hands_fewer_take_turns(self) -> None:
        made = line(A, B, a=[1], b=[2, 3], c=[4, 5])
        made.leave(A, 1)
        made.put_down()
        assert made.next() == [2, 3, 4, 5]

    def test_one_hand_makes_them_in_order(self) -> None:
        assert line(A, a=[1, 2], b=[3, 4]).next() == [1, 2, 3, 4]

    def test_before_anything_is_in_work_they_are_in_order(self) -> None:
        assert line(a=[1, 2], b=[3, 4]).next() == [1, 2, 3, 4]

    def test_it_ends_somewhere(self) -> None:
        assert line(A, a=list(range(100))).next() == list(range(AHEAD))

    def test_it_ends_where_there_is_room_for_no_more(self) -> None:
        made = line(A, a=list(range(100)))
        made.room = 30
        assert made.next() == list(range(30))

    @pytest.mark.parametrize(("rate", "ahead"), [(0.2, 9), (10, 9), (45, 9), (100, 19), (250, 49), (inf, 49)])
    def test_the_room_is_for_a_fifth_of_a_second(self, rate: float, ahead: int) -> None:
        assert ahead_at(rate) == ahead

    def test_who_leaves_stands_nowhere_any_more(self) -> None:
        made = line(B, a=[1, 2], b=[3])
        for api, change in ((A, 2), (B, 3), (B, 99), (C, 1)):
            assert made.leave(api, change) is None
        assert made.next() == [1]

    def test_apis_without_a_change_hold_nobody_up(self) -> None:
        assert line(A, a=[], b=[3]).next() == [3]


class TestAhead:
    def test_what_comes_next_is_to_be_intended_but_for_what_is_already(self) -> None:
        made = line(A, a=[1, 2, 3])
        made.ahead = {2: 100.0}
        assert made.look_ahead(100.5) == ([1, 3], [])

    def test_what_has_aged_is_intended_anew_with_the_others(self) -> None:
        made = line(A, a=[1, 2])
        made.ahead = {1: 100.0, 2: 100.0 + FRESH}
        assert made.look_ahead(100.1 + FRESH) == ([1], [])

    def test_what_does_not_come_next_after_all_is_ahead_no_longer(self) -> None:
        made = line(A, a=list(range(100)))
        made.ahead = {50: 0.0, 3: 0.0}
        assert made.look_ahead(0.0) == ([0, 1, 2, 4, 5, 6, 7, 8], [50])
        assert made.ahead == {3: 0.0}

    def test_who_was_ahead_is_told_since_when_and_is_so_no_longer(self) -> None:
        made = line(a=[1, 2])
        made.ahead = {1: 7.5}
        assert made.leave(A, 1) == 7.5
        assert made.ahead == {}
        assert made.leave(A, 1) is None
        assert made.next() == [2]
