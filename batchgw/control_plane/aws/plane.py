"""AWS behind the one seam: requests of any account and region, sent once each and answered or explained."""

from __future__ import annotations

from collections.abc import Callable

from batchgw.control_plane.advice import with_permission
from batchgw.control_plane.aws.client import SUCCESS, Target, TargetedClient, about, request_id
from batchgw.control_plane.aws.scope_credentials import ScopeCredentials
from batchgw.control_plane.interface import Execution, Reading, Request, T
from batchgw.errors import AccessDenied, CallError, CredentialsExpired, CredentialsRejected, NotCustomized
from batchgw.events import NullObserver, Observer, TypeUnknown
from batchgw.model import AccountId, Region, Scope
from batchgw.redaction import LONGEST_NAME, foreign

MOST_UNKNOWN = 21
"""Unknown types that are reported, at most: as many as there are known types. AWS would not answer more."""


class AwsControlPlane:
    """API Gateway's control plane. It neither waits nor repeats: the wrappers around it do.

    `region` is the one of the profile or the environment, None when neither names one. `emulated`: calls go
    to an endpoint of the user's, whose answers may hold less than AWS's.
    """

    def __init__(
        self,
        client: TargetedClient,
        credentials: ScopeCredentials,
        *,
        region: Region | None = None,
        identity: Callable[[], str | None] = lambda: None,
        observer: Observer | None = None,
        emulated: bool = False,
    ) -> None:
        self._client = client
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
        keys = await self._credentials.keys(request.scope)
        target = Target(keys=keys, region=request.scope.region)
        try:
            answer = await self._client.call(request.operation.method, target, request.params())
        except CredentialsExpired as error:
            # The keys are dropped now, so one more attempt, which the retrying wrapper makes, has fresh ones.
            if await self._credentials.renew(request.scope, keys):
                raise
            raise CredentialsRejected(
                error.message, code=error.code, status=error.status, request_id=error.request_id
            ) from error
        except AccessDenied as error:
            raise with_permission(error, request) from error.__cause__
        except NotCustomized as error:
            if execution is not None:
                execution.request_id = error.request_id
            return request.read_not_customised(error, reading)
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
