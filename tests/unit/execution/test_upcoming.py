"""Which changes are likely to be made next, and whose intents are committed ahead of their calls."""

from __future__ import annotations

from math import inf

import pytest

from batchgw.execution.writing.upcoming import AHEAD, FRESH, Upcoming, ahead_at
from batchgw.model import RestApiId

A, B, C = (RestApiId(name) for name in "abc")


def upcoming(*in_work: RestApiId, **apis: list[int]) -> Upcoming:
    made = Upcoming()
    for api, changes in apis.items():
        made.add(RestApiId(api), changes)
    for api in in_work:
        made.begin_api(api)
    return made


class TestNext:
    def test_apis_in_work_take_turns_and_the_others_come_later(self) -> None:
        assert upcoming(A, B, a=[1, 2, 3], b=[4, 5], c=[6, 7]).next() == [1, 4, 2, 5, 3, 6, 7]

    def test_an_api_whose_change_was_made_comes_after_the_others(self) -> None:
        made = upcoming(A, B, a=[1, 2, 3], b=[4, 5])
        made.remove(A, 1)
        assert made.next() == [4, 2, 5, 3]

    def test_when_an_api_has_no_changes_left_the_next_api_follows(self) -> None:
        made = upcoming(A, B, a=[1], b=[2, 3], c=[4, 5])
        made.remove(A, 1)
        assert made.next() == [2, 4, 3, 5]

    def test_with_fewer_apis_in_work_fewer_take_turns(self) -> None:
        made = upcoming(A, B, a=[1], b=[2, 3], c=[4, 5])
        made.remove(A, 1)
        made.end_api()
        assert made.next() == [2, 3, 4, 5]

    def test_with_one_api_in_work_they_are_in_order(self) -> None:
        assert upcoming(A, a=[1, 2], b=[3, 4]).next() == [1, 2, 3, 4]

    def test_before_anything_is_in_work_they_are_in_order(self) -> None:
        assert upcoming(a=[1, 2], b=[3, 4]).next() == [1, 2, 3, 4]

    def test_there_are_no_more_than_a_second_of_them(self) -> None:
        assert upcoming(A, a=list(range(100))).next() == list(range(AHEAD))

    def test_there_are_no_more_than_may_be_ahead(self) -> None:
        made = upcoming(A, a=list(range(100)))
        made.most_ahead = 30
        assert made.next() == list(range(30))

    @pytest.mark.parametrize(("rate", "ahead"), [(0.2, 9), (10, 9), (45, 9), (100, 19), (250, 49), (inf, 49)])
    def test_as_many_may_be_ahead_as_are_made_in_a_fifth_of_a_second(self, rate: float, ahead: int) -> None:
        assert ahead_at(rate) == ahead

    def test_a_change_that_is_removed_does_not_come_again(self) -> None:
        made = upcoming(B, a=[1, 2], b=[3])
        for api, change in ((A, 2), (B, 3), (B, 99), (C, 1)):
            assert made.remove(api, change) is None
        assert made.next() == [1]

    def test_apis_without_a_change_are_passed_over(self) -> None:
        assert upcoming(A, a=[], b=[3]).next() == [3]


class TestAhead:
    def test_what_comes_next_is_to_be_intended_unless_it_is_already(self) -> None:
        made = upcoming(A, a=[1, 2, 3])
        made.ahead = {2: 100.0}
        assert made.refresh(100.5) == ([1, 3], [])

    def test_an_old_intent_is_committed_again_with_the_others(self) -> None:
        made = upcoming(A, a=[1, 2])
        made.ahead = {1: 100.0, 2: 100.0 + FRESH}
        assert made.refresh(100.1 + FRESH) == ([1], [])

    def test_what_does_not_come_next_after_all_is_withdrawn(self) -> None:
        made = upcoming(A, a=list(range(100)))
        made.ahead = {50: 0.0, 3: 0.0}
        assert made.refresh(0.0) == ([0, 1, 2, 4, 5, 6, 7, 8], [50])
        assert made.ahead == {3: 0.0}

    def test_a_change_that_is_removed_is_ahead_no_longer(self) -> None:
        made = upcoming(a=[1, 2])
        made.ahead = {1: 7.5}
        assert made.remove(A, 1) == 7.5
        assert made.ahead == {}
        assert made.remove(A, 1) is None
        assert made.next() == [2]
