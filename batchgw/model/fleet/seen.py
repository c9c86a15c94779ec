"""Which REST APIs of a scope were listed already."""

from __future__ import annotations

from collections.abc import Iterable

from batchgw.model.scope import RestApi, RestApiId


class SeenApis:
    """Remembers REST APIs by their ids: some 90 bytes each."""

    def __init__(self) -> None:
        self._ids: set[RestApiId] = set()

    def fresh(self, apis: Iterable[RestApi]) -> list[RestApi]:
        """Give the APIs that were not seen before, each once, and remember them."""
        found: dict[RestApiId, RestApi] = {}
        for api in apis:
            if api.id not in self._ids:
                found.setdefault(api.id, api)
        self._ids.update(found)
        return list(found.values())

    def forget(self) -> None:
        """Forget all of them: no more will come."""
        self._ids.clear()
