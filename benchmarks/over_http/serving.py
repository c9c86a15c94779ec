"""Starts the benchmarks' server in a process of its own, asks it what it saw, and stops it."""

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
from benchmarks.over_http.calls import LOAD, STATE, LoggedCall

PATIENCE = 30.0
"""Seconds to wait for an answer: a log may be long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the server has done so far.

    Attributes:
        now: seconds since it began.
        cpu: its CPU seconds since it began.
        late: the largest delay of its event loop since it was asked last, in seconds.
        neighbours: accepted and refused calls of the neighbours, by scope.
    """

    now: float
    cpu: float
    late: float
    neighbours: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the server saw of some accounts: their calls, and the APIs that are not as asked."""

    calls: tuple[LoggedCall, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server. `keys` and `apis` are by account; the first account manages the organisation."""

    options: ServeOptions
    endpoint: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    keys: Mapping[str, Mapping[str, str]]
    apis: Mapping[str, Mapping[str, Sequence[str]]]

    def load(self) -> Load:
        """Ask what it has done so far."""
        return Load(**self._ask(LOAD))

    def seen(
        self, accounts: Sequence[str], *, since: float, response_type: str, put: Mapping[str, Any]
    ) -> Seen:
        """The calls of these accounts since a moment, and which of their APIs are not as `put` says."""
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
    """Serve a world as long as the `with` lasts. Raises RuntimeError when the server does not start."""
    command = [sys.executable, "-m", "benchmarks.over_http.server", options_text(options)]
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
                process.stdin.close()  # the server ends with its standard input
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()


def options_text(options: ServeOptions) -> str:
    """Write options as text for the command line. `server.options_from` reads them unchanged."""
    return b64encode(pickle.dumps(options)).decode()
