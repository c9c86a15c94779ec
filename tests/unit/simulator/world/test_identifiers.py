from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.simulator.world.identifiers import Identifiers, mixed

IDS = Identifiers(length=10, seed=7)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=36**10 - 1), st.integers(min_value=0, max_value=50))
def test_every_number_comes_back_from_its_id(number: int, seed: int) -> None:
    ids = Identifiers(length=10, seed=seed)
    assert ids.number(ids.of(number)) == number


def test_an_id_has_ten_lower_case_letters_and_digits() -> None:
    for number in (0, 1, 35, 36, 36**10 - 1):
        text = IDS.of(number)
        assert len(text) == 10
        assert text.isalnum()
        assert text == text.lower()


@pytest.mark.parametrize("length", [1, 2, 5, 6])
def test_ids_of_any_length_come_back(length: int) -> None:
    ids = Identifiers(length=length, seed=3)
    numbers = range(0, 36**length, max(1, 36**length // 97))
    assert [ids.number(ids.of(n)) for n in numbers] == list(numbers)
    assert {len(ids.of(n)) for n in numbers} == {length}


def test_ids_of_neighbours_do_not_look_alike() -> None:
    assert len({IDS.of(n)[:3] for n in range(100)}) > 90


@pytest.mark.parametrize("text", ["", "abc", "ABCDEFGHIJ", "abcdefghi-", "abcdefghijk"])
def test_what_can_be_no_id_has_no_number(text: str) -> None:
    assert IDS.number(text) is None


def test_another_seed_gives_other_ids() -> None:
    assert Identifiers(length=10, seed=8).of(1) != IDS.of(1)


def test_mixing_heeds_the_order() -> None:
    assert mixed(1, 2) != mixed(2, 1)
    assert 0 <= mixed(1, 2) < 2**64
