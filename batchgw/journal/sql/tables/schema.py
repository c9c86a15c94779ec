"""The journal's tables, the same for every database. Text may be anything a service or a user can name."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    SmallInteger,
    Table,
    UniqueConstraint,
    false,
)

from batchgw.journal.holder import Holder
from batchgw.journal.organization_memory import FactKind
from batchgw.journal.ranking import RANKS
from batchgw.journal.records import RunState
from batchgw.journal.rollout_records import GateResult, Verdict, WaveState
from batchgw.journal.sql.tables.columns import (
    DATE,
    KEY,
    MOMENT,
    MOST_SMALL,
    AnyText,
    Count,
    Flag,
    JsonText,
    LongName,
    Measure,
    Name,
    Word,
)
from batchgw.model import Action

MOST_RATE: Final = 1e6
"""Calls a second, or at once, that no quota of AWS's or of an emulator's comes near."""

SCHEMA_VERSION: Final = 5
"""Raised with every change of the tables below, and a step in `migrations.py` written for it."""


def _holder_columns() -> tuple[Column[Any], ...]:
    """The fields of `Holder`."""
    return (
        Column("host", AnyText, nullable=False),
        Column("pid", Count(), nullable=False),
        Column("user", AnyText, nullable=False),
        Column("since", MOMENT, nullable=False),
        Column("heartbeat", MOMENT, nullable=False),
        Column("pid_started", Count()),
        Column("boot", Name(64)),
        Column("pid_namespace", Name(64)),
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
    Column("written_by", Name(64), nullable=False),  # the batchgw that made the tables
)

ids = Table(
    "ids",
    metadata,
    Column("next", Count(), nullable=False),  # the first key not yet given out; none is ever used again
)

runs = Table(
    "runs",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Name(32), nullable=False, unique=True),  # what people type
    Column("verb", Name(32), nullable=False),
    Column("state", Word(*RunState, length=16), nullable=False),
    Column("started", MOMENT, nullable=False),
    Column("finished", MOMENT),
    Column("version", Name(64), nullable=False),
    Column("policy_source", AnyText, nullable=False),
    Column("policy_digest", Name(128), nullable=False),
    Column("desired", JsonText(), nullable=False),
    Column("options", JsonText(), nullable=False),
    Column(
        "totals", JsonText(optional=True)
    ),  # the tally of an ended run, so that a list of runs need not count
    Column("token", Name(32), index=True),  # see `claims.py`; None: nobody works on it
    *_holder_columns(),
    Column("parent", Name(32)),  # the run that this one takes back
    Column("rollout", JsonText(optional=True)),  # its waves, gates and budgets; None or null without any
)

scopes = Table(
    "scopes",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
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
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("scope_id", ForeignKey("scopes.id"), nullable=False),
    Column("api", AnyText, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("tags", JsonText(texts=True), nullable=False),
    Column("endpoint_types", JsonText(list, texts=True), nullable=False),
    Column("created", DATE),
    Column("wave", Count(Integer, MOST_SMALL)),  # the wave that has it; None: it has nothing to do
    UniqueConstraint("scope_id", "api"),  # one row per API: one worker at a time writes to it
    Index(None, "scope_id", "id"),
)

images = Table(
    "images",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # sha256 of the body
    Column("body", LongName, nullable=False),  # one of Change.images(), canonical
)

changes = Table(
    "changes",
    metadata,
    Column("id", KEY, primary_key=True, autoincrement=False),
    Column("api_id", ForeignKey("apis.id"), nullable=False, index=True),
    Column("change", Name(32), nullable=False),  # the kind of change
    Column("target", AnyText, nullable=False),  # the target's name
    Column("action", Word(*Action, length=16), nullable=False),
    Column("before_id", ForeignKey("images.id")),  # None: the API could not be read
    Column("after_id", ForeignKey("images.id")),  # None: there is no image after
    Column("intended_at", MOMENT),  # NULL: no call was sent, for certain
    Column("rank", Count(SmallInteger, 3), nullable=False),  # see `ranking.py`
    Column("kind", Word(*RANKS, length=16)),  # None: undecided
    Column("code", AnyText),
    Column("message", AnyText),
    Column("attempts", Count(Integer, MOST_SMALL), nullable=False, server_default="0"),
    Column("throttles", Count(Integer, MOST_SMALL), nullable=False, server_default="0"),
    Column("waited", Measure(), nullable=False, server_default="0"),
    Column("request_id", AnyText),
    Column("verified", Flag(), nullable=False, server_default=false()),
    Column("decided_at", MOMENT),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("api_id", ForeignKey("apis.id"), nullable=False, unique=True),  # a run takes one of each API
    Column("intended_at", MOMENT, nullable=False),  # a call for it may have been made since
    Column("deployment", AnyText),  # what it is called; None: not known yet
    Column("taken_at", MOMENT),
)

deployed = Table(
    "deployed",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("account", AnyText, nullable=False),
    Column("region", AnyText, nullable=False),
    Column("api", AnyText, nullable=False),
    Column("deployment", AnyText, nullable=False),
    Column("digests", JsonText(texts=True), nullable=False),  # what it answers with, by response type
    Column("at", MOMENT, nullable=False),  # when that was read last
    UniqueConstraint("account", "region", "api", "deployment"),
)

waves = Table(
    "waves",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("number", Count(Integer, MOST_SMALL), nullable=False),  # counted from 1
    Column("state", Word(*WaveState, length=16), nullable=False),
    Column("began", MOMENT, nullable=False),  # when it came into its first state
    Column("since", MOMENT, nullable=False),  # when it came into this one
    Column("said", AnyText, nullable=False),  # why; empty where nothing is to be said
    UniqueConstraint("run_id", "number"),
)

gate_checks = Table(
    "gate_checks",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("run_id", ForeignKey("runs.id"), nullable=False, index=True),
    Column("wave", Count(Integer, MOST_SMALL), nullable=False),
    Column("gate", AnyText, nullable=False),
    Column("result", Word(*GateResult, length=16), nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("said", AnyText, nullable=False),  # on what data
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("run_id", ForeignKey("runs.id"), nullable=False, index=True),
    Column("wave", Count(Integer, MOST_SMALL), nullable=False),
    Column("verdict", Word(*Verdict, length=16), nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("who", AnyText, nullable=False),
    Column("reason", AnyText, nullable=False),
)

locks = Table(
    "locks",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("account", AnyText, nullable=False),
    Column("region", AnyText, nullable=False),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("token", Name(32), nullable=False),  # one acquisition: tells it from any later one
    *_holder_columns(),
    UniqueConstraint("account", "region"),
)

limits = Table(
    "limits",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("endpoint", AnyText, nullable=False),  # whose quotas: "" is AWS itself
    Column("account", AnyText, nullable=False),
    Column("region", AnyText, nullable=False),  # "*": all regions share the quota
    Column("operation", AnyText, nullable=False),  # "*": the total of all operations
    Column(
        "stated_rate", Measure(most=MOST_RATE)
    ),  # calls/second as the run was told, all of it; None: unknown
    Column("stated_burst", Measure(most=MOST_RATE)),
    Column(
        "share", Measure(most=1.0, what="share from 0 to 1"), nullable=False
    ),  # the part of it that was ours
    Column("rate", Measure(most=MOST_RATE), nullable=False),
    Column("burst", Measure(most=MOST_RATE), nullable=False),
    Column(
        "level", Measure(-MOST_RATE, MOST_RATE, "level of a bucket"), nullable=False
    ),  # as it was at that time
    Column("at", MOMENT, nullable=False),
    Column(
        "sent", Count(Integer, MOST_SMALL), nullable=False
    ),  # of the run that wrote last, like the next two
    Column("refused", Count(Integer, MOST_SMALL), nullable=False),
    Column("waited", Measure(), nullable=False),
    Column("all_sent", Count(), nullable=False, server_default="0"),  # of all runs
    Column("all_refused", Count(), nullable=False, server_default="0"),
    Column("all_waited", Measure(), nullable=False, server_default="0"),
    UniqueConstraint("endpoint", "account", "region", "operation"),
)

WHOLE: Final = "list"
"""The kind of a row that says which list is whole: it is named after the list's kind, and counts its rows."""

organization = Table(
    "organization",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("reader", AnyText, nullable=False),  # whose organisation, and by which role it was read
    Column("kind", Word(*FactKind, WHOLE, length=16), nullable=False),
    Column("name", AnyText, nullable=False),  # of an account, OU or root: its id
    Column("body", JsonText(), nullable=False),
    Column("at", MOMENT, nullable=False),  # when it was asked; all rows of a list have the same time
    UniqueConstraint("reader", "kind", "name"),
)
