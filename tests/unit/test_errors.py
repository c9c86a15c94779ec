"""The tree at the top of `errors` says what the classes below it are."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping

import pytest

from batchgw import errors
from batchgw.errors import BatchgwError

_ENTRY = re.compile(r"^(?P<branch>[ │├└─]*)(?P<name>[A-Z]\w+) {2,}(?P<text>.*)$")
_CODE = re.compile(r"(\d+)  ")
_STEP = 4
"""Columns by which a class stands to the right of the one it is derived from."""


def classes() -> Mapping[str, type[BatchgwError]]:
    """Every error that is defined there."""
    found = inspect.getmembers(errors, inspect.isclass)
    return {name: kind for name, kind in found if issubclass(kind, BatchgwError)}


def drawn() -> Iterator[tuple[str, str, str]]:
    """The tree's entries: a class, the one above it, and what is said of it."""
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if entry := _ENTRY.match(line):
            depth = len(entry["branch"]) // _STEP
            yield entry["name"], above[depth - 1] if depth else "", entry["text"]
            above[depth:] = [entry["name"]]


def test_every_error_stands_in_the_tree_once() -> None:
    """A class that is added, renamed or taken away changes the tree as well."""
    assert sorted(name for name, _, _ in drawn()) == sorted(classes())


@pytest.mark.parametrize(("name", "above"), [(name, above) for name, above, _ in drawn() if above])
def test_an_error_stands_below_the_one_it_is_derived_from(name: str, above: str) -> None:
    """The lines of the tree are the inheritance."""
    assert [base.__name__ for base in classes()[name].__bases__] == [above]


@pytest.mark.parametrize(
    ("name", "code"), [(name, int(code[1])) for name, _, text in drawn() if (code := _CODE.match(text))]
)
def test_an_exit_code_in_the_tree_is_the_errors_own(name: str, code: int) -> None:
    """What the tree says a command answers with is what it answers with."""
    assert classes()[name].exit_code == code


def test_an_error_with_an_exit_code_of_its_own_says_it_in_the_tree() -> None:
    """Whoever gives a class another code than the one above it has has to write it down."""
    own = {name for name, kind in classes().items() if "exit_code" in vars(kind)}
    told = {name for name, _, text in drawn() if _CODE.match(text)}
    assert own - told == {"BatchgwError"}
