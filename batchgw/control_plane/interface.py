"""The one seam to the world: requests in, answers out. The sender does not know what answers.

A request is a record, so a wrapper (limiting, retrying, read-only) is one method. All that is known about an
operation is in one file of `control_plane.operations`. Wrappers are stacked once, in `control_plane.stack`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar, runtime_checkable

from batchgw.errors import CallError, EntityNotFound, NotCustomized
from batchgw.model import AccountId, Effort, RestApiId, Scope

T = TypeVar("T")
Value = TypeVar("Value", covariant=True)  # noqa: PLC0105 - named for what it is

Wire = Mapping[str, Any]
"""Parameters or an answer under boto3's names. The only place for `Any`: code that reads it must check it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonForm:
    """What else must be known of an operation that is sent and read without botocore (`aws.fast_path`).

    Attributes:
        query: boto3's parameters that stand in the query.
        body: boto3's parameters that stand in the body, a JSON object.
        read: makes boto3's answer of the JSON object that comes back. It changes names and dates; values may
            be of any type. None for an operation with an empty answer.
    """

    query: frozenset[str] = frozenset()
    body: frozenset[str] = frozenset()
    read: Callable[[dict[str, Any]], Wire] | None = None


API_GATEWAY = "apigateway"
"""botocore's name of API Gateway."""

Credentials = Literal["account", "organization"]
"""Whose keys sign: those of the scope's account, or those of whoever reads the organisation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What there is to know of an operation.

    Attributes:
        name: AWS's, for quotas, logs and statistics.
        method: boto3's name.
        service: botocore's name of the service that has it.
        credentials: whose keys sign it.
        http: the HTTP method. API Gateway's IAM action has the same name ("apigateway:GET").
        path: the HTTP path, with boto3's parameters in braces. API Gateway's IAM resource is the same path
            (service authorization reference, API Gateway). Other services leave both out.
        writes: it changes something.
        overwrites: it replaces what is there, which may be somebody else's.
        stream: boto3's member of the answer that is a stream. It is read to its end before `read` gets the
            answer, which has a text or bytes in its place.
        form: how it is sent without botocore; None where botocore sends it.
    """

    name: str
    method: str
    service: str = API_GATEWAY
    credentials: Credentials = "account"
    http: str = "POST"
    path: str = "/"
    writes: bool = False
    overwrites: bool = False
    stream: str | None = None
    form: JsonForm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How an answer is to be read.

    Attributes:
        whole: the answer must tell of everything there is, as AWS's do. Emulators leave out what is at its
            default.
        unknown: is told of each type of gateway response that this version does not know.
    """

    whole: bool = True
    unknown: Callable[[str], None] = field(default=lambda _name: None)


AWS = Reading()
"""How answers of AWS are read when nobody wants to hear of unknown types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[Value]):
    """A call to make in a scope. `Value` is the type of its answer's value.

    A subclass is an operation: it names its `operation`, and has `params` and `read`. The scope's account
    says whose keys sign, and its region where the call goes. A service that has one endpoint in a partition,
    such as Organizations, is asked there.
    """

    operation: ClassVar[Operation]
    scope: Scope

    @property
    def credentials(self) -> Credentials:
        """Whose keys sign."""
        return self.operation.credentials

    @property
    def api_id(self) -> RestApiId | None:
        """The REST API that the call is about; None for one about the whole scope."""
        return None

    @property
    def target(self) -> str | None:
        """What of the REST API the call is about, such as a type of gateway response; None for all of it."""
        return None

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        raise NotImplementedError

    def read(self, answer: Wire, reading: Reading) -> Value:
        """Read boto3's answer. Raises a `CallError` for one that is not as AWS's service model says."""
        raise NotImplementedError

    def read_absent(self, error: NotCustomized | EntityNotFound, reading: Reading) -> Value:
        """Give the value where the answer says that there is no such thing; raises it if that is an error."""
        del reading
        raise error


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest(Request[Value]):
    """A call about one REST API."""

    api: RestApiId

    @property
    def api_id(self) -> RestApiId:
        """The REST API that the call is about."""
        return self.api


Look = Callable[[CallError], Awaitable[None]]
"""Gets the error that leaves open what a write would meet. It reads what is there; it raises to end it."""


@dataclass(slots=True, kw_only=True)
class Execution:
    """All attempts of one call: what its sender wants of them, and what they have cost so far.

    One is made for each call. Every wrapper passes on the one it was given, and adds what it knows.

    Attributes:
        priority: of the calls that wait for one quota, the smallest leaves first; of equals, the first that
            came.
        before_attempt: is called right before an attempt leaves. Where it raises, nothing is sent. After
            ReadingAged `look` is called, and the attempt is made again.
        look: is called before a write is sent again after an error that leaves open what is there by now. If
            there is none, such a write is not sent again.
        attempts: calls that were sent, and not refused by a quota. It counts the attempts that have ended.
        throttles: calls that were refused by a quota.
        waited: seconds of waiting for the quota, of backoff and of Retry-After.
        request_id: AWS's id of the last answer.
        in_doubt: a write was sent, and it is not known whether it was made.
    """

    priority: float = 0.0
    before_attempt: Callable[[], Awaitable[None]] | None = None
    look: Look | None = None
    attempts: int = 0
    throttles: int = 0
    waited: float = 0.0
    request_id: str | None = None
    in_doubt: bool = False

    @property
    def number(self) -> int:
        """The number of the attempt under way, counted from 1."""
        return self.attempts + self.throttles + 1

    @property
    def effort(self) -> Effort:
        """What all attempts have cost."""
        return Effort(
            attempts=self.attempts,
            throttles=self.throttles,
            waited=self.waited,
            request_id=self.request_id,
        )


@runtime_checkable
class PrefetchesCredentials(Protocol):
    """A control plane that needs something before the first call of an account, such as a role's keys."""

    async def prefetch_credentials(self, scope: Scope) -> None:
        """Get what the scope's calls need, and keep it. Raises the `CallError` that they would raise."""
        ...


@runtime_checkable
class Wraps(Protocol):
    """A control plane around another one, which it names: a verb joins the session of a paced one within."""

    @property
    def inner(self) -> ControlPlane:
        """The control plane to which calls are passed on."""
        ...


class ControlPlane(Protocol):
    """Answers requests: AWS, the simulator, or a wrapper around either."""

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Make one call, and write into `execution` what it has cost, whether it succeeds or not.

        Raises a `CallError` for everything that is not a success.
        """
        ...

    async def current_account(self) -> AccountId:
        """The account of the base credentials (sts:GetCallerIdentity). Raises a `CallError`."""
        ...


class Wrapper:
    """A control plane around another one. A subclass overrides what it does differently, mostly `send`."""

    def __init__(self, inner: ControlPlane) -> None:
        self._inner = inner

    @property
    def inner(self) -> ControlPlane:
        """The control plane to which calls are passed on."""
        return self._inner

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Pass a call on."""
        return await self._inner.send(request, execution)

    async def current_account(self) -> AccountId:
        """Pass the question on."""
        return await self._inner.current_account()

    async def prefetch_credentials(self, scope: Scope) -> None:
        """Pass the wish on, if the plane behind knows it."""
        if isinstance(self._inner, PrefetchesCredentials):
            await self._inner.prefetch_credentials(scope)
