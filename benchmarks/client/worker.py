"""One contestant in a process of its own: `python -m benchmarks.client.worker MODULE OPTIONS URL`.

It makes a round of puts for every line it reads (`{"puts": 1000}`) and answers with what the round took. When
its standard input ends it tells its peak memory, and ends.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.client.server import cores, pin
from benchmarks.client.task import Opened, Prepare

WARM_UP = 20
"""Puts before each round: connections that were closed meanwhile are made anew."""


async def work(opened: Opened, url: str, options: dict[str, Any]) -> None:
    """Answer every line."""
    loop = asyncio.get_running_loop()
    async with opened(url, **options) as prepare:
        _tell({})
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            _tell(await _round(prepare, json.loads(line)["puts"]))
    _tell({"peak": peak()})


async def _round(prepare: Prepare, puts: int) -> dict[str, float]:
    await (await prepare(WARM_UP))()
    body = await prepare(puts)
    gc.collect()
    gc.freeze()  # for everyone, as batchgw does: what is loaded is no part of what a put costs
    began, cpu = time.perf_counter(), time.process_time()
    await body()
    return {"cpu": time.process_time() - cpu, "seconds": time.perf_counter() - began}


def peak() -> float:
    """Megabytes this process had resident at most; not those of the one that started it."""
    status = Path("/proc/self/status")
    if not status.exists():  # macOS, where ru_maxrss is in bytes and starts anew with each process
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    lines = status.read_text(encoding="ascii").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(kilobytes) * 1024 / 1e6


def _tell(what: dict[str, float]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    pin(cores()[0])
    module, given, address = sys.argv[1:]
    asyncio.run(work(import_module(f"benchmarks.client.{module}").opened, address, json.loads(given)))
