"""The nouns that all other folders use: scopes, APIs, responses, policies, changes, outcomes. Pure."""

from batchgw.model.change import Action, Change, OnStale, PlanItem, PlannedApi, UnreadApi, UnreadScope
from batchgw.model.outcome import (
    Applied,
    Effort,
    Failed,
    NotAttempted,
    Outcome,
    Skipped,
    Unchanged,
)
from batchgw.model.policy import (
    Desired,
    ExplicitApi,
    Mode,
    Policy,
    Rule,
    Selection,
    Selector,
    Targets,
    Unlisted,
)
from batchgw.model.response import (
    DEFAULT_STATUS,
    DEFAULT_TEMPLATES,
    HEADER_PREFIX,
    GatewayResponse,
    ResponseType,
    Settings,
)
from batchgw.model.response_change import ResponseChange
from batchgw.model.scope import AccountId, Region, RestApi, RestApiId, Scope
from batchgw.model.target import Target

__all__ = [
    "DEFAULT_STATUS",
    "DEFAULT_TEMPLATES",
    "HEADER_PREFIX",
    "AccountId",
    "Action",
    "Applied",
    "Change",
    "Desired",
    "Effort",
    "ExplicitApi",
    "Failed",
    "GatewayResponse",
    "Mode",
    "NotAttempted",
    "OnStale",
    "Outcome",
    "PlanItem",
    "PlannedApi",
    "Policy",
    "Region",
    "ResponseChange",
    "ResponseType",
    "RestApi",
    "RestApiId",
    "Rule",
    "Scope",
    "Selection",
    "Selector",
    "Settings",
    "Skipped",
    "Target",
    "Targets",
    "Unchanged",
    "Unlisted",
    "UnreadApi",
    "UnreadScope",
]
