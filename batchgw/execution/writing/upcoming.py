"""Which changes will probably be made next in a scope, and whose intents are in the journal already."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from math import inf

from batchgw.model import RestApiId

AHEAD = 9
"""Intents that may be committed before their calls can leave: with the one whose call leaves, a second's
worth of a scope's quota at AWS. After a crash so many more changes than calls may be in doubt."""

SPAN = 0.2
"""Seconds of calls whose intents may be ahead where the quota is higher, to spare the disk."""

MOST_AHEAD = 49
"""The most intents ahead, whatever the quota: with the one whose call leaves, a commit of 1 ms."""

FRESH = 2.0
"""Seconds for which an intent ahead counts. Then it is committed again, which also shows whether another
process has decided the change meanwhile."""

Changes = dict[int, None]
"""Changes of one API that are to be made, in order."""


def ahead_at(rate: float) -> int:
    """Give how many intents may be ahead in a scope that makes `rate` calls/second."""
    return max(AHEAD, int(min(SPAN * rate - 1, MOST_AHEAD)))


class Upcoming:
    """The changes of a scope that are still to be made, in the order in which they probably will be.

    The APIs in work take turns, a change each, because the changes of an API are made one after the other.
    When an API in work has no changes left, the next API follows. The order is a guess: when it is wrong, an
    intent was committed too early, and is withdrawn.

    Attributes:
        ahead: changes whose intents are committed, or about to be, and whose calls have not left, with the
            time when the commit began.
        most_ahead: how many there may be.
    """

    def __init__(self) -> None:
        self.ahead: dict[int, float] = {}
        self.most_ahead = AHEAD
        self._in_work = 0  # APIs
        self._of_apis_in_work: dict[RestApiId, Changes] = {}
        self._of_other_apis: dict[RestApiId, Changes] = {}

    def add(self, api: RestApiId, changes: Iterable[int]) -> None:
        """Add an API's changes at the end."""
        self._of_other_apis[api] = dict.fromkeys(changes)

    def begin_api(self, api: RestApiId) -> None:
        """Note that an API is in work."""
        self._in_work += 1
        self._move_up(api)

    def end_api(self) -> None:
        """Note that an API is in work no longer."""
        self._in_work -= 1

    def expects(self, api: RestApiId, change: int) -> bool:
        """Tell whether a change was added, and not removed since."""
        return change in self._of_apis_in_work.get(api, ()) or change in self._of_other_apis.get(api, ())

    def remove(self, api: RestApiId, change: int) -> float | None:
        """Remove a change. Gives the time of its intent, if that was committed ahead."""
        self._move_up(api)
        left = self._of_apis_in_work.get(api)
        if left is not None and change in left:
            del self._of_apis_in_work[api], left[change]
            if left:  # they come after the changes of the other APIs in work
                self._of_apis_in_work[api] = left
        return self.ahead.pop(change, None)

    def refresh(self, now: float) -> tuple[list[int], list[int]]:
        """Give the changes whose intents are to be committed now, and those whose are to be withdrawn.

        The latter were ahead, and do not come next after all. They are removed from `ahead`.
        """
        following = self.next()
        past = [change for change in self.ahead if change not in following]
        for change in past:
            del self.ahead[change]
        return [change for change in following if now - self.ahead.get(change, -inf) > FRESH / 2], past

    def next(self) -> list[int]:
        """Give the changes that will probably be made next, `most_ahead` of them at most."""
        later = iter(self._of_other_apis.values())
        apis = [*self._of_apis_in_work.values()]
        apis += islice(later, max(0, self._in_work - len(apis)))
        turns = deque(map(iter, apis or islice(later, 1)))
        found: list[int] = []
        while turns and len(found) < self.most_ahead:
            of_api = turns.popleft()
            change = next(of_api, None)
            if change is not None:
                found.append(change)
                turns.append(of_api)
            else:
                turns.extend(map(iter, islice(later, 1)))
        return found

    def _move_up(self, api: RestApiId) -> None:
        if changes := self._of_other_apis.pop(api, None):
            self._of_apis_in_work[api] = changes
