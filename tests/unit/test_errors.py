"""The tree at the top of `errors` shows every error of the package: its place, its module, its exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import walk_packages

import pytest

import batchgw
from batchgw import errors
from batchgw.errors import AccessDenied, BatchgwError, ConnectionFailed, ReadingAged

_ENTRY = re.compile(r"^(?P<branch>[ │├└─]*)(?P<name>[A-Z]\w+) {2,}(?P<text>.*)$")
_CODE = re.compile(r"(\d+)  ")
_STEP = 4
"""Columns by which a class stands to the right of the one it is derived from."""


@cache
def classes() -> Mapping[str, type[BatchgwError]]:
    """Every error of the package, in whatever module: all of them are imported first."""
    for module in walk_packages(batchgw.__path__, "batchgw."):
        if module.name != "batchgw.__main__":
            import_module(module.name)
    found: tuple[type[BatchgwError], ...] = (BatchgwError, *below(BatchgwError))
    return {kind.__name__: kind for kind in found if is_ours(kind)}


def below(kind: type[BatchgwError]) -> Iterator[type[BatchgwError]]:
    """All that is derived from a class."""
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def is_ours(kind: type) -> bool:
    """Whether the package defines it, and not a test."""
    return kind.__module__.startswith("batchgw.")


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
def test_an_exit_code_in_the_tree_is_the_error_s(name: str, code: int) -> None:
    """What the tree says a command answers with is what it answers with."""
    assert classes()[name].exit_code == code


def test_an_error_with_an_exit_code_of_its_own_says_it_in_the_tree() -> None:
    """Whoever gives a class another code than the one above it has has to write it down."""
    own = {name for name, kind in classes().items() if "exit_code" in vars(kind)}
    told = {name for name, _, text in drawn() if _CODE.match(text)}
    assert own | {"BatchgwError"} <= told


def test_the_tree_names_the_module_of_an_error_that_stands_elsewhere() -> None:
    """`(in journal)` is where users import it from; no word means `errors`."""
    for name, kind in classes().items():
        told = re.search(rf"{name} .*?(?:\(in ([\w.]+)\)|(?=[├└]|\n\n))", errors.__doc__ or "", re.DOTALL)
        module = f"batchgw.{told[1]}" if told and told[1] else "batchgw.errors"
        assert getattr(import_module(module), name) is kind


def test_an_error_is_said_again_with_what_was_learned_since() -> None:
    """The first one stays as it was. A class that knows more, such as an endpoint, knows it again."""
    first = AccessDenied("no", code="Denied", status=403, request_id="r-1", retry_after=2.0)
    second = first.again(message="apigateway:GET was refused: no", request_id="r-2", sent=False)
    assert type(second) is AccessDenied
    assert (str(second), second.message) == ("apigateway:GET was refused: no",) * 2
    told = (second.code, second.status, second.request_id, second.retry_after, second.sent)
    assert told == ("Denied", 403, "r-2", 2.0, False)
    assert (str(first), first.message, first.request_id, first.sent) == ("no", "no", "r-1", True)
    assert ConnectionFailed("refused", endpoint="https://here").again(sent=False).endpoint == "https://here"
    aged = ReadingAged("too old").again()
    assert (type(aged), aged.sent) == (ReadingAged, False)
