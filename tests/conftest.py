"""What all tests share: a slow machine is no failure, and no file of the user is read or written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import botocore
import pytest
import typer.main
from botocore.hooks import EVENT_ALIASES, EventAliaser
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import HealthCheck, settings

from batchgw.control_plane.aws import tls
from tests.compiled_once import compiled_once

EXAMPLES = 40
"""Of a property, where its test says no other number. `--hypothesis-profile thorough` tries a thousand."""

settings.register_profile(
    "patient", max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", parent=settings.get_profile("patient"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "patient")
settings.register_profile("quick", parent=settings(), max_examples=10)  # scripts/pythons
settings.register_profile("thorough", parent=settings(), max_examples=1_000)  # by hand, or by night

_numbers = count()
_BOTOCORE = Path(botocore.__file__).parent


@pytest.fixture(scope="session", autouse=True)
def botocore_reads_its_data_once() -> Iterator[None]:
    """Keep the descriptions of the services: reading them is most of the cost of a connection."""
    load = JSONFileLoader.load_file
    load_once = cache(lambda path: load(JSONFileLoader(), path))

    def load_file(self: JSONFileLoader, path: str) -> object:
        return load_once(path) if Path(path).is_relative_to(_BOTOCORE) else load(self, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", load_file)
        yield


@pytest.fixture(scope="session", autouse=True)
def botocore_prepares_a_session_once() -> Iterator[None]:
    """Keep what every session of botocore works out anew: its events' other names, and its services."""
    alias, services = EventAliaser._alias_event_name, Loader.list_available_services
    aliases: dict[str, str] = {}
    found: dict[object, list[str]] = {}

    def alias_event_name(self: EventAliaser, name: str) -> str:
        if self._event_aliases != EVENT_ALIASES:
            return str(alias(self, name))
        if name not in aliases:
            aliases[name] = str(alias(self, name))
        return aliases[name]

    def list_available_services(self: Loader, type_name: str) -> list[str]:
        paths = (type_name, *self.search_paths)
        if paths not in found:
            found[paths] = services(self, type_name)
        return [*found[paths]]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EventAliaser, "_alias_event_name", alias_event_name)
        patch.setattr(Loader, "list_available_services", list_available_services)
        yield


@pytest.fixture(scope="session", autouse=True)
def authorities_are_read_once() -> Iterator[None]:
    """Keep the context that trusts the usual authorities: to read them takes OpenSSL 0.1 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tls, "_with_usual_authorities", cache(tls._with_usual_authorities))
        yield


@pytest.fixture(scope="session", autouse=True)
def the_command_line_is_built_once() -> Iterator[None]:
    """Keep the parser: batchgw's own process builds it once, but tests would build it for every command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def a_statement_is_compiled_once() -> Iterator[None]:
    """Keep compiled statements."""
    with compiled_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def no_journal_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give the session a state folder and a journal that are not the user's; module fixtures use them, too.

    The session fails if something was written to the user's folder all the same.
    """
    own = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "batchgw"
    before = _written(own)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
        patch.delenv("BATCHGW_JOURNAL", raising=False)
        yield
    assert _written(own) == before, f"something wrote to {own}, which is the user's folder"


def _written(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.glob("*")}


@pytest.fixture(autouse=True)
def no_journal_of_another_test(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Let no test use what another has learned of quotas: both may get the same port."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / f"state-{next(_numbers)}"))
