"""What will be made next in a scope, as far as can be told, and what of it is intended already."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from batchgw.model import RestApiId

AHEAD = 9
"""Intents that may be committed before their turn: with the one whose turn it is, a second's worth of a
scope's quota. After a crash so many more changes than calls may be in doubt."""

FRESH = 2.0
"""Seconds for which such an intent stands. Then it is committed anew: that is also when it is seen whether
another process has decided the change meanwhile."""


class Line:
    """The changes of a scope that stand in line.

    Attributes:
        hands: tells how many APIs are worked on at once. The changes of each are made one after the other, so
            each API in hand moves on by one change in turn. It is a guess, and nothing hangs on it.
        ahead: changes whose intents are committed and whose calls have not left, at most `AHEAD`, and when
            that was.
    """

    def __init__(self) -> None:
        self.hands: Callable[[], int] = lambda: 1
        self.ahead: dict[int, float] = {}
        self._in_hand: dict[RestApiId, dict[int, None]] = {}
        self._later: dict[RestApiId, dict[int, None]] = {}

    def join(self, api: RestApiId, changes: Iterable[int]) -> None:
        """Stand at the end."""
        self._later[api] = dict.fromkeys(changes)

    def leave(self, api: RestApiId, change: int) -> float | None:
        """Leave the line, wherever the change stands in it. Gives the time of an intent that was ahead."""
        if change in self.ahead:
            return self.ahead.pop(change)
        standing = self._in_hand.pop(api, None) or self._later.pop(api, None)
        if standing:
            standing.pop(change, None)
        if standing:  # what is left comes after what the others have
            self._in_hand[api] = standing
        return None

    def next(self) -> list[int]:
        """Take the changes that may be intended with the one whose turn it is."""
        taken: list[int] = []
        while len(taken) < AHEAD - len(self.ahead) and self._take_up():
            api, standing = next(iter(self._in_hand.items()))
            taken.append(next(iter(standing)))
            self.leave(api, taken[-1])
        return taken

    def _take_up(self) -> bool:
        """Fill the hands; tell whether anything is in them."""
        hands = self.hands()
        while self._later and len(self._in_hand) < hands:
            api = next(iter(self._later))
            if standing := self._later.pop(api):
                self._in_hand[api] = standing
        return bool(self._in_hand)
