"""Settings by content: what many APIs have in common is stored once, however many rows point at it."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import Connection, bindparam, select

from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.schema import settings
from batchgw.model import Settings

T = TypeVar("T")

CACHE: Final = 16_384
"""Settings whose ids are kept at hand: about 3 MB, and more than one policy and a fleet's habits come to."""

LOADED: Final = 1_024
"""Settings kept once they were read back: pages of APIs have most of them in common."""

SMALL: Final = 4_000
"""Characters up to which settings are kept so: a few megabytes in all, where templates can be large."""

MARKED: Final = 256
"""Settings whose marks are at hand, and which are kept for that: what most APIs of a plan have in common."""

BATCH: Final = 500
"""Values in one SQL list: old SQLite builds take 999 parameters."""

_IDS = select(settings.c.digest, settings.c.id).where(
    settings.c.digest.in_(bindparam("digests", expanding=True))
)
_BODIES = select(settings.c.id, settings.c.digest, settings.c.body).where(
    settings.c.id.in_(bindparam("ids", expanding=True))
)


def mark_of(content: Settings) -> bytes:
    """Give what tells settings apart within this process, three times faster than their digest.

    The order of keys counts, so equal settings may have two marks; different settings never share one.
    """
    parts = (content.status_code, dict(content.parameters), dict(content.templates))
    return hashlib.sha256(repr(parts).encode()).digest()


class Contents:
    """The `settings` table, with a bounded memory of what is in it by mark."""

    def __init__(self, database: Database, *, size: int = CACHE) -> None:
        self._database = database
        self._size = size
        self._ids: OrderedDict[bytes, int] = OrderedDict()
        self._loaded: dict[int, Settings] = {}
        self._marks: dict[int, tuple[Settings, bytes]] = {}  # by the object: who reads a plan makes each once
        self._insert = database.dialect.insert_missing(settings)

    def mark(self, content: Settings) -> bytes:
        """Give the mark of settings, at hand for those that were asked for lately."""
        known = self._marks.get(id(content))
        if known is not None and known[0] is content:
            return known[1]
        if len(self._marks) >= MARKED:
            self._marks.clear()
        mark = mark_of(content)
        self._marks[id(content)] = content, mark
        return mark

    def known(self, mark: bytes) -> int | None:
        """Give the id of settings that are there for certain; None when that takes a look at the table."""
        if mark not in self._ids:
            return None
        self._ids.move_to_end(mark)
        return self._ids[mark]

    def store(self, connection: Connection, bodies: Mapping[bytes, str]) -> dict[bytes, int]:
        """See that every body is there, and give their ids by mark. Once committed, `remember` them."""
        digests = {mark: hashlib.sha256(body.encode("ascii")).digest() for mark, body in bodies.items()}
        by_digest = {digests[mark]: body for mark, body in bodies.items()}
        found = self._stored(connection, by_digest)
        missing = [digest for digest in by_digest if digest not in found]
        if missing:
            rows = zip(self._database.take_ids(connection, len(missing)), missing, strict=True)
            connection.execute(self._insert, [{"id": i, "digest": d, "body": by_digest[d]} for i, d in rows])
            found |= self._stored(connection, missing)
        return {mark: found[digest] for mark, digest in digests.items()}

    def remember(self, ids: Mapping[bytes, int]) -> None:
        """Keep ids at hand, the oldest giving way."""
        self._ids.update(ids)
        while len(self._ids) > self._size:
            self._ids.popitem(last=False)

    def load(self, connection: Connection, ids: Collection[int]) -> dict[int, Settings]:
        """Read settings back by id."""
        found = {id_: self._loaded[id_] for id_ in ids if id_ in self._loaded}
        for batch in batches([id_ for id_ in ids if id_ not in found]):
            for id_, digest, body in connection.execute(_BODIES, {"ids": batch}):
                if hashlib.sha256(body.encode()).digest() != digest:
                    raise ValueError(f"table settings, row {id_}: body is not what was stored")
                found[id_] = Settings.from_json(json.loads(body))
                if len(body) <= SMALL:
                    self._loaded[id_] = found[id_]
        while len(self._loaded) > LOADED:
            del self._loaded[next(iter(self._loaded))]
        return found

    def _stored(self, connection: Connection, digests: Collection[bytes]) -> dict[bytes, int]:
        found: dict[bytes, int] = {}
        for batch in batches(digests):
            found.update((row.digest, row.id) for row in connection.execute(_IDS, {"digests": batch}))
        return found


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Cut values into lists of at most `BATCH`."""
    left = iter(values)
    while batch := list(islice(left, BATCH)):
        yield batch
