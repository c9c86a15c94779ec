"""The one seam to the world: requests in, answers out. Whoever sends them knows nothing of what answers.

A request is a record, so a wrapper (limiting, retrying, read-only) is one method, and a new operation is one
class. Wrappers are stacked once, in `control_plane.stack`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, NewType, Protocol, TypeVar, runtime_checkable

from batchgw.errors import CallError
from batchgw.model import (
    AccountId,
    Effort,
    GatewayResponse,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Settings,
)

T = TypeVar("T")
Value = TypeVar("Value", covariant=True)  # noqa: PLC0105 - named for what it is

PAGE_SIZE = 500
"""REST APIs per GetRestApis page: the operation's maximum (API reference, `limit`)."""

DeploymentId = NewType("DeploymentId", str)
"""API Gateway's id of a deployment, unique within its API: six lower-case letters and digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[Value]):
    """A call to make in a scope. `Value` is the type of its answer's value."""

    operation: ClassVar[str]  # AWS's name of the operation, for quotas, logs and statistics
    writes: ClassVar[bool] = False
    overwrites: ClassVar[bool] = False  # takes the place of what is there, which may be somebody else's
    scope: Scope


UNNAMED = RestApiId("?")
"""Begins what stands for the id of a REST API that is listed without one: no id of AWS's has this mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableApi:
    """A REST API of which a page tells something that cannot be. `api` holds the id alone.

    Where not even an id is told, it holds `UNNAMED`; a listing puts a number behind that.
    """

    api: RestApi
    error: CallError

    @property
    def unnamed(self) -> bool:
        """Whether no id is told: it could be any API of the scope."""
        return self.api.id.startswith(UNNAMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestApiPage:
    """One page of GetRestApis. `position` is the token of the next page, None on the last."""

    items: tuple[RestApi, ...]
    position: str | None
    unreadable: tuple[UnreadableApi, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRestApis(Request[RestApiPage]):
    """List a page of REST APIs."""

    operation = "GetRestApis"
    position: str | None = None
    limit: int = PAGE_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class GetGatewayResponses(Request[Mapping[ResponseType, GatewayResponse]]):
    """Read all 21 gateway responses of an API: one call, unpaginated."""

    operation = "GetGatewayResponses"
    api: RestApiId


@dataclass(frozen=True, slots=True, kw_only=True)
class GetGatewayResponse(Request[GatewayResponse]):
    """Read one gateway response."""

    operation = "GetGatewayResponse"
    api: RestApiId
    type: ResponseType


@dataclass(frozen=True, slots=True, kw_only=True)
class PutGatewayResponse(Request[GatewayResponse]):
    """Replace one gateway response whole; the answer is what is now in effect."""

    operation = "PutGatewayResponse"
    writes = overwrites = True
    api: RestApiId
    type: ResponseType
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteGatewayResponse(Request[None]):
    """Take a customisation away. Raises NotCustomized when there is none."""

    operation = "DeleteGatewayResponse"
    writes = overwrites = True
    api: RestApiId
    type: ResponseType


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDeployment(Request[DeploymentId]):
    """Take a snapshot of a whole API, every pending edit in it, without putting a stage on it.

    There is no `stageName`: AWS would make a stage of a name that does not exist. Made twice, there are two
    snapshots, so one whose answer was lost is looked for among the API's deployments before it is made again.
    """

    operation = "CreateDeployment"
    writes = True
    api: RestApiId
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """What came back, and what it cost."""

    value: T
    effort: Effort


@runtime_checkable
class PrefetchesCredentials(Protocol):
    """A control plane that needs something before the first call of an account, such as a role's keys."""

    async def prefetch_credentials(self, scope: Scope) -> None:
        """Get what the scope's calls need, and keep it. Raises the `CallError` that they would raise."""
        ...


class ControlPlane(Protocol):
    """Answers requests: AWS, the simulator, or a wrapper around either."""

    async def send(self, request: Request[T]) -> Answer[T]:
        """Make one call. Raises a `CallError` for everything that is not a success."""
        ...

    async def current_account(self) -> AccountId:
        """The account of the base credentials (sts:GetCallerIdentity). Raises a `CallError`."""
        ...
