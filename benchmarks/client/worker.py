"""One contestant in a process of its own: `python -m benchmarks.client.worker MODULE OPTIONS URL`.

It makes a round of puts for every line that it reads (`{"puts": 1000}`), and answers with the seconds that
the round took. When its standard input ends, it answers with its peak memory, and ends.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from importlib import import_module
from typing import Any

from benchmarks.client.task import Opened, Prepare
from benchmarks.harness.cores import pin
from benchmarks.harness.memory import peak

WARM_UP = 20
"""Puts before each round, so that connections that were closed meanwhile are opened again."""


async def work(opened: Opened, url: str, options: dict[str, Any]) -> None:
    """Make a round for every line, and answer it."""
    loop = asyncio.get_running_loop()
    async with opened(url, **options) as prepare:
        _reply({})
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            _reply(await _round(prepare, json.loads(line)["puts"]))
    _reply({"peak": peak()})


async def _round(prepare: Prepare, puts: int) -> dict[str, float]:
    await (await prepare(WARM_UP))()
    body = await prepare(puts)
    gc.collect()
    gc.freeze()  # for every contestant, as batchgw does: loaded modules are not part of a put's cost
    began, cpu = time.perf_counter(), time.process_time()
    await body()
    return {"cpu": time.process_time() - cpu, "seconds": time.perf_counter() - began}


def _reply(what: dict[str, float]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    pin("client")
    module, given, address = sys.argv[1:]
    asyncio.run(work(import_module(f"benchmarks.client.{module}").opened, address, json.loads(given)))
