"""Changes that calls in flight will make, each at its time. They are made late, when somebody looks.

So a call sleeps once, not twice, and still every caller sees every change from its time on.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class _Pending(Protocol):
    """An effect of any result type."""

    @property
    def over(self) -> bool: ...

    def happen(self) -> None: ...


class Effect(Generic[T]):
    """A change to be made, and its result once it is made."""

    __slots__ = ("_act", "_failure", "_result")

    def __init__(self, act: Callable[[], T]) -> None:
        self._act: Callable[[], T] | None = act
        self._result: T | None = None
        self._failure: Exception | None = None

    @property
    def over(self) -> bool:
        """Whether it was made or dropped."""
        return self._act is None

    def happen(self) -> None:
        """Make it, unless it is over."""
        act, self._act = self._act, None
        if act is None:
            return
        try:
            self._result = act()
        except Exception as failure:  # noqa: BLE001 - the caller's, who gets it from `result`
            self._failure = failure

    def drop(self) -> None:
        """Drop it, if it has not been made."""
        self._act = None

    def result(self) -> T:
        """Give its result, or raise what it raised."""
        if self._failure is not None:
            raise self._failure
        return self._result  # type: ignore[return-value]  # T may include None


class Effects:
    """Pending effects, made in the order of their times, which are seconds of one clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` is read only while effects are pending: outside an event loop there are none."""
        self._clock = clock
        self._coming: list[tuple[float, int, _Pending]] = []
        self._places = count()

    def add(self, at: float, act: Callable[[], T]) -> Effect[T]:
        """Plan a change for a time."""
        effect = Effect(act)
        heappush(self._coming, (at, next(self._places), effect))
        return effect

    def run_due(self) -> None:
        """Make every change that is due."""
        coming = self._coming
        now: float | None = None
        while coming:
            at, _, effect = coming[0]
            if not effect.over:
                now = self._clock() if now is None else now
                if at > now:
                    return
            heappop(coming)
            effect.happen()
