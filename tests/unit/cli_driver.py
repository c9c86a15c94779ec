"""Drives the command line from tests: in this process, with its streams, against a simulated world."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from batchgw.cli.main import run
from batchgw.simulator.over_http.options import ReadyInfo, ServeOptions
from batchgw.simulator.over_http.serve import running
from batchgw.throttle.quota import SERVICES

POLICY = """\
version: 1
targets:
  regions: [eu-west-1, us-east-1]
  accounts: ["111111111111", "222222222222"]
  role: OrganizationBatchgw
responses:
  DEFAULT_4XX: {headers: {X-Test: "1"}}
  THROTTLED: default
"""
"""Eight APIs, sixteen API-types, in the world that `served` makes."""


@dataclass(frozen=True)
class Result:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def batchgw(*arguments: str | Path, stdin: str = "") -> Result:
    """Run a command."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin.encode()))
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = run([str(a) for a in arguments])
    finally:
        sys.stdin = before
    return Result(code=code, out=out.getvalue(), err=err.getvalue())


def clean_environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Leave nothing of the machine's own configuration."""
    import os  # noqa: PLC0415 - for this alone

    for name in list(os.environ):
        if name.startswith(("AWS_", "BATCHGW_", "XDG_")) or name in ("NO_COLOR", "HTTPS_PROXY", "HTTP_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(folder)


def ask_services_at_once(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Ask other services than API Gateway without pauses, where a test is not about their pace."""
    every = "".join(f"  {name}: {{rate: 1000, burst: 1000}}\n" for name in SERVICES)
    (folder / "quotas.yaml").write_text(f"services:\n{every}")
    monkeypatch.setenv("BATCHGW_QUOTA_FILE", str(folder / "quotas.yaml"))


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[ReadyInfo]:
    """Serve a small fast world, and point the environment at it."""
    settings: dict[str, Any] = {
        "apis": 8,
        "accounts": 2,
        "regions": 2,
        "no_throttle": True,
        "latency": 0,
        "latency_p99": 0,
    }
    with running(ServeOptions(**(settings | options))) as info:
        keys = info.keys[info.management_account]
        monkeypatch.setenv("AWS_ENDPOINT_URL", info.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["secret_access_key"])
        yield info
