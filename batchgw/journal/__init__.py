"""Remember: intents and outcomes of every run; locks; resume."""

from batchgw.journal.holder import Holder, Liveness
from batchgw.journal.interface import Journal, JournalRun, PlanImport, QuotaMemory
from batchgw.journal.live_memory import LiveMemory
from batchgw.journal.locks import ScopeHeld
from batchgw.journal.opening import open_journal
from batchgw.journal.options import KEPT_OPTIONS
from batchgw.journal.organization_memory import Fact, FactKind, OrganizationMemory
from batchgw.journal.quota_memory import Limit, Spent
from batchgw.journal.records import (
    NewRun,
    PendingApi,
    PendingChange,
    RunRecord,
    RunState,
    ScopeCounts,
    Snapshot,
    Tally,
    TracedApi,
    TracedChange,
)
from batchgw.model.shape import JSON

__all__ = [
    "JSON",
    "KEPT_OPTIONS",
    "Fact",
    "FactKind",
    "Holder",
    "Journal",
    "JournalRun",
    "Limit",
    "LiveMemory",
    "Liveness",
    "NewRun",
    "OrganizationMemory",
    "PendingApi",
    "PendingChange",
    "PlanImport",
    "QuotaMemory",
    "RunRecord",
    "RunState",
    "ScopeCounts",
    "ScopeHeld",
    "Snapshot",
    "Spent",
    "Tally",
    "TracedApi",
    "TracedChange",
    "open_journal",
]
