"""The journal's tables, the same for every database. Text may be anything a service or a user can name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from batchgw.journal.holder import Holder

SCHEMA_VERSION: Final = 2
"""Raised with every change of the tables below, and a step in `migrations.py` written for it."""

_UNSTORABLE = re.compile("[\\\\\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")


def escaped(text: str) -> str:
    r"""Write what databases refuse, and the backslash itself, as `\uXXXX`; everything else stays readable."""
    return _UNSTORABLE.sub(lambda m: f"\\u{ord(m[0]):04x}", text) if _UNSTORABLE.search(text) else text


class AnyText(TypeDecorator[str]):
    r"""Text that may hold what databases refuse: NUL (PostgreSQL) and lone surrogates (all)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - inherited
        """Escape on the way in."""
        return None if value is None else escaped(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - inherited
        """Take the escapes back on the way out."""
        if value is None or "\\" not in value:
            return value
        return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), value)


_EMPTY: Final[Mapping[str, type[dict[str, Any] | list[Any]]]] = {"{}": dict, "[]": list}
"""What tags and endpoint types mostly are: told apart without a parser."""


class JsonText(TypeDecorator[Any]):
    """JSON as ASCII text: unlike a database's own JSON type it takes every string on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002 - inherited
        """Write canonically."""
        return canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - inherited
        """Read back; SQL's NULL is None."""
        if value is None:
            return None
        return _EMPTY[value]() if value in _EMPTY else json.loads(value)


canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode
"""The one spelling of a JSON value: equal values give equal text."""

Key = BigInteger().with_variant(Integer(), "sqlite")
"""An integer key. SQLite's row ids are INTEGER by name; a text key would be 8 to 10 times slower."""


def _holder_columns() -> tuple[Column[Any], ...]:
    """The fields of `Holder`."""
    return (
        Column("host", AnyText, nullable=False),
        Column("pid", BigInteger, nullable=False),
        Column("user", AnyText, nullable=False),
        Column("since", Double, nullable=False),
        Column("heartbeat", Double, nullable=False),
        Column("pid_started", BigInteger),
        Column("boot", String(64)),
        Column("pid_namespace", String(64)),
    )


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def holder_of(row: Row[Any]) -> Holder:
    """Read the holder from a row of a table that has its columns."""
    return Holder(**{field.name: getattr(row, field.name) for field in fields(Holder)})


schema_version = Table(
    "batchgw_schema",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("written_by", String(64), nullable=False),  # the batchgw that made the tables
)

ids = Table(
    "ids",
    metadata,
    Column("next", BigInteger, nullable=False),  # the first key not yet given out; none is ever used again
)

runs = Table(
    "runs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(32), nullable=False, unique=True),  # what people type
    Column("verb", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started", Double, nullable=False),
    Column("finished", Double),
    Column("version", String(64), nullable=False),
    Column("policy_source", AnyText, nullable=False),
    Column("policy_digest", String(128), nullable=False),
    Column("desired", JsonText, nullable=False),
    Column("options", JsonText, nullable=False),
    Column("totals", JsonText),  # the tally of an ended run, so that a list of runs need not count
    Column("token", String(32), index=True),  # see `claims.py`; None: nobody works on it
    *_holder_columns(),
)

scopes = Table(
    "scopes",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("account", AnyText, nullable=False),
    Column("region", AnyText, nullable=False),
    Column("unread_code", AnyText),
    Column("unread_message", AnyText),
    UniqueConstraint("run_id", "account", "region"),
)

apis = Table(
    "apis",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("scope_id", ForeignKey("scopes.id"), nullable=False),
    Column("api", AnyText, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("endpoint_types", JsonText, nullable=False),
    Column("created", Double),
    UniqueConstraint("scope_id", "api"),  # one row per API: one worker at a time writes to it
    Index(None, "scope_id", "id"),
)

settings = Table(
    "settings",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # sha256 of the body
    Column("body", Text, nullable=False),  # Settings.to_json(), canonical
)

changes = Table(
    "changes",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("api_id", ForeignKey("apis.id"), nullable=False, index=True),
    Column("type", String(64), nullable=False),
    Column("action", String(16), nullable=False),
    Column("before_id", ForeignKey("settings.id")),  # None: the API could not be read
    Column("before_default", Boolean),
    Column("after_id", ForeignKey("settings.id")),
    Column("intended_at", Double),  # NULL: no call was sent, for certain
    Column("rank", SmallInteger, nullable=False),  # see `standing.py`
    Column("kind", String(16)),  # None: undecided
    Column("code", AnyText),
    Column("message", AnyText),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("throttles", Integer, nullable=False, server_default="0"),
    Column("waited", Double, nullable=False, server_default="0"),
    Column("request_id", AnyText),
    Column("verified", Boolean, nullable=False, server_default=false()),
    Column("decided_at", Double),
)

locks = Table(
    "locks",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account", AnyText, nullable=False),
    Column("region", AnyText, nullable=False),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("token", String(32), nullable=False),  # one acquisition: tells it from any later one
    *_holder_columns(),
    UniqueConstraint("account", "region"),
)

limits = Table(
    "limits",
    metadata,
    Column("id", Key, primary_key=True),
    Column("endpoint", AnyText, nullable=False),  # whose quotas: "" is AWS itself
    Column("account", AnyText, nullable=False),
    Column("region", AnyText, nullable=False),  # "*": all regions share the quota
    Column("operation", AnyText, nullable=False),  # "*": the total of all operations
    Column("stated_rate", Double),  # calls/second as the run was told, all of it; None: unknown
    Column("stated_burst", Double),
    Column("share", Double, nullable=False),  # the part of it that was ours
    Column("rate", Double, nullable=False),
    Column("burst", Double, nullable=False),
    Column("level", Double, nullable=False),  # as it was at that time
    Column("at", Double, nullable=False),
    Column("sent", Integer, nullable=False),  # of the run that wrote last, like the next two
    Column("refused", Integer, nullable=False),
    Column("waited", Double, nullable=False),
    Column("all_sent", BigInteger, nullable=False, server_default="0"),  # of all runs
    Column("all_refused", BigInteger, nullable=False, server_default="0"),
    Column("all_waited", Double, nullable=False, server_default="0"),
    UniqueConstraint("endpoint", "account", "region", "operation"),
)
