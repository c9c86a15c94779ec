"""The benchmarks' server as its parent sees it: started in a process of its own, asked, and stopped."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from batchgw.simulator.over_http.options import ServeOptions
from benchmarks.harness.calls import STATE, WATCH, LoggedCall

PATIENCE = 30.0
"""Seconds that an answer about a long log may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the server had to do until `now` (seconds since it began).

    `cpu` seconds are counted from its start; `late` is how many seconds its event loop was late at most since
    it was asked last; `neighbours` has the others' accepted and refused calls by scope.
    """

    now: float
    cpu: float
    late: float
    neighbours: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the server saw of some accounts: calls, and the APIs that are not as they should be."""

    calls: tuple[LoggedCall, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs. `keys` and `apis` are by account; the first account manages the organisation."""

    options: ServeOptions
    endpoint: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    keys: Mapping[str, Mapping[str, str]]
    apis: Mapping[str, Mapping[str, Sequence[str]]]

    def load(self) -> Load:
        """How busy it was."""
        return Load(**self._ask(WATCH))

    def seen(
        self, accounts: Sequence[str], *, since: float, response_type: str, put: Mapping[str, Any]
    ) -> Seen:
        """What came from these accounts since a moment, and which of their APIs are not as `put` says."""
        asked = {"accounts": list(accounts), "since": since, "type": response_type, "put": put}
        found = self._ask(STATE, json.dumps(asked).encode())
        return Seen(
            calls=tuple(LoggedCall.from_json(row) for row in found["calls"]),
            wrong=tuple(found["wrong"]),
        )

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        url = self.endpoint + path
        with urllib.request.urlopen(url, body, timeout=PATIENCE) as answer:  # noqa: S310 - loopback
            return json.load(answer)


@contextmanager
def serving(options: ServeOptions) -> Iterator[Server]:
    """Serve a world for the length of a `with`. Raises RuntimeError when the server does not start."""
    command = [sys.executable, "-m", "benchmarks.harness.server", options_text(options)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError("the benchmarks' server did not start; its message is above")
            ready = json.loads(line)
            yield Server(
                options=options,
                endpoint=ready["endpoint"],
                accounts=tuple(ready["accounts"]),
                regions=tuple(ready["regions"]),
                keys=ready["keys"],
                apis=ready["apis"],
            )
        finally:
            if process.stdin is not None:
                process.stdin.close()  # its end is what the server waits for
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()


def options_text(options: ServeOptions) -> str:
    """Write options as the server reads them: whatever there is in them, it arrives as it is."""
    return b64encode(pickle.dumps(options)).decode()
