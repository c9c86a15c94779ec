"""What the demos share: the simulated API in a process of its own, and commands that the reader sees."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

BATCHGW = os.path.relpath(Path(sys.executable).parent / "batchgw")
LONGEST = 300.0  # seconds: the server stops by itself after so long

opened = build_opener(ProxyHandler({})).open
"""Opens a URL on loopback, where no proxy leads."""


@contextmanager
def simulator(*options: str) -> Iterator[dict[str, Any]]:
    """Serve a world; give what it says when it is ready."""
    command = [BATCHGW, "simulate", *options, "--seed", "7", "--port", "0", "--max-seconds", str(LONGEST)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line:
                sys.exit("error: the simulated API did not start; its message is above")
            yield json.loads(line)
        finally:
            server.terminate()


def environment(ready: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """The caller's environment without its AWS settings, and with the simulated management account's keys."""
    keys = ready["keys"][ready["management_account"]]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "BATCHGW_"))}
    return clean | {
        "AWS_ACCESS_KEY_ID": keys["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
        "AWS_ENDPOINT_URL": ready["endpoint"],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "BATCHGW_JOURNAL": str(folder / "journal.db"),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def where(ready: Mapping[str, Any]) -> list[str]:
    """Give the flags that select all of the world."""
    flags = ["--region", ",".join(ready["regions"]), "--account", ",".join(ready["accounts"])]
    return [*flags, "--role-name", ready["role_name"]]


def told(command: list[str]) -> None:
    """Print a command as somebody would have typed it."""
    print(f"\n$ {shlex.join(command)}", flush=True)


def batchgw(arguments: list[str], env: Mapping[str, str]) -> int:
    """Run a command that nobody is asked by, and give its exit code."""
    command = [BATCHGW, *arguments]
    return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, check=False).returncode


def expect(arguments: list[str], expected: int, run: Callable[[list[str]], int]) -> None:
    """Run a command before the reader's eyes. Ends the demo when it does not exit as it should."""
    told([BATCHGW, *arguments])
    code = run(arguments)
    if code != expected:
        sys.exit(f"error: batchgw {arguments[0]} exited {code}, not {expected}; its message is above")
