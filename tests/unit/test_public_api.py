"""The package's door: lazy, sorted, and complete."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from enum import EnumType
from importlib import import_module
from inspect import getmembers_static, unwrap
from pathlib import Path
from types import FunctionType

import pytest

import batchgw
from batchgw import errors
from tests.unit.test_errors import classes

ROOT = Path(__file__).parents[2]
PUBLIC: list[str] = vars(batchgw)["__all__"]
PAGE = (ROOT / "docs/library.md").read_text()


def test_every_public_name_is_there() -> None:
    for name in PUBLIC:
        assert getattr(batchgw, name) is not None
    assert sorted(PUBLIC) == PUBLIC


RENAMED = {"VERSION": "__version__", "running": "simulated_api"}


def test_what_a_type_checker_sees_is_what_is_loaded() -> None:
    """The imports under TYPE_CHECKING and the table of origins name the same things."""
    tree = ast.parse((ROOT / "batchgw/__init__.py").read_text())
    seen = {
        alias.asname or RENAMED[alias.name]: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("batchgw.")
        for alias in node.names
    }
    loaded = {name: (f"batchgw.{home}", origin) for name, (home, origin) in batchgw._ORIGINS.items()}
    assert seen == loaded
    assert sorted(seen) == PUBLIC


def test_every_public_name_is_on_the_page_once_and_nothing_else_is() -> None:
    """Errors stand in the tree, everything else in a table."""
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    exported = {name for name, kind in classes().items() if name in PUBLIC}
    assert sorted([*rows, *exported, "Problem"]) == PUBLIC
    tree = (errors.__doc__ or "").split("\n\n")[1]
    assert f"```\n{tree}\n```" in PAGE


def test_the_page_names_every_value_of_a_choice() -> None:
    """So that none is called there as it was called once."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE))
    choices = {name: kind for name in PUBLIC if isinstance(kind := getattr(batchgw, name), EnumType)}
    del choices["ResponseType"]  # those are AWS's
    assert len(choices) > 1
    for name, kind in choices.items():
        assert set(re.findall(r"\b[A-Z][A-Z_]+\b", rows[name])) == set(kind.__members__), name


def test_every_error_is_public() -> None:
    assert set(classes()) <= set(PUBLIC)


def test_the_examples_import_nothing_but_the_package_itself() -> None:
    examples = sorted((ROOT / "examples").glob("*.py"))
    assert examples
    for path in examples:
        assert not re.search(r"\b(from|import) batchgw\.", path.read_text()), path.name


INNER = {
    "JsonForm": "how an operation is sent without botocore",
    "Reading": "how a control plane reads an answer",
    "Rate": "the simulated service's own quotas",
    "World": "what a simulated service has in it, made from `ServeOptions`",
    "Iam": "who may do what in a simulated world, made from a file of `simulate --iam`",
}
"""Classes in public signatures that no user of the library needs a name for, and what they are."""

MADE_WITHIN = {
    "AwsControlPlane.__init__": "`connect`",
    "Plan.__init__": "`Plan.open`",
    "Plan.of": "`plan`",
    "ReadyInfo.of": "`simulated_api`",
}
"""What makes objects that users are given, and who calls it for them."""

ALIASES = {"Sequence": Sequence, "Mapping": Mapping}
"""What JSON is made of: a text, read where it is used."""


def records() -> Iterator[type]:
    """Every public record, and every member of a public union."""
    for name in PUBLIC:
        kind = getattr(batchgw, name)
        yield from (
            each for each in (kind, *typing.get_args(kind)) if isinstance(each, type) and is_dataclass(each)
        )


@pytest.mark.parametrize("record", sorted(set(records()), key=str), ids=lambda record: record.__name__)
def test_what_a_public_record_holds_is_public(record: type) -> None:
    """An event, an outcome or a summary can be taken apart with names of `batchgw` alone."""
    home = ALIASES | vars(import_module(record.__module__))
    for name, kind in typing.get_type_hints(record, home).items():
        if not name.startswith("_"):
            found = {each.__name__ for each in ours(kind)} - set(INNER)
            assert found <= set(PUBLIC), f"{record.__name__}.{name}"


def ours(kind: object) -> Iterator[type]:
    """The classes of this package that stand in an annotation."""
    if isinstance(kind, type) and kind.__module__.startswith("batchgw."):
        yield kind
    for part in kind if isinstance(kind, list) else typing.get_args(kind):  # a list: Callable's parameters
        yield from ours(part)


def signatures() -> Iterator[tuple[str, FunctionType]]:
    """Every public function, and every public method and property of every public class."""
    for name in PUBLIC:
        thing = getattr(batchgw, name)
        found = {name: thing}
        if isinstance(thing, type):
            found = {
                f"{name}.{attribute}": getattr(member, "fget", None) or getattr(member, "__func__", member)
                for attribute, member in getmembers_static(thing)
                if attribute == "__init__" or not attribute.startswith("_")
            }
        for where, function in found.items():
            if where in MADE_WITHIN:
                continue
            if isinstance(function, FunctionType) and function.__module__.startswith("batchgw."):
                yield where, unwrap(function)


def test_what_stands_in_a_public_signature_is_public() -> None:
    """Whoever calls a verb or a method can name what goes in and what comes out."""
    missing: dict[str, list[str]] = {}
    used: set[str] = set()
    for where, function in signatures():
        for kind in typing.get_type_hints(function, ALIASES | function.__globals__).values():
            for each in ours(kind):
                used.add(each.__name__)
                if each.__name__ not in PUBLIC and each.__name__ not in INNER:
                    missing.setdefault(each.__name__, []).append(where)
    assert not missing
    assert used >= set(INNER), "an exception that nothing needs"


def test_an_unknown_name_is_refused_as_usual() -> None:
    assert not hasattr(batchgw, "manager")


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("aioboto3", "aiohttp", "botocore", "pydantic", "rich", "sqlalchemy", "structlog", "typer")
    code = f"import sys, batchgw; print([m for m in {heavy!r} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_command_line_s_help_loads_nothing_heavy() -> None:
    heavy = ("aioboto3", "aiohttp", "botocore", "pydantic", "sqlalchemy", "structlog")
    code = (
        "import sys\n"
        "from batchgw.cli.main import main\n"
        "sys.argv = ['batchgw', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stderr.strip().splitlines()[-1] == "[]"
