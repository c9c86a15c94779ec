"""Keeps compiled SQL: batchgw's own process compiles it for one journal, tests for thousands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from weakref import WeakKeyDictionary

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement


@contextmanager
def compiled_once() -> Iterator[None]:
    """Compile each statement once, however many engines there are, as long as the block lasts."""
    compiler = ClauseElement._compiler
    kept: dict[object, Any] = {}

    def compiled(self: ClauseElement, dialect: Dialect, **options: Any) -> Any:
        # Values are no part of the key: SQLAlchemy takes those of each execution, and `Prepared` takes none.
        key = options.get("cache_key") or self._generate_cache_key()
        if key is None or options.get("schema_translate_map"):
            return compiler(self, dialect, **options)
        form = {name: value for name, value in options.items() if name != "cache_key"}
        all_of_it = (type(dialect), dialect.paramstyle, bool(options.get("cache_key")), repr(form), key.key)
        if all_of_it not in kept:
            kept[all_of_it] = compiler(self, dialect, **options)
        return kept[all_of_it]

    # What SQLite makes of each type is the same for every journal, too.
    memos: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
    with (
        patch.object(SQLiteDialect_pysqlite, "_type_memos", memos),
        patch.object(ClauseElement, "_compiler", compiled),
    ):
        yield
