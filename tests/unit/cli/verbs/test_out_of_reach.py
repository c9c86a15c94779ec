"""Where nothing answers: said at once, given up when the user says so, and nothing left lying about."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Hold the files of the tests, temporary plans included."""
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setattr("batchgw.throttle.backoff.BASE", 0.001)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address at which nobody listens, as long as the socket is bound."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize("account", ["current", "111111111111"])
@pytest.mark.parametrize("verb", [("plan",), ("apply", "--yes")])
def test_an_endpoint_that_refuses_is_named_at_the_first_attempt(
    verb: tuple[str, ...], account: str, nowhere: str
) -> None:
    done = batchgw(*verb, "policy.yaml", "--endpoint-url", nowhere, "--account", account, "--attempts", "2")
    assert done.code == 4
    first = done.err.splitlines()[0]
    assert "batchgw.call.retried" in first
    assert f"cannot connect to {nowhere}: connection refused" in first


@pytest.mark.parametrize(("attempts", "warnings"), [("1", 0), ("5", 1)])
def test_attempts_bound_what_sts_is_asked_too(
    attempts: str, warnings: int, nowhere: str, folder: Path
) -> None:
    done = batchgw("plan", "policy.yaml", "--endpoint-url", nowhere, "--account", "current",
                   "--attempts", attempts, "--log-file", "run.log")  # fmt: skip
    assert done.code == 4
    assert done.err.count("batchgw.call.retried") == warnings
    assert (folder / "run.log").read_text().count("batchgw.call.retried") == int(attempts) - 1


def test_no_verb_leaves_a_plan_behind(folder: Path, monkeypatch: pytest.MonkeyPatch, nowhere: str) -> None:
    with served(monkeypatch):
        before = set(folder.iterdir())
        assert batchgw("plan", "policy.yaml").code == 2
        assert batchgw("check", "policy.yaml").code == 2
        assert batchgw("apply", "policy.yaml").code == 64  # nobody can be asked
        assert batchgw("apply", "policy.yaml", "--yes").code == 0
        assert batchgw("plan", "policy.yaml", "--endpoint-url", nowhere, "--attempts", "1").code == 4
    assert {path.name for path in set(folder.iterdir()) - before} == {"state"}
