"""The garbage collector while a command makes its calls: rarely, and never through what is loaded.

Nothing on the way of a call makes cycles, so there is next to nothing to find. But Python looks every 700
objects, and with hundreds of account-regions at work a look takes 70 ms in which nothing else happens.
"""

from __future__ import annotations

import gc
from functools import cache

THRESHOLDS = (50_000, 10, 10)
"""Objects made, less those gone, between looks at the youngest; looks between two at each older kind."""


@cache  # once a process: one that runs many commands must not keep what each leaves behind
def collect_rarely() -> None:
    """Take what is loaded by now out of the collector's sight, and let it look less often."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
