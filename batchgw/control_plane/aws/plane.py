"""AWS behind the one seam: requests of any account and region, sent once each and answered or explained."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from batchgw.control_plane.advice import with_permission
from batchgw.control_plane.aws.client import SUCCESS, Target, TargetedClient, about, request_id
from batchgw.control_plane.aws.credentials.organization import OrganizationCredentials
from batchgw.control_plane.aws.scope_credentials import ScopeCredentials
from batchgw.control_plane.aws.sts.region_check import RegionCheck
from batchgw.control_plane.interface import API_GATEWAY, Execution, Reading, Request, T
from batchgw.control_plane.regions import asked_in
from batchgw.errors import (
    AccessDenied,
    CallError,
    CredentialsExpired,
    CredentialsRejected,
    EntityNotFound,
    NotCustomized,
)
from batchgw.events import NullObserver, Observer, TypeUnknown
from batchgw.model import AccountId, Region, Scope
from batchgw.redaction import LONGEST_NAME, foreign

MOST_UNKNOWN = 21
"""Unknown types that are reported, at most: as many as there are known types. AWS would not answer more."""

Services = Callable[[str], Awaitable[TargetedClient]]
"""Gives the client of a service, by botocore's name. It is opened on first use."""


class AwsControlPlane:
    """API Gateway's control plane, and what batchgw asks of other services.

    It neither waits nor repeats: the wrappers around it do.

    Args:
        client: of API Gateway.
        credentials: whose keys sign in each account.
        services: the clients of other services.
        organization: whose keys sign what is asked of the organisation, such as its accounts.
        region_check: tells whether a region that rejects keys is off.
        region: the one of the profile or the environment, None when neither names one.
        identity: the ARN of the base credentials.
        observer: is told of types of gateway responses that nobody knows yet.
        emulated: calls go to an endpoint of the user's, whose answers may hold less than AWS's.
    """

    def __init__(
        self,
        client: TargetedClient,
        credentials: ScopeCredentials,
        *,
        services: Services,
        organization: OrganizationCredentials,
        region_check: RegionCheck,
        region: Region | None = None,
        identity: Callable[[], str | None] = lambda: None,
        observer: Observer | None = None,
        emulated: bool = False,
    ) -> None:
        self._client = client
        self._services = services
        self._organization = organization
        self._region_check = region_check
        self.emulated = emulated
        self._observer = observer or NullObserver()
        self._unknown: set[str] = set()  # types of gateway responses that were reported
        self._credentials = credentials
        self._identity = identity
        self.region = region

    @property
    def identity(self) -> str | None:
        """The ARN of the base credentials, as STS told it; None while it was not asked. Makes no call."""
        return self._identity()

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Make one call. Raises a CallError for everything that is not a success."""
        reading = Reading(
            whole=not self.emulated, unknown=lambda name: self._tell_unknown(request.scope, name)
        )
        operation, service = request.operation, request.operation.service
        client = self._client if service == API_GATEWAY else await self._services(service)
        credentials = self._credentials if request.credentials == "account" else self._organization
        keys = await credentials.keys(request.scope)
        target = Target(keys=keys, region=asked_in(service, request.scope.region))
        try:
            answer = await client.call(operation.method, target, request.params(), stream=operation.stream)
        except CredentialsExpired as error:
            # The keys are dropped now, so one more attempt, which the retrying wrapper makes, has fresh ones.
            if await credentials.renew(request.scope, keys):
                raise
            raise CredentialsRejected(
                error.message, code=error.code, status=error.status, request_id=error.request_id
            ) from error
        except CredentialsRejected as error:
            raise await self._region_check.judged(error, target) from error.__cause__
        except AccessDenied as error:
            raise with_permission(error, request) from error.__cause__
        except (NotCustomized, EntityNotFound) as error:
            if execution is not None:
                execution.request_id = error.request_id
            return request.read_absent(error, reading)
        served = request_id(answer)
        if execution is not None:
            execution.request_id = served
        try:
            return request.read(answer, reading)
        except CallError as error:
            raise about(error, SUCCESS, served) from error.__cause__

    def _tell_unknown(self, scope: Scope, name: str) -> None:
        name = foreign(name, longest=LONGEST_NAME)
        if name not in self._unknown and len(self._unknown) < MOST_UNKNOWN:
            self._unknown.add(name)
            self._observer.notify(TypeUnknown(scope=scope, type=name))

    async def prefetch_credentials(self, scope: Scope) -> None:
        """Assume the role in the scope's account, if there is one. Raises a CallError."""
        await self._credentials.keys(scope)

    async def current_account(self) -> AccountId:
        """The account of the base credentials (sts:GetCallerIdentity, asked once). Raises a CallError."""
        return await self._credentials.base_account()
