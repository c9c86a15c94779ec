"""What happens in a run, as frozen records. The engine tells them; observers show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from batchgw.model import AccountId, Outcome, PlanItem, Region, RestApi, RestApiId, Scope
from batchgw.model.deploy import Verify


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    """A run enters a phase: "plan", "recheck" or "apply".

    `scopes` are those that are known: in a plan none. They come one by one, each with a `ScopeFound`.
    `expected` is the number of targets to be decided in it per scope, where it is known beforehand; in a
    recheck, of APIs to be read. `kinds` are the kinds of change that the targets are of. `by_kind` parts the
    expected ones by their kind, where they are of several.
    """

    run: str
    phase: str
    scopes: tuple[Scope, ...]
    expected: Mapping[Scope, int]
    kinds: frozenset[str] = frozenset()
    by_kind: Mapping[str, Mapping[Scope, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeFound:
    """An account-region was found that is looked into. Others may follow."""

    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopesFound:
    """No more account-regions follow; so many `scopes` were found."""

    scopes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApisListed:
    """A page of REST APIs was listed; `selected` of `seen` are targets."""

    scope: Scope
    seen: int
    selected: int
    last_page: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPlanned:
    """An API was read and compared, or could not be.

    `selected` is false for one that `ApisListed` has not counted, because it could not be told whether it is
    meant, or because it is named and left out.
    """

    item: PlanItem
    selected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRechecked:
    """A planned API was read again before it is written. What differs from the plan is told elsewhere."""

    api: RestApi


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveEntered:
    """A wave comes into a state: "writing", "baking", "asking", "held", "passed" or "failed".

    Attributes:
        number: counts from 1.
        of: how many waves there are.
        said: why the wave is in this state, where there is something to say.
        run: the run.
        unit: the wave in the policy's words, such as "5%" or "rest".
        lasts: seconds until the state ends by itself: a bake, or a hold for which somebody waits; else None.
    """

    number: int
    of: int
    state: str
    said: str = ""
    run: str = ""
    unit: str = ""
    lasts: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAsked:
    """A gate is asked about a wave that has ended. A person may take long to answer, and so may a command."""

    number: int
    of: int
    gate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswered:
    """What a gate says about a wave: "pass", "fail", "inconclusive" or "skipped", and on what data.

    An alarm that is not OK before its wave begins answers, too, and so does a person who decides.
    """

    number: int
    of: int
    gate: str
    result: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WavesEnded:
    """No more waves begin in a run. `why` says what has stopped it; empty where the last one has passed."""

    run: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLive:
    """A stage was seen to answer as planned.

    Attributes:
        by: how it was seen. BOTH means that a request and the export agree.
        seconds: from the answer to UpdateStage to the first answer as planned, or to the export. None where
            nobody knows: an earlier process moved the stage, or a canary answered so before.
        not_probeable: why it was seen by the export though the policy asks for a probe; empty otherwise.
    """

    api: RestApi
    stage: str
    by: Verify
    seconds: float | None
    not_probeable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSent:
    """An attempt leaves. `service` is botocore's name of the service that is asked.

    `target` is the name of what it is about, within `api` or, in another service, by itself.
    `waited` is seconds at the limiter, `rate` the limiter's calls/second now.
    """

    scope: Scope
    operation: str
    api: RestApiId | None
    target: str | None
    attempt: int
    waited: float
    rate: float
    service: str = "apigateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """An attempt was answered with success. `latency` in seconds."""

    scope: Scope
    operation: str
    api: RestApiId | None
    target: str | None
    attempt: int
    latency: float
    request_id: str | None
    service: str = "apigateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallThrottled:
    """An attempt was refused by the quota; `rate` is the limiter's new calls/second."""

    scope: Scope
    operation: str
    api: RestApiId | None
    target: str | None
    attempt: int
    rate: float
    retry_after: float | None
    request_id: str | None
    service: str = "apigateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRetried:
    """An attempt failed and will be made again after `delay` seconds."""

    scope: Scope
    operation: str
    api: RestApiId | None
    target: str | None
    attempt: int
    delay: float
    code: str
    message: str
    request_id: str | None
    service: str = "apigateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallGaveUp:
    """An execution ended without success."""

    scope: Scope
    operation: str
    api: RestApiId | None
    target: str | None
    attempts: int
    code: str
    message: str
    request_id: str | None
    service: str = "apigateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsRefreshed:
    """New credentials for an account; `expires` is seconds since the epoch."""

    account: str
    role: str
    expires: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedDirectly:
    """An account is that of the credentials themselves, so the role is not assumed there. Told once.

    `narrowed`: the role's sessions can only read. No session policy binds the credentials themselves.
    """

    account: str
    role: str
    narrowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A target has its outcome, and the journal knows it."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeGivenUp:
    """Nothing more is tried in this scope, and why. `rightly`: it is off or denied by an SCP, so no error."""

    scope: Scope
    code: str
    message: str
    rightly: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEnded:
    """A phase is over, after `elapsed` seconds."""

    run: str
    phase: str
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaShared:
    """Regions of an account have turned out to share one quota: they are paced as one from now on."""

    account: AccountId
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeUnknown:
    """An API has a gateway response of a type that this version does not know. Told once for each type.

    No policy can name it, so it is neither compared nor changed, not even by `unlisted: reset`.
    """

    scope: Scope
    type: str


Event = (
    PhaseStarted
    | ScopeFound
    | ScopesFound
    | ApisListed
    | ItemPlanned
    | ApiRechecked
    | StageLive
    | WaveEntered
    | GateAsked
    | GateAnswered
    | WavesEnded
    | CallSent
    | CallAnswered
    | CallThrottled
    | CallRetried
    | CallGaveUp
    | CredentialsRefreshed
    | ReachedDirectly
    | Decided
    | ScopeGivenUp
    | QuotaShared
    | TypeUnknown
    | PhaseEnded
)


class Observer(Protocol):
    """Is told what happens. Must not block; an error it raises ends the run."""

    def notify(self, event: Event) -> None:
        """Take note of an event."""
        ...


class NullObserver:
    """Shows nothing."""

    def notify(self, event: Event) -> None:
        """Take note of nothing."""


class Observers:
    """Tells several observers, in order. More can join for a while."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = list(observers)

    def notify(self, event: Event) -> None:
        """Pass the event on to each."""
        for observer in self._observers:
            observer.notify(event)

    @contextmanager
    def joined(self, observer: Observer) -> Iterator[None]:
        """Tell one more observer, as long as the block lasts."""
        self._observers.append(observer)
        try:
            yield
        finally:
            self._observers.remove(observer)
