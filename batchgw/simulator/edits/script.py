"""Edits by script: at a time, or after chosen calls. The script is bounded, and so is what it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchgw.simulator.call import Call
from batchgw.simulator.edits.edit import Edit
from batchgw.simulator.traffic.matching import Counts, Match, Tags

MOST: Final = 10_000
"""Times that entries of one script are made after calls, all together: each may make the world larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Edits of one API, made one after the other in the same moment.

    Attributes:
        edits: what is done.
        api: the id of the API; None for that of the call after which they are made.
    """

    edits: tuple[Edit, ...]
    api: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTime:
    """Edits at a time: `at` seconds after the first call."""

    at: float
    planned: Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterCall:
    """Edits right after each call that is chosen."""

    match: Match
    planned: Planned


class EditScript:
    """Tells which edits come when. Its only state is the count of calls."""

    def __init__(
        self, *, at_times: Sequence[AtTime] = (), after_calls: Sequence[AfterCall] = (), seed: int = 0
    ) -> None:
        self.at_times = tuple(at_times)
        self.after_calls = tuple(after_calls)
        self._counts = Counts([each.match for each in self.after_calls], seed=seed)
        self._left = MOST

    def after(self, call: Call, now: float, tags: Tags = dict) -> Sequence[Planned]:
        """Give the edits that follow a call. `now` and `tags` are as in `Counts.chosen`."""
        if not self.after_calls:
            return ()
        chosen = self._counts.chosen(call, now, tags)[: self._left]
        self._left -= len(chosen)
        return [self.after_calls[place].planned for place in chosen]

    def restart(self) -> None:
        """Count from zero."""
        self._counts.restart()
        self._left = MOST
