"""The process's signals, from its start to its end. Ctrl-C, SIGTERM and SIGHUP mean the same.

A listener is called for the first signal and the second. A third ends the process at once: the journal is
made for that. Before and after the work there is no listener. Then the first signal raises KeyboardInterrupt,
and the second ends the process. A signal that was ignored when the process started stays ignored, as `nohup`
wants it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from batchgw.cli.output import streams
from batchgw.exit_codes import INTERRUPTED

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

STEPS: Final = 2
"""Signals for which a listener is called."""

ECHO: Final = 0.5
"""Seconds within which a second SIGHUP is the same hangup: the kernel and the shell both send one."""

Listener = Callable[[signal.Signals], None]


class _Handler:
    """The handler of all these signals. Python calls it in the main thread, between two instructions.

    Attributes:
        listener: is called with the signal.
        process: whether the handler may end the process.
    """

    def __init__(self) -> None:
        self.listener: Listener | None = None
        self.process = False
        self.heard = 0
        self._raised = False
        self._hung_up: float | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP and self._is_echo(time.monotonic()):
            return
        self.heard += 1
        streams.hurry(data=self.heard >= STEPS)
        if self.listener is not None:
            if self.heard <= STEPS:
                self.listener(signal.Signals(number))
                return
        elif not self._raised:
            self._raised = True
            raise KeyboardInterrupt
        if self.process:
            _leave()

    def begin(self, listener: Listener) -> None:
        """Begin to count anew, for a new listener."""
        self.listener, self.heard, self._hung_up = listener, 0, None

    def _is_echo(self, now: float) -> bool:
        before, self._hung_up = self._hung_up, now
        return before is not None and now - before < ECHO


_HANDLER = _Handler()


def handle() -> None:
    """Handle signals for the rest of the process's life."""
    _HANDLER.process = True
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _HANDLER)


def stop_handling() -> None:
    """Leave signals to the system again: the work is done."""
    for number in SIGNALS:
        if signal.getsignal(number) is _HANDLER:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener` for the signals that come within the block."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    _HANDLER.begin(listener)
    for number in SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, _HANDLER)
    try:
        yield
    finally:
        _HANDLER.listener = None
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave() -> None:
    """End the process at once, without leaving temporary plans behind."""
    if temporary := sys.modules.get("batchgw.planning.plan_file.temporary"):
        temporary.remove_all()
    os._exit(INTERRUPTED)
