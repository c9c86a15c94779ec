"""Remember: intents and outcomes of every run; locks; resume."""

from batchgw.journal.holder import Holder, Liveness
from batchgw.journal.interface import Journal, JournalRun, PlanImport, QuotaMemory
from batchgw.journal.live_memory import LiveMemory
from batchgw.journal.locks import ScopeHeld
from batchgw.journal.opening import open_journal
from batchgw.journal.options import KEPT_OPTIONS
from batchgw.journal.organization_memory import Fact, FactKind, OrganizationMemory
from batchgw.journal.pruning import KeptFor, PrunePart, Swept, ToPrune
from batchgw.journal.quota_memory import Limit, Spent
from batchgw.journal.records import (
    ApiTargets,
    NewRun,
    PendingApi,
    PendingChange,
    RunRecord,
    RunState,
    RunTarget,
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
    "ApiTargets",
    "Fact",
    "FactKind",
    "Holder",
    "Journal",
    "JournalRun",
    "KeptFor",
    "Limit",
    "LiveMemory",
    "Liveness",
    "NewRun",
    "OrganizationMemory",
    "PendingApi",
    "PendingChange",
    "PlanImport",
    "PrunePart",
    "QuotaMemory",
    "RunRecord",
    "RunState",
    "RunTarget",
    "ScopeCounts",
    "ScopeHeld",
    "Snapshot",
    "Spent",
    "Swept",
    "Tally",
    "ToPrune",
    "TracedApi",
    "TracedChange",
    "open_journal",
]
