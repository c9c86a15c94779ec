"""Servers that tests start: they start in time, listen on loopback, and end when the test ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.emulator import Emulator
from tests.integration.server import ServerFailed, serving

SILENT = "import time\ntime.sleep(600)\n"
BROKEN = "raise SystemExit('no such port')\n"
SERVER = """\
import http.server
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
print(f"Running on http://127.0.0.1:{server.server_port}")
server.serve_forever()
"""


def module(folder: Path, text: str) -> dict[str, str]:
    """Write the module `pretender`, and give the environment that finds it."""
    (folder / "pretender.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    environment = module(tmp_path, SILENT)
    with (
        pytest.raises(ServerFailed, match=r"no address after 0\.5 s"),
        serving("pretender", folder=tmp_path / "home", environment=environment, timeout=0.5),
    ):
        pytest.fail("it cannot be used")


def test_a_server_that_ends_is_not_waited_for(tmp_path: Path) -> None:
    environment = module(tmp_path, BROKEN)
    with (
        pytest.raises(ServerFailed, match=r"ended with 1: no such port"),
        serving("pretender", folder=tmp_path / "home", environment=environment),
    ):
        pytest.fail("it cannot be used")


def test_a_server_ends_with_its_block_even_when_a_test_fails(tmp_path: Path) -> None:
    ports = []

    def failing() -> None:
        with serving("pretender", folder=tmp_path / "home", environment=module(tmp_path, SERVER)) as url:
            ports.append(int(url.rpartition(":")[2]))
            socket.create_connection(("127.0.0.1", ports[0])).close()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]))


STARTER = """\
import sys, time
from pathlib import Path
from tests.integration.server import serving
with serving("pretender", folder=Path(sys.argv[1]), environment={"PYTHONPATH": sys.argv[2]}) as url:
    print(url, flush=True)
    time.sleep(600)
"""


def test_a_server_ends_with_a_starter_that_is_killed(tmp_path: Path) -> None:
    """Nothing runs `finally` after kill -9. The server ends because its standard input has ended."""
    module(tmp_path, SERVER)
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "home"), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline().rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port)).close()
        os.kill(starter.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    pytest.fail("it is still there")


def test_the_emulators_listen_on_one_loopback_address_only(emulator: Emulator) -> None:
    """The port is free on every other address, so the server listens on loopback only."""
    port = int(emulator.url.rpartition(":")[2])
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as elsewhere:
        elsewhere.bind(("127.0.0.2", port))
