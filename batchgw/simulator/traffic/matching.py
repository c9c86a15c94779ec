"""Which calls an entry of a script is about: what a call must be, and which of those calls are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from zlib import crc32

from batchgw.simulator.call import Call
from batchgw.simulator.world.identifiers import mixed

Tags = Callable[[], Mapping[str, str]]
"""Looks up the tags of an API: a function, because few rules need them and a lookup takes time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Calls that an entry is about. Empty patterns match all; times are seconds since the first call."""

    service: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    api: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    after: float = 0.0
    until: float = float("inf")
    nth: tuple[int, ...] = ()
    every: int = 0
    first: int = 0
    probability: float = 1.0
    per: str = ""

    def describes(self, call: Call, now: float, tags: Tags) -> bool:
        """Whether the call matches, whatever its count. `tags` gives the tags of its API."""
        return (
            self.after <= now < self.until
            and _any(self.service, call.service.name)
            and _any(self.operation, call.operation)
            and _any(self.account, call.account)
            and _any(self.region, call.region)
            and _any(self.api, call.api)
            and _any(self.type, call.type)
            and (not self.tag or any(_any(self.tag, f"{key}={value}") for key, value in tags().items()))
        )

    def group(self, call: Call) -> str:
        """What the call is counted under."""
        scope = f"{call.account}/{call.region}"
        match self.per:
            case "scope":
                return scope
            case "api":
                return f"{scope}/{call.api}"
            case "type":
                return f"{scope}/{call.api}/{call.type}"
            case _:
                return ""

    def chooses(self, count: int, chance: float) -> bool:
        """Whether the `count`-th call of the kind (from 1) is chosen; `chance` is its draw from 0..1."""
        return (
            (not self.nth or count in self.nth)
            and (not self.every or count % self.every == 0)
            and (not self.first or count <= self.first)
            and chance < self.probability
        )


def _any(patterns: tuple[str, ...], value: str) -> bool:
    return not patterns or any(p == value or fnmatchcase(value, p) for p in patterns)


class Counts:
    """Counts the calls that each of several matches is about, and tells which matches choose a call."""

    def __init__(self, matches: Sequence[Match], *, seed: int = 0) -> None:
        """`seed` decides the draws of a probability."""
        self._matches = tuple(matches)
        self._seed = seed
        self._counts: dict[tuple[int, str], int] = {}

    def chosen(self, call: Call, now: float, tags: Tags = dict) -> Sequence[int]:
        """Give the places of the matches that choose the call. `now` is seconds since the first call.

        Every match counts the call, whatever the others do: so they do not affect each other. `tags` gives
        the tags of the call's API.
        """
        return [
            place
            for place, match in enumerate(self._matches)
            if match.describes(call, now, tags) and self._chooses(place, match, call)
        ]

    def restart(self) -> None:
        """Count from zero."""
        self._counts.clear()

    def _chooses(self, place: int, match: Match, call: Call) -> bool:
        group = match.group(call)
        count = self._counts[place, group] = self._counts.get((place, group), 0) + 1
        chance = mixed(self._seed, place, crc32(group.encode()), count) / 2**64
        return match.chooses(count, chance)
