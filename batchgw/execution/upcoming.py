"""What will be made next in a scope, as far as can be told, and what of it is intended already."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from math import inf

from batchgw.model import RestApiId

AHEAD = 9
"""Intents that may be committed before their turn: with the one whose turn it is, a second's worth of a
scope's quota, as AWS gives it. After a crash so many more changes than calls may be in doubt."""

SPAN = 0.2
"""Seconds whose calls they may be where the quota is higher, so that a disk is not asked ever more often."""

MOST_AHEAD = 49
"""And where it is higher still: with the one whose turn it is, a commit of 1 ms."""

FRESH = 2.0
"""Seconds for which such an intent stands. Then it is committed anew: that is also when it is seen whether
another process has decided the change meanwhile."""

Changes = dict[int, None]
"""Changes of one API that are to be made, in order."""


def ahead_at(rate: float) -> int:
    """How many intents may be ahead in a scope that makes `rate` calls/second."""
    return max(AHEAD, int(min(SPAN * rate - 1, MOST_AHEAD)))


class Line:
    """The changes of a scope that stand in line.

    Each API in work moves on by one change in turn, since its changes are made one after the other; when it
    has none left, the next API takes its place. It is a guess, and nothing hangs on it.

    Attributes:
        ahead: changes whose intents are committed and whose calls have not left, at most `room`, and when
            that was.
        room: how many there may be.
    """

    def __init__(self) -> None:
        self.ahead: dict[int, float] = {}
        self.room = AHEAD
        self._hands = 0  # APIs in work
        self._in_turn: dict[RestApiId, Changes] = {}
        self._to_come: dict[RestApiId, Changes] = {}

    def join(self, api: RestApiId, changes: Iterable[int]) -> None:
        """Stand at the end."""
        self._to_come[api] = dict.fromkeys(changes)

    def take_up(self, api: RestApiId) -> None:
        """An API is in work, until it is put down."""
        self._hands += 1
        self._move_up(api)

    def put_down(self) -> None:
        """An API is in work no longer."""
        self._hands -= 1

    def leave(self, api: RestApiId, change: int) -> float | None:
        """Leave the line, wherever the change stands in it. Gives the time of an intent that was ahead."""
        self._move_up(api)
        standing = self._in_turn.get(api)
        if standing is not None and change in standing:
            del self._in_turn[api], standing[change]
            if standing:  # what is left comes after what the others have
                self._in_turn[api] = standing
        return self.ahead.pop(change, None)

    def look_ahead(self, now: float) -> tuple[list[int], list[int]]:
        """Give what is to be intended with the change whose turn it is, and what was but is not next.

        The latter is ahead no longer.
        """
        following = self.next()
        past = [change for change in self.ahead if change not in following]
        for change in past:
            del self.ahead[change]
        return [change for change in following if now - self.ahead.get(change, -inf) > FRESH / 2], past

    def next(self) -> list[int]:
        """Tell which changes are likely to be made next: as many as there is `room` for, if there are."""
        later = iter(self._to_come.values())
        standing = [*self._in_turn.values()]
        standing += islice(later, max(0, self._hands - len(standing)))
        turns = deque(map(iter, standing or islice(later, 1)))
        found: list[int] = []
        while turns and len(found) < self.room:
            of_api = turns.popleft()
            change = next(of_api, None)
            if change is not None:
                found.append(change)
                turns.append(of_api)
            else:
                turns.extend(map(iter, islice(later, 1)))
        return found

    def _move_up(self, api: RestApiId) -> None:
        if standing := self._to_come.pop(api, None):
            self._in_turn[api] = standing
