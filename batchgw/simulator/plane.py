"""The simulated service behind the control plane's own interface, without HTTP: for tests in virtual time.

Works on asyncio and trio. It goes through the same engine as HTTP does; only the wire form is left out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import cache
from typing import TypeVar

import anyio
from botocore.model import Shape
from botocore.parsers import create_parser

from batchgw.control_plane.advice import with_permission
from batchgw.control_plane.classify import classify, of_region_off, parse_retry_after
from batchgw.control_plane.interface import API_GATEWAY, AWS, Execution, Operation, Request, Wire
from batchgw.control_plane.regions import asked_in
from batchgw.errors import (
    AccessDenied,
    BadRequest,
    CallError,
    ConnectionCut,
    ConnectionFailed,
    CredentialsRejected,
    CredentialsUnavailable,
    EntityNotFound,
    NotCustomized,
    ServiceFailure,
)
from batchgw.model import AccountId, RoleLink
from batchgw.simulator.call import Call
from batchgw.simulator.documents import Value
from batchgw.simulator.edits import reading
from batchgw.simulator.engine import Engine
from batchgw.simulator.operations.service import Service, service_of
from batchgw.simulator.operations.sts import STS
from batchgw.simulator.reply import (
    ArbitraryAnswer,
    ConnectionCutByServer,
    ConnectionRefusedByServer,
    Reply,
    ServiceFault,
)
from batchgw.simulator.role_sessions import RoleSessions, arn_of
from batchgw.simulator.service_models import service_model
from batchgw.simulator.traffic.fault_script import parse
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import UNLIMITED, QuotaRules, Quotas
from batchgw.simulator.traffic.statistics import Statistics
from batchgw.simulator.world.keys import Key
from batchgw.simulator.world.signals import written as signal_script
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World

T = TypeVar("T")


def simulate(
    world: World,
    *,
    quota: QuotaRules = UNLIMITED,
    latency: Latency | None = None,
    script: Sequence[Mapping[str, object]] = (),
    signals: Mapping[str, object] | None = None,
    edits: Sequence[Mapping[str, object]] = (),
    denied: Collection[str] = (),
    trust: Trust | None = None,
    roles: Sequence[RoleLink] = (),
    session_policy: str | None = None,
    write_log: int = 0,
    propagation: float = 0.0,
    seed: int = 0,
    clock: Callable[[], float] = anyio.current_time,
    now: Callable[[], float] = time.time,
) -> SimulatedControlPlane:
    """A plane over a world of its own: without options no quota, no latency and no faults.

    `script` is a fault script as plain data (see `faults`), `edits` a script of other people's edits (see
    `edits.reading`), and `signals` a script of alarms, metrics and calendars, which stays with the world
    (`world.signals.written`); `denied` accounts have no permission; `trust` has roles and their policies;
    `roles` and `session_policy` as in `SimulatedControlPlane`; `write_log` is how
    many of the latest writes `plane.engine.statistics` keeps; `propagation` is how many seconds later a
    change of a stage reaches callers (`SimulatedDataPlane`); `now` gives the seconds since the epoch, which
    dates and the minutes of metrics are told in. Raises UsageError for a wrong script.
    """
    if signals is not None:
        world.signals.script = signal_script.signals(
            Value(value=signals, source="signals"), accounts=world.accounts, regions=world.regions
        )
    written = Value(value=list(edits), source="edits")
    engine = Engine(
        Service(world, now=now, trust=trust),
        quotas=Quotas(quota),
        latency=latency,
        faults=parse(script, seed=seed),
        edits=reading.edits(written, seed=seed),
        statistics=Statistics(write_log=write_log),
        denied=frozenset(denied),
        propagation=propagation,
        clock=clock,
        seed=seed,
    )
    return SimulatedControlPlane(engine, roles=roles, session_policy=session_policy)


class SimulatedControlPlane:
    """Answers the control plane's requests from a simulated world."""

    def __init__(
        self,
        engine: Engine,
        *,
        account: str | None = None,
        roles: Sequence[RoleLink] = (),
        session_policy: str | None = None,
    ) -> None:
        """Without `roles` each account's own key signs.

        Args:
            engine: answers.
            account: that of the base credentials; the world's first when it is not given.
            roles: a chain from the base credentials on. The last role is assumed in each account, and signs.
            session_policy: what its sessions are narrowed to.
        """
        self.engine = engine
        self._account = account or engine.service.world.accounts[0]
        self._roles = tuple(roles)
        self._sessions = RoleSessions(engine, self._account, self._roles, policy=session_policy)

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Make one call. Raises a `CallError` for everything that is not a success."""
        operation, params, service = request.operation, request.params(), self.engine.service
        account, region = self._signer(request), asked_in(operation.service, request.scope.region)
        caller = await self._caller(request, account)
        call = Call.of(
            operation.name, account, region, params, service=service_of(operation.name), caller=caller
        )
        try:
            reply, request_id = await self._run(
                call, lambda: service.dispatch(operation.name, account, region, params, caller=caller)
            )
        except AccessDenied as error:
            raise with_permission(error, request) from error.__cause__
        except CredentialsRejected as error:
            if not self._is_off(account, region):
                raise
            raise of_region_off(error, account, region) from error.__cause__
        except (NotCustomized, EntityNotFound) as error:
            if execution is not None:
                execution.request_id = error.request_id
            return request.read_absent(error, AWS)
        metadata = {"RequestId": request_id, "HTTPStatusCode": reply.status}
        if execution is not None:
            execution.request_id = request_id
        return request.read({**_as_boto3(operation, reply), "ResponseMetadata": metadata}, AWS)

    def _signer(self, request: Request[object]) -> AccountId:
        """Give the account whose keys sign. The organisation's management account is its reader."""
        if request.credentials == "organization":
            return AccountId(self.engine.service.world.organization.management)
        return request.scope.account

    async def _caller(self, request: Request[object], account: AccountId) -> Key | None:
        """Give the key that signs; None for the account's own. Raises a `CallError`.

        The organisation's reader has no role here.
        """
        if not self._roles or request.credentials == "organization":
            return None
        region = request.scope.region
        call = Call(operation="AssumeRole", account=self._account, region=region, service=STS)
        try:
            return await self._told(call, self._sessions.key(account, region))
        except (AccessDenied, BadRequest) as error:
            arn = arn_of(self._roles[-1], account, region)
            raise CredentialsUnavailable(
                f"cannot assume {arn} in account {account}: {error.message}",
                code=error.code,
                status=error.status,
                request_id=error.request_id,
            ) from error

    def _is_off(self, account: str, region: str) -> bool:
        """Tell whether a region is off for an account whose keys are good elsewhere."""
        world = self.engine.service.world
        return account in world.accounts and not world.organization.is_on(account, region)

    async def current_account(self) -> AccountId:
        """The account of the base credentials. Raises a `CallError`."""
        call = Call(operation="GetCallerIdentity", account=self._account, region="global", service=STS)
        account, _ = await self._run(call, lambda: AccountId(self._account))
        return account

    async def _run(self, call: Call, act: Callable[[], T]) -> tuple[T, str]:
        return await self._told(call, self.engine.run(call, act))

    async def _told(self, call: Call, answer: Awaitable[T]) -> T:
        """Wait for the engine's answer. Raises a `CallError` for everything that is not a success."""
        try:
            return await answer
        except ServiceFault as fault:
            raise self._error(fault) from None
        except ArbitraryAnswer:
            raise ServiceFailure(
                f"the answer to {call.operation} in {call.account}/{call.region} cannot be read.",
                code="AnswerUnreadable",
            ) from None
        except ConnectionRefusedByServer:
            raise _not_connected(call) from None
        except ConnectionCutByServer:
            raise ConnectionCut(
                f"The connection was cut during {call.operation} in {call.account}/{call.region}: "
                "whether the call took effect is unknown."
            ) from None

    def _error(self, fault: ServiceFault) -> CallError:
        return classify(
            fault.code,
            fault.status,
            fault.message,
            retry_after=parse_retry_after(fault.headers.get("Retry-After"), self.engine.service.now()),
            request_id=fault.request_id,
        )


def _not_connected(call: Call) -> ConnectionFailed:
    """Make the error of a call whose endpoint does not answer; each region has one, as at AWS."""
    endpoint = f"https://{call.service.name}.{call.region}.simulated"
    return ConnectionFailed(f"cannot connect to {endpoint}: connection refused.", endpoint=endpoint)


def _as_boto3(operation: Operation, reply: Reply) -> Wire:
    """Give boto3's answer: by the operation's own form, or as botocore parses it.

    Other services than API Gateway have the same names on the wire as in boto3.
    """
    if operation.service != API_GATEWAY:
        return reply.body if isinstance(reply.body, dict) else {}
    if operation.form is None:
        return _parsed_by_botocore(operation.name, reply)
    if operation.form.read is None or not isinstance(reply.body, dict):
        return {}
    return operation.form.read(dict(reply.body))


def _parsed_by_botocore(operation: str, reply: Reply) -> Wire:
    body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body or {}).encode()
    response = {
        "status_code": reply.status,
        "headers": dict(reply.headers),
        "body": body,
        "context": {"operation_name": operation},
    }
    parsed: Wire = create_parser("rest-json").parse(response, _answer_shape(operation))
    return parsed


@cache
def _answer_shape(operation: str) -> Shape | None:
    shape: Shape | None = service_model("apigateway").operation_model(operation).output_shape
    return shape
