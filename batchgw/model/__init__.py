"""The nouns that all other folders use: scopes, APIs, responses, policies, changes, outcomes. Pure."""

from batchgw.model.change import (
    Action,
    Change,
    OnStale,
    PlanItem,
    PlannedApi,
    SetAside,
    SkippedScope,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.desired import Desired, Mode, Rule, Unlisted
from batchgw.model.fleet.organization import Account, AccountSelection, AccountSelector, OuPattern
from batchgw.model.fleet.selector import Created, Selector
from batchgw.model.fleet.targets import EnabledRegions, ExplicitApi, RoleLink, Selection, Targets
from batchgw.model.outcome import (
    Applied,
    Effort,
    Failed,
    Held,
    NotAttempted,
    Outcome,
    Skipped,
    Unchanged,
)
from batchgw.model.owner import Owner
from batchgw.model.policy import Policy
from batchgw.model.response import (
    DEFAULT_STATUS,
    DEFAULT_TEMPLATES,
    HEADER_PREFIX,
    GatewayResponse,
    ResponseType,
    Settings,
)
from batchgw.model.response_change import ResponseChange
from batchgw.model.rulebook import Decision, OneForAll, Rulebook, Variant
from batchgw.model.scope import AccountId, Region, RestApi, RestApiId, Scope
from batchgw.model.target import Target

__all__ = [
    "DEFAULT_STATUS",
    "DEFAULT_TEMPLATES",
    "HEADER_PREFIX",
    "Account",
    "AccountId",
    "AccountSelection",
    "AccountSelector",
    "Action",
    "Applied",
    "Change",
    "Created",
    "Decision",
    "Desired",
    "Effort",
    "EnabledRegions",
    "ExplicitApi",
    "Failed",
    "GatewayResponse",
    "Held",
    "Mode",
    "NotAttempted",
    "OnStale",
    "OneForAll",
    "OuPattern",
    "Outcome",
    "Owner",
    "PlanItem",
    "PlannedApi",
    "Policy",
    "Region",
    "ResponseChange",
    "ResponseType",
    "RestApi",
    "RestApiId",
    "RoleLink",
    "Rule",
    "Rulebook",
    "Scope",
    "Selection",
    "Selector",
    "SetAside",
    "Settings",
    "Skipped",
    "SkippedScope",
    "Target",
    "Targets",
    "Unchanged",
    "Unlisted",
    "UnreadApi",
    "UnreadScope",
    "Variant",
]
