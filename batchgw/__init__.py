"""batchgw: bring the gateway responses of many API Gateway REST APIs to one written policy.

Everything public is named here and loaded on first use, so that importing the package costs nothing.
docs/library.md says what each name is for.

A name stands twice: type checkers read the imports, and the table says at run time which module to load.
tests/unit/test_public_api.py holds the two together.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batchgw.api import (
        apply as apply,
        applying as applying,
        check as check,
        discover as discover,
        plan as plan,
        resume as resume,
        resuming as resuming,
        retry as retry,
        rollback as rollback,
    )
    from batchgw.concurrency.stop import StopSignal as StopSignal
    from batchgw.control_plane.aws import connect as connect
    from batchgw.control_plane.aws.credentials.session_policy import Access as Access
    from batchgw.control_plane.aws.plane import AwsControlPlane as AwsControlPlane
    from batchgw.control_plane.data_plane import (
        DataPlane as DataPlane,
        ProbeAnswer as ProbeAnswer,
        ProbeRequest as ProbeRequest,
    )
    from batchgw.control_plane.data_plane.over_https import (
        HttpsDataPlane as HttpsDataPlane,
        open_data_plane as open_data_plane,
    )
    from batchgw.control_plane.interface import (
        ControlPlane as ControlPlane,
        Execution as Execution,
        Operation as Operation,
        Request as Request,
    )
    from batchgw.control_plane.readonly import (
        ReadOnlyControlPlane as ReadOnlyControlPlane,
        WriteRefused as WriteRefused,
    )
    from batchgw.control_plane.stack import Pace as Pace, PacedControlPlane as PacedControlPlane
    from batchgw.discovery.estate import Estate as Estate, UnreadStages as UnreadStages
    from batchgw.discovery.organization.recollection import Remembering as Remembering
    from batchgw.discovery.selection_count import SelectionCount as SelectionCount
    from batchgw.discovery.stream import Found as Found
    from batchgw.errors import (
        AccessDenied as AccessDenied,
        AnswerTooLarge as AnswerTooLarge,
        ApiDenied as ApiDenied,
        ApiNotFound as ApiNotFound,
        BadRequest as BadRequest,
        BatchgwError as BatchgwError,
        CallError as CallError,
        ConcurrentModification as ConcurrentModification,
        Conflict as Conflict,
        ConnectionCut as ConnectionCut,
        ConnectionFailed as ConnectionFailed,
        CredentialsExpired as CredentialsExpired,
        CredentialsRejected as CredentialsRejected,
        CredentialsUnavailable as CredentialsUnavailable,
        DeniedByScp as DeniedByScp,
        EndpointUnreachable as EndpointUnreachable,
        EntityNotFound as EntityNotFound,
        ExplainedStop as ExplainedStop,
        ExpressionFailed as ExpressionFailed,
        ForeignAnswer as ForeignAnswer,
        ForeignDenial as ForeignDenial,
        HeldBack as HeldBack,
        JournalUnusable as JournalUnusable,
        JournalWriteFailed as JournalWriteFailed,
        NotAsWritten as NotAsWritten,
        NotConfirmed as NotConfirmed,
        NotCustomized as NotCustomized,
        NothingSelected as NothingSelected,
        OrganizationNotInUse as OrganizationNotInUse,
        OtherAccountAnswered as OtherAccountAnswered,
        PlanStale as PlanStale,
        PlanUnreadable as PlanUnreadable,
        PolicyInvalid as PolicyInvalid,
        ProbeFailed as ProbeFailed,
        Problem as Problem,
        QuotasInvalid as QuotasInvalid,
        ReadingAged as ReadingAged,
        RegionOff as RegionOff,
        ResourceQuotaExceeded as ResourceQuotaExceeded,
        RunUnknown as RunUnknown,
        ScopeError as ScopeError,
        ScopeLocked as ScopeLocked,
        ServiceFailure as ServiceFailure,
        Starved as Starved,
        Stopped as Stopped,
        Throttled as Throttled,
        UsageError as UsageError,
        WrongAccount as WrongAccount,
        BudgetExceeded as BudgetExceeded,
        DeadlineOver as DeadlineOver,
        GateFailed as GateFailed,
        GateHeld as GateHeld,
        RunAborted as RunAborted,
        WaveReached as WaveReached,
        WindowClosed as WindowClosed,
        LimitsExceeded as LimitsExceeded,
    )
    from batchgw.events import (
        ApiRechecked as ApiRechecked,
        ApisListed as ApisListed,
        CallAnswered as CallAnswered,
        CallGaveUp as CallGaveUp,
        CallRetried as CallRetried,
        CallSent as CallSent,
        CallThrottled as CallThrottled,
        CredentialsRefreshed as CredentialsRefreshed,
        Decided as Decided,
        Event as Event,
        GateAnswered as GateAnswered,
        GateAsked as GateAsked,
        ItemPlanned as ItemPlanned,
        NullObserver as NullObserver,
        Observer as Observer,
        Observers as Observers,
        PhaseEnded as PhaseEnded,
        PhaseStarted as PhaseStarted,
        QuotaShared as QuotaShared,
        ReachedDirectly as ReachedDirectly,
        ScopeFound as ScopeFound,
        ScopeGivenUp as ScopeGivenUp,
        ScopesFound as ScopesFound,
        StageLive as StageLive,
        WaveEntered as WaveEntered,
        WavesEnded as WavesEnded,
        TypeUnknown as TypeUnknown,
    )
    from batchgw.execution.running.application import Application as Application
    from batchgw.execution.rollout.conduct import Conduct as Conduct
    from batchgw.execution.schedule import AllAtOnce as AllAtOnce, Schedule as Schedule
    from batchgw.journal import (
        ApiTargets as ApiTargets,
        Fact as Fact,
        FactKind as FactKind,
        Holder as Holder,
        Journal as Journal,
        JournalRun as JournalRun,
        KeptFor as KeptFor,
        Limit as Limit,
        LiveMemory as LiveMemory,
        Liveness as Liveness,
        NewRun as NewRun,
        OrganizationMemory as OrganizationMemory,
        PendingApi as PendingApi,
        PendingChange as PendingChange,
        PlanImport as PlanImport,
        PrunePart as PrunePart,
        QuotaMemory as QuotaMemory,
        RunRecord as RunRecord,
        RunState as RunState,
        RunTarget as RunTarget,
        ScopeCounts as ScopeCounts,
        ScopeHeld as ScopeHeld,
        Snapshot as Snapshot,
        Spent as Spent,
        Swept as Swept,
        Tally as Tally,
        ToPrune as ToPrune,
        TracedApi as TracedApi,
        TracedChange as TracedChange,
        open_journal as open_journal,
    )
    from batchgw.journal.rollout_records import (
        GateCheck as GateCheck,
        GateResult as GateResult,
        Verdict as Verdict,
        WaveDecision as WaveDecision,
        WaveRecord as WaveRecord,
        WaveState as WaveState,
    )
    from batchgw.model import (
        Account as Account,
        AccountId as AccountId,
        AccountSelection as AccountSelection,
        AccountSelector as AccountSelector,
        Action as Action,
        Applied as Applied,
        Change as Change,
        Created as Created,
        Decision as Decision,
        Desired as Desired,
        Effort as Effort,
        EnabledRegions as EnabledRegions,
        ExplicitApi as ExplicitApi,
        Failed as Failed,
        GatewayResponse as GatewayResponse,
        Mode as Mode,
        Held as Held,
        NotAttempted as NotAttempted,
        OnStale as OnStale,
        OuPattern as OuPattern,
        Outcome as Outcome,
        Owner as Owner,
        PlanItem as PlanItem,
        PlannedApi as PlannedApi,
        Policy as Policy,
        Region as Region,
        ResponseChange as ResponseChange,
        ResponseType as ResponseType,
        RestApi as RestApi,
        RestApiId as RestApiId,
        RoleLink as RoleLink,
        Rule as Rule,
        Rulebook as Rulebook,
        Scope as Scope,
        Selection as Selection,
        Selector as Selector,
        SetAside as SetAside,
        Settings as Settings,
        Skipped as Skipped,
        SkippedScope as SkippedScope,
        Target as Target,
        Targets as Targets,
        Unchanged as Unchanged,
        Unlisted as Unlisted,
        UnreadApi as UnreadApi,
        UnreadScope as UnreadScope,
        Variant as Variant,
    )
    from batchgw.model.fleet.selected import (
        Selected as Selected,
        SelectedAccounts as SelectedAccounts,
        Unmatched as Unmatched,
    )
    from batchgw.model.deploy import Deploy as Deploy, Verify as Verify
    from batchgw.model.deployment.seen_live import SeenLive as SeenLive
    from batchgw.model.kinds import DesiredPart as DesiredPart
    from batchgw.model.owner import OnManaged as OnManaged
    from batchgw.model.rollout.amount import (
        Amount as Amount,
    )
    from batchgw.model.rollout.gate import (
        AlarmCheck as AlarmCheck,
        CalendarCheck as CalendarCheck,
        Check as Check,
        CommandCheck as CommandCheck,
        Gate as Gate,
        MetricCheck as MetricCheck,
        MetricName as MetricName,
        OnInconclusive as OnInconclusive,
        ProbeCheck as ProbeCheck,
        PromptCheck as PromptCheck,
    )
    from batchgw.model.rollout.limits import (
        Limits as Limits,
        MaxFailures as MaxFailures,
        OnFailure as OnFailure,
    )
    from batchgw.model.rollout.rollout import (
        Rollout as Rollout,
    )
    from batchgw.model.rollout.wave import (
        Wave as Wave,
        WaveOrder as WaveOrder,
    )
    from batchgw.model.rollout.window import (
        CalendarWindow as CalendarWindow,
        FileWindow as FileWindow,
        WeekWindow as WeekWindow,
        Window as Window,
    )
    from batchgw.model.shape import JSON as JSON
    from batchgw.planning.frozen import FrozenAccounts as FrozenAccounts
    from batchgw.planning.plan_file.header import PlanHeader as PlanHeader
    from batchgw.planning.plan_file.plan import Plan as Plan
    from batchgw.planning.rollout.waves import Waves as Waves
    from batchgw.planning.totals import PlanTotals as PlanTotals, ScopeTotals as ScopeTotals
    from batchgw.planning.variants import Matched as Matched, Variants as Variants
    from batchgw.policy.meaning.explain import (
        ExplainedDeploy as ExplainedDeploy,
        ExplainedType as ExplainedType,
        Explanation as Explanation,
        Said as Said,
        Tried as Tried,
    )
    from batchgw.policy.loader import (
        LoadedPolicy as LoadedPolicy,
        load_policies as load_policies,
        load_policy as load_policy,
    )
    from batchgw.report.reasons import Reason as Reason
    from batchgw.report.summary import ScopeSummary as ScopeSummary, Summary as Summary
    from batchgw.simulator.over_http.options import ReadyInfo as ReadyInfo, ServeOptions as ServeOptions
    from batchgw.simulator.over_http.serve import running
    from batchgw.throttle.memory import BucketKey as BucketKey, Learned as Learned, Memory as Memory
    from batchgw.throttle.pacer import Belief as Belief
    from batchgw.throttle.quota import Quota as Quota, Quotas as Quotas, Scoping as Scoping, Trust as Trust
    from batchgw.version import VERSION

    simulated_api = running
    __version__ = VERSION

_NAMES = {
    "api": "apply applying check discover plan resume resuming retry rollback",
    "concurrency.stop": "StopSignal",
    "control_plane.aws": "connect",
    "control_plane.aws.credentials.session_policy": "Access",
    "control_plane.aws.plane": "AwsControlPlane",
    "control_plane.data_plane": "DataPlane ProbeAnswer ProbeRequest",
    "control_plane.data_plane.over_https": "HttpsDataPlane open_data_plane",
    "control_plane.interface": "ControlPlane Execution Operation Request",
    "control_plane.readonly": "ReadOnlyControlPlane WriteRefused",
    "control_plane.stack": "Pace PacedControlPlane",
    "discovery.estate": "Estate UnreadStages",
    "discovery.organization.recollection": "Remembering",
    "discovery.selection_count": "SelectionCount",
    "discovery.stream": "Found",
    "errors": (
        "AccessDenied AnswerTooLarge ApiDenied ApiNotFound BadRequest BatchgwError CallError "
        "ConcurrentModification Conflict ConnectionCut ConnectionFailed CredentialsExpired "
        "CredentialsRejected CredentialsUnavailable DeniedByScp EndpointUnreachable EntityNotFound "
        "ExplainedStop ExpressionFailed ForeignAnswer ForeignDenial HeldBack JournalUnusable "
        "JournalWriteFailed NotAsWritten NotConfirmed NotCustomized NothingSelected OrganizationNotInUse "
        "OtherAccountAnswered PlanStale PlanUnreadable PolicyInvalid ProbeFailed Problem QuotasInvalid "
        "ReadingAged RegionOff ResourceQuotaExceeded RunUnknown ScopeError ScopeLocked ServiceFailure "
        "Starved Stopped Throttled UsageError WrongAccount"
        " BudgetExceeded DeadlineOver GateFailed GateHeld RunAborted WaveReached WindowClosed"
        " LimitsExceeded"
    ),
    "events": (
        "ApiRechecked ApisListed CallAnswered CallGaveUp CallRetried CallSent CallThrottled "
        "CredentialsRefreshed Decided Event GateAnswered GateAsked ItemPlanned NullObserver Observer "
        "Observers PhaseEnded PhaseStarted QuotaShared ReachedDirectly ScopeFound ScopeGivenUp ScopesFound "
        "StageLive TypeUnknown WaveEntered WavesEnded"
    ),
    "execution.running.application": "Application",
    "execution.rollout.conduct": "Conduct",
    "execution.schedule": "AllAtOnce Schedule",
    "journal": (
        "ApiTargets Fact FactKind Holder Journal JournalRun KeptFor Limit LiveMemory Liveness NewRun "
        "OrganizationMemory PendingApi PendingChange PlanImport PrunePart QuotaMemory RunRecord RunState "
        "RunTarget ScopeCounts ScopeHeld Snapshot Spent Swept Tally ToPrune TracedApi TracedChange "
        "open_journal"
    ),
    "journal.rollout_records": "GateCheck GateResult Verdict WaveDecision WaveRecord WaveState",
    "model": (
        "Account AccountId AccountSelection AccountSelector Action Applied Change Created "
        "Decision Desired Effort EnabledRegions ExplicitApi Failed GatewayResponse Mode "
        "Held NotAttempted OnStale OuPattern Outcome Owner PlanItem PlannedApi Policy Region "
        "ResponseChange ResponseType RestApi RestApiId RoleLink Rule Rulebook Scope Selection "
        "Selector SetAside Settings Skipped SkippedScope Target Targets Unchanged Unlisted "
        "UnreadApi UnreadScope Variant"
    ),
    "model.fleet.selected": "Selected SelectedAccounts Unmatched",
    "model.deploy": "Deploy Verify",
    "model.deployment.seen_live": "SeenLive",
    "model.kinds": "DesiredPart",
    "model.owner": "OnManaged",
    "model.rollout.amount": "Amount",
    "model.rollout.gate": (
        "AlarmCheck CalendarCheck Check CommandCheck Gate MetricCheck MetricName OnInconclusive "
        "ProbeCheck PromptCheck"
    ),
    "model.rollout.limits": "Limits MaxFailures OnFailure",
    "model.rollout.rollout": "Rollout",
    "model.rollout.wave": "Wave WaveOrder",
    "model.rollout.window": "CalendarWindow FileWindow WeekWindow Window",
    "model.shape": "JSON",
    "planning.frozen": "FrozenAccounts",
    "planning.plan_file.header": "PlanHeader",
    "planning.plan_file.plan": "Plan",
    "planning.rollout.waves": "Waves",
    "planning.totals": "PlanTotals ScopeTotals",
    "planning.variants": "Matched Variants",
    "policy.loader": "LoadedPolicy load_policies load_policy",
    "policy.meaning.explain": "ExplainedDeploy ExplainedType Explanation Said Tried",
    "report.reasons": "Reason",
    "report.summary": "ScopeSummary Summary",
    "simulator.over_http.options": "ReadyInfo ServeOptions",
    "throttle.memory": "BucketKey Learned Memory",
    "throttle.pacer": "Belief",
    "throttle.quota": "Quota Quotas Scoping Trust",
}
"""The public names of each module."""

_ORIGINS = {name: (module, name) for module, names in _NAMES.items() for name in names.split()} | {
    "__version__": ("version", "VERSION"),
    "simulated_api": ("simulator.over_http.serve", "running"),
}
"""Where each public name comes from: a module, and the name it has there."""

if (
    not TYPE_CHECKING
):  # type checkers read no computed __all__, and believe any name of a module with a __getattr__
    __all__ = list(_ORIGINS)
    __all__.sort()

    def __getattr__(name: str) -> object:
        if name not in _ORIGINS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, original = _ORIGINS[name]
        return getattr(import_module(f"{__name__}.{module}"), original)
