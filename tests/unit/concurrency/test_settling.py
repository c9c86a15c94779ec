"""The garbage collector may look rarely, because nothing on the way of a call makes cycles."""

from __future__ import annotations

import gc
import subprocess
import sys

import anyio

from batchgw.cli.garbage import THRESHOLDS
from benchmarks import million
from benchmarks.scale.virtual_loop import VirtualLoop


def garbage(apis: int) -> tuple[int, int]:
    """Plan and apply a change in so many APIs. Gives the calls, and objects only the collector can free."""
    gc.collect()
    found = anyio.run(
        million.run,
        million.Task(targets=apis, types=1, scopes=10),
        backend_options={"loop_factory": VirtualLoop},
    )
    calls = found["calls"]
    assert calls is not None
    return int(calls), gc.collect()


def test_a_call_leaves_nothing_for_the_collector() -> None:
    """Ten times the calls leave no more than a scope's end does: a tenth of an object each, to be safe."""
    was = gc.isenabled()
    gc.disable()
    try:
        garbage(10)
        few, little = garbage(100)
        many, more = garbage(1000)
    finally:
        if was:
            gc.enable()
    assert many > 5 * few
    assert more - little < (many - few) / 10


def test_a_command_that_makes_calls_sets_the_collector_once() -> None:
    code = (
        "import gc\nfrom batchgw.cli.garbage import collect_rarely\ncollect_rarely()\n"
        "frozen = gc.get_freeze_count()\n"
        "kept = [[n] for n in range(5000)]\ncollect_rarely()\n"
        "print(frozen > 1000, gc.get_freeze_count() == frozen, gc.get_threshold())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == f"True True {THRESHOLDS}"
