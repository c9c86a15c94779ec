"""asyncio in virtual time: when everybody waits, the clock jumps to when something happens next.

What users run is asyncio, so its tasks, locks and timers are what is measured; only the waiting is left out.
"""

from __future__ import annotations

import asyncio
import selectors


class _Jumping(selectors.DefaultSelector):
    """Never waits for time to pass: it lets it pass. It does wait for what comes from elsewhere, as ever."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Give what is ready; where nothing is, the clock has moved on by `timeout` seconds."""
        if timeout is None:  # nobody waits for a moment: something must come from outside
            return super().select()
        ready = super().select(0)
        if not ready:
            self.now += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Give it to `anyio.run(..., backend_options={"loop_factory": VirtualLoop})`."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made, as it counts them."""
        return self._jumping.now
