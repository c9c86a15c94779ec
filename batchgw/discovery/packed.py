"""Listed REST APIs, packed while they wait to be read: a few bytes each (`benchmarks.kept_for_speed`).

A page brings 500 at once and the quota lets 10 calls a second through, so half a million APIs of a thousand
scopes may wait. Unpacked they would take 170 MB at least, half of what a run with a million targets may take.
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Iterator, Sequence

from batchgw.model import Owner, RestApi, RestApiId, Scope

BATCH = 50
"""APIs that are unpacked at a time: 0.1 ms of work."""

_FAST = 1
"""zlib's level. The names of a fleet are much alike, so more effort gains nothing."""


class PackedApis:
    """REST APIs of one scope, in their order. Iterating removes them."""

    def __init__(self, scope: Scope, apis: Sequence[RestApi]) -> None:
        self._scope = scope
        self._packed = deque(_pack(apis[at : at + BATCH]) for at in range(0, len(apis), BATCH))

    def __iter__(self) -> Iterator[RestApi]:
        while self._packed:
            yield from _unpack(self._packed.popleft(), self._scope)


def _pack(apis: Sequence[RestApi]) -> bytes:
    rows = [
        (
            *(api.id, api.name, dict(api.tags), api.endpoint_types, api.created),
            *(api.disable_execute_api_endpoint, api.endpoint_access_mode),
            None if api.owner is None else (api.owner.kind, api.owner.name),
        )
        for api in apis
    ]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode("ascii"), _FAST)


def _unpack(packed: bytes, scope: Scope) -> list[RestApi]:
    return [
        RestApi(
            scope=scope,
            id=RestApiId(id_),
            name=name,
            tags=tags,
            endpoint_types=tuple(endpoint_types),
            created=created,
            disable_execute_api_endpoint=disabled,
            endpoint_access_mode=access_mode,
            owner=None if owner is None else Owner(kind=owner[0], name=owner[1]),
        )
        for id_, name, tags, endpoint_types, created, disabled, access_mode, owner in json.loads(
            zlib.decompress(packed)
        )
    ]
