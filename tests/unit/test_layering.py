"""Imports point down or sideways, never up; and some rooms are closed to others."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "batchgw"

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"exit_codes", "redaction", "times", "version", "wording"}),
    frozenset({"errors"}),
    frozenset({"concurrency", "model"}),
    frozenset({"events"}),
    frozenset({"policy", "planning", "throttle"}),
    frozenset({"control_plane", "journal", "simulator"}),
    frozenset({"discovery", "permissions", "report"}),
    frozenset({"execution"}),
    frozenset({"api"}),
    frozenset({"cli", "__main__"}),
)
"""From the bottom up."""

WITHIN: dict[str, tuple[frozenset[str], ...]] = {
    "policy": (
        frozenset({"findings", "form_rules", "quoting"}),
        frozenset({"grammar", "text"}),
        frozenset({"fields"}),
        frozenset({"presets"}),
        frozenset({"schema"}),
        frozenset({"diagnose", "jsonschema", "meaning", "sound_part", "starter"}),
        frozenset({"lint"}),
        frozenset({"document_check", "together"}),
        frozenset({"loader", "selecting", "single_response"}),
    ),
    "simulator": (
        frozenset({"documents", "iam", "reply", "service_models", "services"}),
        frozenset({"call", "world"}),
        frozenset({"permissions", "resources"}),
        frozenset({"operations", "traffic"}),
        frozenset({"data_plane"}),
        frozenset({"edits"}),
        frozenset({"engine"}),
        frozenset({"role_sessions"}),
        frozenset({"over_http", "plane", "simulated_data_plane"}),
    ),
    "throttle": (
        frozenset({"concurrency", "pacer", "queue", "quota"}),
        frozenset({"bucket"}),
        frozenset({"backoff", "flow", "memory", "shared_quota"}),
        frozenset({"limiter"}),
        frozenset({"limiters"}),
    ),
    "execution": (
        frozenset(
            {
                "comparison",
                "kinds",
                "looking",
                "probeable",
                "read_back",
                "responses",
                "schedule",
                "session",
                "signals",
                "stage_guards",
                "stage_images",
                "stages",
            }
        ),
        frozenset({"verifying"}),
        frozenset({"reading", "writing"}),
        frozenset({"rollout"}),
        frozenset({"running", "pruning"}),
    ),
    "execution/running": (
        frozenset({"application", "making"}),
        frozenset({"run"}),
        frozenset({"returning"}),
    ),
    "control_plane": (
        frozenset({"interface"}),
        frozenset({"advice", "regions", "endpoints", "event_fields", "operations", "readonly", "tries"}),
        frozenset({"classify", "given_up", "service_pace"}),
        frozenset({"session_state"}),
        frozenset({"limited", "limited_services", "retrying"}),
        frozenset({"aws", "stack"}),
        frozenset({"data_plane"}),
    ),
    "control_plane/aws": (
        frozenset({"addresses", "keys", "transport", "wire"}),
        frozenset({"client", "credentials", "signing"}),
        frozenset({"botocore_signer", "connections", "sts", "tls"}),
        frozenset({"assumed_role", "fast_path", "scope_credentials"}),
        frozenset({"clients", "plane"}),
        frozenset({"connection"}),
    ),
    "journal/sql": (
        frozenset({"database"}),
        frozenset({"tables"}),
        frozenset(
            {
                "chunk",
                "claims",
                "memory",
                "paging",
                "rollouts",
                "seen",
                "snapshots",
                "superseding",
                "write_buffer",
            }
        ),
        frozenset({"importing", "locks", "pending", "reading"}),
        frozenset({"runs"}),
        frozenset({"pruning"}),
        frozenset({"store"}),
        frozenset({"run"}),
        frozenset({"journal"}),
    ),
    "cli": (
        frozenset({"empty_selection", "garbage", "memory"}),
        frozenset({"flags"}),
        frozenset({"output", "role_options", "run_options"}),
        frozenset({"loading", "observers", "process_signals", "verb"}),
        frozenset({"signals"}),
        frozenset({"confirm", "session"}),
        frozenset({"moved_accounts", "proposing", "run_end"}),
        frozenset({"verbs"}),
        frozenset({"main"}),
    ),
}
"""The same within a folder: its modules and folders, from the bottom up."""

ALONE: dict[str, tuple[str, ...]] = {
    "simulator": ("operations", "traffic"),
    "policy": ("grammar", "text"),
    "control_plane": ("aws", "stack"),
    "control_plane/aws": ("client", "credentials", "signing"),
}
"""Folders and modules of one layer that do not import each other."""

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

PRIVATE: dict[str, str] = {"batchgw.journal.sql": "journal/opening.py"}
"""What only one module outside of it may import."""

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


@cache
def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    return name.removesuffix(".__init__")


MODULES = {dotted(path): path for path in modules()}
"""Every module of the package by its name."""


def where(path: Path) -> str:
    """Name a module by its place in the package, as the lists here do: `model/response.py`."""
    return path.relative_to(PACKAGE).as_posix()


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Give what a module is made of. Every rule reads every module, which is read once."""
    wanted = (ast.Import, ast.ImportFrom, ast.Name, ast.Attribute)
    return tuple(node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, wanted))


def imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "batchgw":
                yield from (f"batchgw.{alias.name}" for alias in node.names)


def level(name: str) -> int:
    return next(i for i, layer in enumerate(LAYERS) if name in layer)


def test_imports_never_point_up() -> None:
    wrong = [
        f"{where(path)} imports {name}, which lies above it"
        for path in modules()
        if room(path) != "__init__"  # the package's door names what lies inside, lazily
        for name in imports(path)
        if name.startswith("batchgw.") and level(name.split(".")[1]) > level(room(path))
    ]
    assert not wrong, "\n".join(wrong)


def test_closed_rooms_stay_closed() -> None:
    wrong = [
        f"{where(path)} imports {name}"
        for path in modules()
        for forbidden in CLOSED.get(room(path), ())
        for name in imports(path)
        if name == forbidden or name.startswith(forbidden + ".")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("private", "door"), PRIVATE.items())
def test_private_rooms_have_one_door(private: str, door: str) -> None:
    within = PACKAGE.parent / private.replace(".", "/")
    users = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        if not path.is_relative_to(within)
        and any(name == private or name.startswith(private + ".") for name in imports(path))
    }
    assert users == {door}


def test_the_pure_know_no_world() -> None:
    wrong = [
        f"{where(path)} imports {name}"
        for path in modules()
        if room(path) in PURE
        for name in imports(path)
        if name.split(".")[0] in WORLDLY
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("folder", WITHIN)
def test_no_import_within_a_folder_points_up(folder: str) -> None:
    order, within = WITHIN[folder], ["batchgw", *folder.split("/")]
    for path in (PACKAGE / folder).rglob("*.py"):
        own = path.relative_to(PACKAGE / folder).with_suffix("").parts[0]
        for name in imported_modules(path):
            parts = name.split(".")
            if parts[: len(within)] != within or len(parts) == len(within) or own == "__init__":
                continue
            other = parts[len(within)]
            for stranger in {own, other} - frozenset().union(*order):
                pytest.fail(f"{folder}/{stranger} stands in no layer of WITHIN")
            ours, theirs = (next(i for i, layer in enumerate(order) if n in layer) for n in (own, other))
            assert theirs <= ours, f"{folder}/{own} imports {name}, which lies above it"
            if own in ALONE.get(folder, ()):
                assert other == own or other not in ALONE[folder], f"{folder}/{own} imports {name}"


MOST = 16
"""Modules in one folder, its `__init__` included: what a reader takes in at a glance."""


def test_no_folder_is_crowded() -> None:
    folders = Counter(path.parent.relative_to(PACKAGE) for path in modules())
    assert {folder: count for folder, count in folders.items() if count > MOST} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even lazily: an import within a function counts as any other."""
    refuse_circle({name: imported_modules(path) for name, path in MODULES.items()})


@pytest.mark.parametrize("folder", sorted(name for name, path in MODULES.items() if path.stem == "__init__"))
def test_no_rooms_in_a_folder_import_each_other_in_a_circle(folder: str) -> None:
    """A folder counts as one with all that is in it, even where its modules by themselves make no circle."""
    graph: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        if name.startswith(f"{folder}."):
            own = within_folder(name, folder)
            others = {within_folder(other, folder) for other in imported_modules(path)}
            graph.setdefault(own, set()).update(others - {own, ""})
    refuse_circle(graph)


def within_folder(module: str, folder: str) -> str:
    """Name the module or folder of a folder in which a module is; "" for one that is elsewhere."""
    return module.removeprefix(f"{folder}.").partition(".")[0] if module.startswith(f"{folder}.") else ""


def refuse_circle(graph: Mapping[str, Collection[str]]) -> None:
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


@cache
def imported_modules(path: Path) -> frozenset[str]:
    """Give the modules that one imports. A module taken from its package is that module, not the package."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                within = f"{node.module}.{alias.name}"
                found.add(within if within in MODULES else node.module)
    return frozenset(found & set(MODULES))


def test_every_room_has_its_layer() -> None:
    for path in modules():
        if room(path) != "__init__":
            level(room(path))


RESPONSE_SPECIFIC = (
    "policy/",
    "simulator/",
    "model/__init__.py",
    "model/completion.py",
    "model/inheritance.py",
    "model/desired.py",
    "model/response.py",
    "model/response_change.py",
    "planning/coverage.py",
    "planning/deployment/",
    "planning/rollout/status.py",
    "planning/diff.py",
    "planning/merge.py",
    "planning/render.py",
    "planning/responses.py",
    "planning/stale.py",
    "control_plane/operations/",
    "execution/comparison.py",
    "execution/read_back.py",
    "execution/responses.py",
    "cli/verbs/policies/explain",
    "cli/verbs/put.py",
    "__init__.py",
)
"""What may know gateway responses. All else speaks of changes and their targets, of whatever kind."""

REGISTRIES = ("model/kinds.py", "planning/kinds.py", "execution/kinds.py")
"""What enters the kinds of change. They import what is about gateway responses, and name no type of it."""

OPEN = (
    "policy/",
    "cli/verbs/policies/explain.py",
    "simulator/",
    "model/__init__.py",
    "model/desired.py",
    "control_plane/operations/",
    "planning/deployment/",
    "planning/rollout/status.py",
    "execution/read_back.py",
    "cli/verbs/put.py",
    "__init__.py",
)
"""What is about gateway responses among other things, so that others may import it."""


def response_modules() -> set[str]:
    """Give the modules that only what is about gateway responses may import."""
    return {
        dotted(path)
        for path in modules()
        if where(path).startswith(RESPONSE_SPECIFIC) and not where(path).startswith(OPEN)
    }


def named(path: Path) -> set[str]:
    """Give every name in a module: those it imports, uses, and takes from something else."""
    found: set[str] = set()
    for node in nodes(path):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found.update(alias.name for alias in aliases)
            case _:
                pass
    return found


def test_only_what_is_about_gateway_responses_names_their_types() -> None:
    wrong = [
        f"{where(path)} names {name}"
        for path in modules()
        if not where(path).startswith(RESPONSE_SPECIFIC)
        for name in sorted(named(path) & {"ResponseType", "ResponseChange"})
    ]
    assert not wrong, "\n".join(wrong)


def test_only_what_is_about_gateway_responses_imports_what_is() -> None:
    specific = response_modules()
    wrong = [
        f"{where(path)} imports {name}"
        for path in modules()
        if not where(path).startswith((*RESPONSE_SPECIFIC, *REGISTRIES))
        for name in sorted(imported_modules(path) & specific)
    ]
    assert not wrong, "\n".join(wrong)


def test_what_only_gateway_responses_may_import_is_found() -> None:
    """Among it are the modules whose functions take a response type."""
    assert response_modules() >= {
        "batchgw.model.response",
        "batchgw.model.response_change",
        "batchgw.planning.coverage",
        "batchgw.planning.responses",
        "batchgw.execution.responses",
    }
