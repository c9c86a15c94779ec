"""Megabytes of this process, as the kernel counts them: now, at most, and over time."""

from __future__ import annotations

import resource
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

MOST_SAMPLES = 600
"""Samples that are kept. When there are more, every second one is dropped, and the interval is doubled."""


def resident() -> float:
    """Megabytes resident now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def peak() -> float:
    """Megabytes resident at most since the program began. On Linux getrusage would include the parent's."""
    status = Path("/proc/self/status")
    if not status.exists():  # macOS: there ru_maxrss is in bytes and begins with the process
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    lines = status.read_text(encoding="ascii").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(kilobytes) * 1024 / 1e6


class Sampler:
    """A context in which a thread samples the memory. Afterwards `samples` are (seconds, megabytes)."""

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
    """The largest sample in each quarter of the time. Raises ValueError for too few samples."""
    if len(samples) < 4:
        raise ValueError(f"four quarters cannot be told from {len(samples)} samples")
    end = samples[-1][0]
    quarters: list[list[float]] = [[], [], [], []]
    for seconds, megabytes in samples:
        quarters[min(3, int(4 * seconds / end))].append(megabytes)
    if not all(quarters):
        raise ValueError("nothing was sampled in one of the quarters")
    return [max(quarter) for quarter in quarters]
