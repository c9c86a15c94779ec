"""Each emulator runs once per session and is empty at the beginning of every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.aws.stub import only_test_configuration
from tests.integration.emulator import RESET, Emulator, ministack, moto


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with moto(tmp_path_factory.mktemp("moto")) as running:
        yield running


@pytest.fixture(scope="session")
def ministack_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with ministack(tmp_path_factory.mktemp("ministack")) as running:
        yield running


@pytest.fixture(params=["moto", "ministack"])
def emulator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Each of the two in turn, empty, and its keys in the environment."""
    return _emptied(request.getfixturevalue(f"{request.param}_server"), monkeypatch)


@pytest.fixture
def only_moto(moto_server: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    return _emptied(moto_server, monkeypatch)


@pytest.fixture
def only_ministack(ministack_server: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    return _emptied(ministack_server, monkeypatch)


def _emptied(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    emulator.post(RESET[emulator.name])
    only_test_configuration(monkeypatch)
    for name, value in emulator.keys.environment.items():
        monkeypatch.setenv(name, value)
    return emulator
