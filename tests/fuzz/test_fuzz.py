"""Each fuzzer, with a fixed number of cases and one seed. `python -m tests.fuzz` tries more."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import answers
from tests.fuzz.__main__ import fuzzers

CASES = 100


@pytest.mark.parametrize("name", fuzzers())
def test_no_case_breaks_its_promise(name: str) -> None:
    assert fuzzers()[name](CASES, 1) == CASES


def test_answers_keep_their_promise_where_hypothesis_throws_the_dice() -> None:
    """It remembers what failed, and shrinks it to the smallest answer that does."""
    with answers.checking() as checked:

        @settings(max_examples=40)
        @given(dice=st.randoms(use_true_random=False))
        def kept(dice: Random) -> None:
            checked(answers.case(dice))

        kept()
