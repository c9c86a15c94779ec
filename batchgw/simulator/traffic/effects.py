"""What calls under way will do, each at its moment: done when the moment has passed and anybody looks.

So a call sleeps once and not twice, and still everybody sees every change from its moment on.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class _Pending(Protocol):
    """What waits for its moment, whatever comes of it."""

    @property
    def over(self) -> bool: ...

    def happen(self) -> None: ...


class Effect(Generic[T]):
    """Something that will be done, and its result once it is."""

    __slots__ = ("_act", "_failure", "_result")

    def __init__(self, act: Callable[[], T]) -> None:
        self._act: Callable[[], T] | None = act
        self._result: T | None = None
        self._failure: Exception | None = None

    @property
    def over(self) -> bool:
        """Whether it was done, or dropped."""
        return self._act is None

    def happen(self) -> None:
        """Do it, unless it is over."""
        act, self._act = self._act, None
        if act is None:
            return
        try:
            self._result = act()
        except Exception as failure:  # noqa: BLE001 - the caller's, who gets it from `result`
            self._failure = failure

    def drop(self) -> None:
        """Never do it, if it has not been done."""
        self._act = None

    def result(self) -> T:
        """What came of it, raising what it raised."""
        if self._failure is not None:
            raise self._failure
        return self._result  # type: ignore[return-value]  # T may include None


class Effects:
    """Effects to come, done in the order of their moments, which are seconds of one clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` is asked only while something is to come: outside of any event loop nothing is."""
        self._clock = clock
        self._coming: list[tuple[float, int, _Pending]] = []
        self._places = count()

    def add(self, at: float, act: Callable[[], T]) -> Effect[T]:
        """Have something done at a moment."""
        effect = Effect(act)
        heappush(self._coming, (at, next(self._places), effect))
        return effect

    def run_due(self) -> None:
        """Do everything whose moment has come."""
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
