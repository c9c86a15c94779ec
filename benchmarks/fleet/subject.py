"""One program that checks the organisation, in a process of its own: `... KIND URL CA ACCOUNTS REGIONS APIS`.

It prints a line of JSON: what it took, and what it found. A program is a module of this package, by its name.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Protocol

from benchmarks.fleet.size import Size
from benchmarks.harness.cores import pin
from benchmarks.harness.memory import peak


class Check(Protocol):
    """The function `check` of a program. It gives how many APIs it read, and how many have drifted."""

    def __call__(self, url: str, ca: Path, size: Size) -> tuple[int, int]:
        """Read every API and compare it."""
        ...


def main(kind: str, url: str, ca: str, *size: str) -> None:
    """Check, and print the figures."""
    check: Check = import_module(f"benchmarks.fleet.{kind}").check
    began, cpu = time.perf_counter(), time.process_time()
    read, drifted = check(url, Path(ca), Size.parse(size))
    found = {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak": peak(),
        "read": read,
        "drifted": drifted,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    pin("client")
    main(*sys.argv[1:])
