"""Client and server on cores of their own, where the machine has two, so that neither waits for the other."""

from __future__ import annotations

import os
from typing import Literal

Side = Literal["client", "server"]


def pin(side: Side) -> None:
    """Stay on this side's core from now on. Nothing happens on a machine with one core, or that cannot."""
    if not hasattr(os, "sched_setaffinity"):
        return
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) > 1:
        os.sched_setaffinity(0, {usable[0] if side == "client" else usable[-1]})
