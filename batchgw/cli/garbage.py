"""Makes Python collect garbage rarely while a command makes its calls, and skip what is loaded by then.

A call makes hardly any reference cycles, so there is little to collect. By default Python collects after
every 700 objects. With hundreds of account-regions at work a collection takes 70 ms, and nothing else runs
meanwhile.
"""

from __future__ import annotations

import gc
from functools import cache

THRESHOLDS = (5_000, 100, 10)
"""Arguments of `gc.set_threshold`. Python's own are (700, 10, 10).

The first is the number of new objects that are looked at in one step. 50,000 take 10 ms or more, and so many
come when thousands of account-regions begin. The older ones are looked at after 500,000.
"""


@cache  # once a process: what each of many commands leaves behind must still be collected
def collect_rarely() -> None:
    """Exempt what is loaded by now from garbage collection, and collect less often."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
