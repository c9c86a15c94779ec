"""What all tests share: a busy machine is no failure, and nothing of the user's own is read or written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import botocore
import pytest
import typer.main
from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("patient"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "patient")
settings.register_profile("quick", parent=settings(), max_examples=10)  # scripts/pythons

_numbers = count()
_BOTOCORE = Path(botocore.__file__).parent


@pytest.fixture(scope="session", autouse=True)
def data_of_botocore_is_read_once() -> Iterator[None]:
    """Keep what describes the services: reading it anew is most of what a connection costs."""
    load = JSONFileLoader.load_file
    own = cache(lambda path: load(JSONFileLoader(), path))

    def load_file(self: JSONFileLoader, path: str) -> object:
        return own(path) if Path(path).is_relative_to(_BOTOCORE) else load(self, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", load_file)
        yield


@pytest.fixture(scope="session", autouse=True)
def the_command_line_is_put_together_once() -> Iterator[None]:
    """Keep the parser, too: a process of batchgw's own makes it once, a test's would for every command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_journal_of_the_user_s(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep fixtures of whole modules, too, away from the state folder and the journal of whoever tests.

    What a test's own process left there all the same fails the session.
    """
    own = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "batchgw"
    before = _written(own)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
        patch.delenv("BATCHGW_JOURNAL", raising=False)
        yield
    assert _written(own) == before, f"something wrote to {own}, which is the user's own"


def _written(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.glob("*")}


@pytest.fixture(autouse=True)
def no_journal_of_another_test_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Let no test start from what another has learned of quotas, should they get the same port."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / f"state-{next(_numbers)}"))
