"""Puts client and server on different cores, where the machine has two: neither waits for the other."""

from __future__ import annotations

import os
from typing import Literal

Side = Literal["client", "server"]


def apart() -> bool:
    """Whether client and server can have a core each on this machine."""
    return len(_usable()) > 1


def pin(side: Side) -> None:
    """Keep this process on its side's core. Does nothing where the two cannot be apart."""
    if apart():
        usable = _usable()
        os.sched_setaffinity(0, {usable[0] if side == "client" else usable[-1]})


def _usable() -> list[int]:
    """The cores of this process; none where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
