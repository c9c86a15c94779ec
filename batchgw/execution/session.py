"""One session's control plane, and the phases of a run in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import anyio

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.interface import ControlPlane, Wraps
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import UsageError
from batchgw.events import NullObserver, Observer, PhaseEnded, PhaseStarted
from batchgw.model import Scope


@contextmanager
def session(
    plane: ControlPlane, pace: Pace | None, observer: Observer | None, stop: StopSignal | None
) -> Iterator[PacedControlPlane]:
    """Pace a plane; or join the session of one that is paced, where no scope counts as given up any more.

    A wrapper around a paced plane belongs to that session, and all calls go through the wrapper. Raises
    UsageError for a pace or a stop that a paced plane cannot take any more.
    """
    paced = _paced_within(plane)
    if paced is None:
        yield PacedControlPlane(plane, pace=pace, observer=observer, stop=stop)
        return
    if pace is not None or stop is not None:
        raise UsageError("the control plane is paced already: give pace and stop to PacedControlPlane")
    paced.try_again()
    with paced.observer.joined(observer or NullObserver()):
        yield paced if plane is paced else paced.through(plane)


def _paced_within(plane: ControlPlane) -> PacedControlPlane | None:
    while not isinstance(plane, PacedControlPlane):
        if not isinstance(plane, Wraps):
            return None
        plane = plane.inner
    return plane


@contextmanager
def phase(
    observer: Observer,
    run: str,
    name: str,
    scopes: tuple[Scope, ...],
    expected: Mapping[Scope, int],
    *,
    by_kind: Mapping[str, Mapping[Scope, int]] | None = None,
) -> Iterator[None]:
    """Tell an observer when a phase of a run starts and when it ends, as `events.PhaseStarted` has it."""
    began = anyio.current_time()
    parts = by_kind or {}
    observer.notify(
        PhaseStarted(
            run=run, phase=name, scopes=scopes, expected=expected, kinds=frozenset(parts), by_kind=parts
        )
    )
    try:
        yield
    finally:
        observer.notify(PhaseEnded(run=run, phase=name, elapsed=anyio.current_time() - began))
