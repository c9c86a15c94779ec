"""Each fuzzer, with a fixed number of cases and one seed. `python -m tests.fuzz` tries more."""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import fuzzers

CASES = 100


@pytest.mark.parametrize("name", fuzzers())
def test_no_case_breaks_its_promise(name: str) -> None:
    assert fuzzers()[name](CASES, 1) == CASES
