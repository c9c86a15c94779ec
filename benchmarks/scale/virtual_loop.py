"""asyncio in virtual time: when every task waits, the clock jumps to the next event.

Users run asyncio, so its tasks, locks and timers are measured. Only the waiting is left out.
"""

from __future__ import annotations

import asyncio
import selectors

PASS = 1e-9
"""Seconds that a pass of the loop takes. Without it a wait that is too short for a float would never end."""


class _Jumping(selectors.DefaultSelector):
    """Moves the clock where it would wait for a time. It does wait for sockets and threads."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Give what is ready. If nothing is, move the clock by `timeout` seconds, or by `PASS`."""
        if timeout is None:  # no timer is set, so something must come from outside
            return super().select()
        ready = super().select(0)
        if not ready:
            self.now += max(PASS, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. Use it with `anyio.run(..., backend_options={"loop_factory": VirtualLoop})`."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jumping.now
