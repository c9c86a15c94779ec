"""Which REST APIs of a scope were listed already: exact, and small for as long as a listing lasts."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable

from batchgw.model.scope import RestApi, RestApiId

_PLAIN = re.compile(r"[0-9a-z]{10}", re.ASCII)
"""An id as API Gateway makes them: ten digits of a number of base 36, which fits into eight bytes."""


class SeenApis:
    """A set of REST API ids. One that is spelled as AWS spells them takes eight bytes, others a string each.

    A thousand scopes are listed side by side, so a set of strings for each would take 120 bytes an API.
    """

    def __init__(self) -> None:
        self._runs: list[array[int]] = []  # sorted, each longer than the next
        self._others: set[RestApiId] = set()

    def fresh(self, apis: Iterable[RestApi]) -> list[RestApi]:
        """Give the APIs that were not seen before, each once, and remember them."""
        found: dict[RestApiId, RestApi] = {}
        for api in apis:
            if not self._has(api.id):
                found.setdefault(api.id, api)
        self._remember(found)
        return list(found.values())

    def _has(self, api: RestApiId) -> bool:
        number = _number(api)
        if number is None:
            return api in self._others
        return any(_contains(run, number) for run in self._runs)

    def _remember(self, ids: Iterable[RestApiId]) -> None:
        numbers = []
        for api in ids:
            number = _number(api)
            if number is None:
                self._others.add(api)
            else:
                numbers.append(number)
        run = array("Q", sorted(numbers))
        while self._runs and len(self._runs[-1]) <= len(run):  # few runs, and none is merged often
            run = array("Q", sorted(self._runs.pop() + run))
        if run:
            self._runs.append(run)


def _number(api: RestApiId) -> int | None:
    return int(api, 36) if _PLAIN.fullmatch(api) else None


def _contains(run: array[int], number: int) -> bool:
    place = bisect_left(run, number)
    return place < len(run) and run[place] == number
