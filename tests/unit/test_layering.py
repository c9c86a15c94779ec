"""Imports point down or sideways, never up; and some rooms are closed to others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "batchgw"

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"clock", "errors", "redaction", "times", "version"}),
    frozenset({"model"}),
    frozenset({"events", "pool", "turns"}),
    frozenset({"policy", "planning", "throttle"}),
    frozenset({"control_plane", "journal", "simulator"}),
    frozenset({"discovery", "execution", "report", "planning.planner"}),
    frozenset({"api"}),
    frozenset({"cli", "__main__"}),
)
"""From the bottom up."""

CLOSED: dict[str, tuple[str, ...]] = {
    "simulator": ("batchgw.throttle",),
    "execution": ("batchgw.control_plane.aws", "batchgw.simulator"),
    "discovery": ("batchgw.control_plane.aws", "batchgw.simulator"),
    "planning": ("batchgw.control_plane.aws", "batchgw.simulator"),
    "report": ("batchgw.control_plane.aws", "batchgw.simulator"),
    "journal": ("batchgw.control_plane", "batchgw.simulator"),
    "api": ("batchgw.simulator",),
}
"""What a folder must never import, whatever the layers say."""

PURE = ("errors", "redaction", "model", "events", "policy", "planning", "throttle")
WORLDLY = (
    "aioboto3",
    "aiobotocore",
    "aiohttp",
    "boto3",
    "botocore",
    "sqlalchemy",
    "structlog",
    "rich",
    "typer",
)


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if ".".join(parts) == "planning.planner":
        return "planning.planner"
    return parts[0]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "batchgw":
                yield from (f"batchgw.{alias.name}" for alias in node.names)


def level(name: str) -> int:
    return next(i for i, layer in enumerate(LAYERS) if name in layer)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_never_point_up(path: Path) -> None:
    own = room(path)
    if own == "__init__":
        return  # the package's door names what lies inside, lazily
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "batchgw" or len(parts) == 1:
            continue
        other = "planning.planner" if parts[1:3] == ["planning", "planner"] else parts[1]
        assert level(other) <= level(own), f"{own} imports {name}, which lies above it"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_closed_rooms_stay_closed(path: Path) -> None:
    for forbidden in CLOSED.get(room(path), ()):
        for name in imports(path):
            assert name != forbidden
            assert not name.startswith(forbidden + "."), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_pure_know_no_world(path: Path) -> None:
    if room(path) in PURE:
        assert not {n.split(".")[0] for n in imports(path)} & set(WORLDLY)


def test_every_room_has_its_layer() -> None:
    for path in modules():
        if room(path) != "__init__":
            level(room(path))
