"""Remember: intents and outcomes of every run; locks; resume."""

from batchgw.journal.holder import Holder, Liveness
from batchgw.journal.options import KEPT_OPTIONS
from batchgw.journal.records import (
    NewRun,
    PendingApi,
    PendingChange,
    RunRecord,
    RunState,
    ScopeRecord,
    Standing,
    Tally,
)
from batchgw.journal.sql.limits import Limit, Limits, Spent
from batchgw.journal.sql.locks import ScopeHeld
from batchgw.journal.sql.quota_memory import JournalMemory
from batchgw.journal.sql.store import Journal
from batchgw.model.shape import JSON

__all__ = [
    "JSON",
    "KEPT_OPTIONS",
    "Holder",
    "Journal",
    "JournalMemory",
    "Limit",
    "Limits",
    "Liveness",
    "NewRun",
    "PendingApi",
    "PendingChange",
    "RunRecord",
    "RunState",
    "ScopeHeld",
    "ScopeRecord",
    "Spent",
    "Standing",
    "Tally",
]
