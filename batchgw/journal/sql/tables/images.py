"""The `images` table: targets as they were before a change, and as they shall be after it, as JSON.

An image that many changes have in common is stored once, however many rows refer to it. What an image says,
only the kind of its change knows.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import Connection, bindparam, select

from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.keys import take_keys
from batchgw.journal.sql.tables.schema import images

T = TypeVar("T")

REMEMBERED: Final = 16_384
"""Images whose ids are kept in memory: about 3 MB, and more than one policy and most fleets have."""

BATCH: Final = 500
"""Values in one SQL list: old SQLite builds take 999 parameters."""

_IDS = select(images.c.digest, images.c.id).where(images.c.digest.in_(bindparam("digests", expanding=True)))
_BODIES = select(images.c.id, images.c.digest, images.c.body).where(
    images.c.id.in_(bindparam("ids", expanding=True))
)


def digest_of(body: str) -> bytes:
    """Give what an image is known by."""
    return hashlib.sha256(body.encode()).digest()


class Images:
    """The `images` table. It remembers the ids of those that were used last."""

    def __init__(self, database: Database) -> None:
        self._ids: OrderedDict[bytes, int] = OrderedDict()
        self._insert = database.dialect.insert_missing(images)

    def known(self, digest: bytes) -> int | None:
        """Give the id of an image that is stored for certain; None when that takes a look at the table."""
        if digest not in self._ids:
            return None
        self._ids.move_to_end(digest)
        return self._ids[digest]

    def store(self, connection: Connection, bodies: Mapping[bytes, str]) -> dict[bytes, int]:
        """Store what is not stored yet; give all ids by digest. Once that is committed, `remember` them."""
        found = self._stored(connection, bodies)
        missing = [digest for digest in bodies if digest not in found]
        if missing:
            rows = zip(take_keys(connection, len(missing)), missing, strict=True)
            connection.execute(self._insert, [{"id": i, "digest": d, "body": bodies[d]} for i, d in rows])
            found |= self._stored(connection, missing)
        return found

    def remember(self, ids: Mapping[bytes, int]) -> None:
        """Keep ids in memory. The ones used longest ago give way."""
        self._ids.update(ids)
        while len(self._ids) > REMEMBERED:
            self._ids.popitem(last=False)

    def forget(self) -> None:
        """Keep none in memory: another process may have deleted images that nothing used."""
        self._ids.clear()

    def load(self, connection: Connection, ids: Collection[int]) -> dict[int, str]:
        """Read images by id, as text. One that is not there is not in the answer."""
        found: dict[int, str] = {}
        for batch in batches(ids):
            for id_, digest, body in connection.execute(_BODIES, {"ids": batch}):
                if digest_of(body) != digest:
                    raise ValueError(f"table images, row {id_}: body is not what was stored")
                found[id_] = body
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
