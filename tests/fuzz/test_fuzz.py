"""Each fuzzer, with a fixed number of cases and one seed. `python -m tests.fuzz` tries more."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import answers
from tests.fuzz.__main__ import fuzzers

FEW = {"answers": 100}
CASES = 1_000
"""Cases of the fuzzers that read a file, in one or two milliseconds. A case of answers is a whole apply."""


@pytest.mark.parametrize("name", fuzzers())
def test_no_case_breaks_its_promise(name: str) -> None:
    cases = FEW.get(name, CASES)
    assert fuzzers()[name](cases, 1) == cases


def test_answers_keep_their_promise_where_hypothesis_throws_the_dice() -> None:
    """Hypothesis remembers a failing answer, and shrinks it to the smallest one that fails."""
    with answers.checking() as checked:

        @settings(max_examples=40)
        @given(dice=st.randoms(use_true_random=False))
        def kept(dice: Random) -> None:
            checked(answers.case(dice))

        kept()
