"""Megabytes of this process, as the kernel accounts for them: now, at most, and over time."""

from __future__ import annotations

import resource
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

MOST_SAMPLES = 600
"""Kept of a series; when there are more, every second one is dropped and half as many are taken."""


def resident() -> float:
    """Megabytes resident now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def peak() -> float:
    """Megabytes resident at most since the program began (not its parent, as getrusage has it)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError("the kernel does not tell the peak of the resident set")


class Sampler:
    """A context in which memory is sampled by a thread. Afterwards `samples` are (seconds, megabytes)."""

    def __init__(self, every: float = 0.1) -> None:
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.samples: list[tuple[float, float]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        began = time.monotonic()
        while not self._ended.wait(self._every):
            self.samples.append((time.monotonic() - began, resident()))
            if len(self.samples) > MOST_SAMPLES:
                del self.samples[::2]
                self._every *= 2


def quarter_peaks(samples: list[tuple[float, float]]) -> list[float]:
    """The most in each quarter of the time that was sampled. Raises ValueError for too few samples."""
    if len(samples) < 4:
        raise ValueError(f"four quarters cannot be told from {len(samples)} samples")
    end = samples[-1][0]
    quarters: list[list[float]] = [[], [], [], []]
    for seconds, megabytes in samples:
        quarters[min(3, int(4 * seconds / end))].append(megabytes)
    if not all(quarters):
        raise ValueError("nothing was sampled in one of the quarters")
    return [max(quarter) for quarter in quarters]
