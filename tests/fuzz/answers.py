"""Answers of every operation, made from botocore's model of the service and then damaged.

Promised: the API (or scope) that an answer is about has an outcome that is true, or is unreadable with a
reason. All others have the outcome that they would have had without it. Nothing raises anything else.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, cast

import botocore.session
from yarl import URL

from batchgw import api
from batchgw.control_plane.aws import AwsControlPlane, connect, connection
from batchgw.control_plane.aws.connections import ConnectionPool, Reply
from batchgw.control_plane.operations import GetRestApis
from batchgw.control_plane.stack import Pace
from batchgw.errors import CallError
from batchgw.journal import Journal, open_journal
from batchgw.model import (
    DEFAULT_STATUS,
    AccountId,
    Action,
    Applied,
    Desired,
    Outcome,
    PlanItem,
    PlannedApi,
    Policy,
    Region,
    ResponseType,
    Rule,
    Scope,
    Settings,
    Targets,
    UnreadApi,
)
from batchgw.model.change import scope_of
from batchgw.planning.plan_file.plan import Plan
from tests.fuzz.harness import fuzz
from tests.fuzz.mutate import TEXTS, Value, spoil, spoil_bytes

ACCOUNT = AccountId("000000000001")
APIS: Mapping[Region, tuple[str, str]] = {
    Region("eu-west-1"): ("aaaaaaaaa1", "aaaaaaaaa2"),
    Region("us-east-1"): ("bbbbbbbbb1", "bbbbbbbbb2"),
}
VICTIM_REGION = Region("eu-west-1")
VICTIM = APIS[VICTIM_REGION][0]
THROTTLED, UNAUTHORIZED = ResponseType.THROTTLED, ResponseType.UNAUTHORIZED
WANTED = Settings(
    status_code="429",
    parameters={"gatewayresponse.header.A": "'1'"},
    templates={"application/json": "{}"},
)
POLICY = Policy(
    desired=Desired(rules={THROTTLED: Rule(settings=WANTED), UNAUTHORIZED: Rule(settings=None)}),
    targets=Targets(accounts=(ACCOUNT,), regions=tuple(APIS)),
)
"""Creates THROTTLED by a PUT and resets UNAUTHORIZED, which every API has customised, by a DELETE."""

READS, WRITES = ("GetRestApis", "GetGatewayResponses"), ("PutGatewayResponse", "DeleteGatewayResponse")
STS = ("GetCallerIdentity", "AssumeRole")

_ERRORS = (
    None,
    "BadRequestException",
    "NotFoundException",
    "AccessDeniedException",
    "ConflictException",
    "InternalFailure",
    "x" * 3_000,
    "Secret: token=abc",
    "a#b:c",
)
_STATUSES = (
    200,
    200,
    200,
    201,
    202,
    204,
    206,
    299,
    300,
    301,
    302,
    304,
    400,
    401,
    403,
    404,
    409,
    413,
    418,
    500,
)
"""Statuses without 429, since a run waits after that one. Other tests check it."""

_PACE = Pace(attempts=1)


def run(cases: int, seed: int) -> int:
    """Check `cases` answers. Raises Broken."""
    with checking() as checked:
        return fuzz("answers", case, checked, cases=cases, seed=seed)


@contextmanager
def checking() -> Iterator[Callable[[bytes], None]]:
    """Make the function that checks a case."""
    with tempfile.TemporaryDirectory() as folder, _ground(), asyncio.Runner() as runner:
        check = Check(Path(folder))
        try:
            yield lambda text: runner.run(check(Case.read(text)))
        finally:
            runner.run(check.close())


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An odd answer: to which operation, and whether the write was made nevertheless."""

    operation: str
    status: int
    body: bytes
    error: str | None = None
    signed: bool = True
    applied: bool = False
    fast: bool = True

    @classmethod
    def read(cls, text: bytes) -> Case:
        data = json.loads(text)
        return cls(**{**data, "body": base64.b64decode(data["body"])})

    def write(self) -> bytes:
        body = base64.b64encode(self.body).decode()
        told = {
            name: getattr(self, name)
            for name in ("operation", "status", "error", "signed", "applied", "fast")
        }
        return json.dumps({**told, "body": body}).encode()

    @property
    def reply(self) -> Reply:
        headers = [(b"Content-Type", b"application/json")]
        if self.signed:
            headers.append((b"x-amzn-RequestId", b"req-odd"))
        if self.error is not None:
            headers.append((b"x-amzn-ErrorType", self.error.encode()))
        return Reply(status_code=self.status, raw_headers=tuple(headers), body=self.body)


def case(dice: Random) -> bytes:
    operation = dice.choice((*READS, *READS, *WRITES, *STS))
    body = _body(operation, dice)
    return Case(
        operation=operation,
        status=dice.choice(_STATUSES),
        body=body,
        error=dice.choice(_ERRORS) if dice.random() < 0.3 else None,
        signed=dice.random() < 0.7,
        applied=dice.random() < 0.5,
        fast=dice.random() < 0.7,
    ).write()


def _body(operation: str, dice: Random) -> bytes:
    if operation in STS:
        return spoil_bytes(_sts(operation), dice) if dice.random() < 0.9 else _sts(operation)
    ordinary = _ordinary(operation) if dice.random() < 0.5 else _modelled(operation, dice)
    document = spoil(ordinary, dice, words=_WORDS) if dice.random() < 0.7 else ordinary
    body = (
        b""
        if dice.random() < 0.05
        else json.dumps(document, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")
    )
    return spoil_bytes(body, dice) if dice.random() < 0.3 else body


_WORDS = (
    *("item", "items", "position", "id", "name", "tags", "createdDate", "endpointConfiguration", "types"),
    *("responseType", "statusCode", "responseParameters", "responseTemplates", "defaultResponse", "message"),
    *("__type", "code", "ResponseMetadata", VICTIM, "THROTTLED", "TELEPORTED", "429", "us-east-1"),
)
_SERVICE: Any = botocore.session.get_session().get_service_model("apigateway")


def _modelled(operation: str, dice: Random) -> Value:
    shape = _SERVICE.operation_model(operation).output_shape
    return {} if shape is None else _of(shape, dice, depth=0)


def _of(shape: Any, dice: Random, *, depth: int) -> Value:  # noqa: PLR0911 - one for each type of shapes
    """Make a value of a shape, in wire form."""
    match shape.type_name:
        case "structure" if depth < 6:
            members = {
                each.serialization.get("name", name): _of(each, dice, depth=depth + 1)
                for name, each in shape.members.items()
                if dice.random() < 0.8
            }
            if "id" in members and dice.random() < 0.7:
                members["id"] = dice.choice(APIS[VICTIM_REGION])
            return members
        case "list" if depth < 6:
            return [_of(shape.member, dice, depth=depth + 1) for _ in range(dice.randrange(4))]
        case "map":
            return {
                dice.choice(TEXTS): _of(shape.value, dice, depth=depth + 1) for _ in range(dice.randrange(3))
            }
        case "string":
            return str(dice.choice(getattr(shape, "enum", None) or TEXTS))
        case "boolean":
            return dice.random() < 0.5
        case "integer" | "long" | "timestamp" | "float" | "double":
            return dice.choice((0, 1, 1_713_213_980, 1_713_213_980.5, -1, 2**70))
        case _:
            return None


class World:
    """The simulated APIs, and the one answer that is odd."""

    def __init__(self) -> None:
        self.odd: Case | None = None
        self.there: dict[tuple[Region, str], dict[ResponseType, Settings]] = {}
        self.restart()

    def restart(self) -> None:
        """Make everything as it was."""
        own = Settings(status_code="401", parameters={"gatewayresponse.header.B": "'2'"})
        self.there = {(region, id_): {UNAUTHORIZED: own} for region, ids in APIS.items() for id_ in ids}

    def answer(self, method: str, url: URL, body: bytes | None) -> Reply:
        """Answer a request of the AWS client."""
        service, region = cast("str", url.host).split(".")[:2]
        if service == "sts":
            operation = "AssumeRole" if b"Action=AssumeRole&" in (body or b"") else "GetCallerIdentity"
            odd = self._odd(operation, VICTIM_REGION, "")
            return _reply(200, _sts(operation)) if odd is None else odd.reply
        path = url.path.strip("/").split("/")
        operation, about = _operation(method, path)
        odd = self._odd(operation, Region(region), about)
        if odd is None or odd.applied:
            ordinary = self._ordinary(method, Region(region), path, body)
        return ordinary if odd is None else odd.reply

    def _odd(self, operation: str, region: Region, about: str) -> Case | None:
        odd = self.odd
        concerned = odd is not None and odd.operation == operation and region == VICTIM_REGION
        return odd if concerned and about in ("", VICTIM) else None

    def _ordinary(self, method: str, region: Region, path: list[str], body: bytes | None) -> Reply:
        if len(path) == 1:
            return _reply(200, {"item": [{"id": id_, "name": id_} for id_ in APIS[region]]})
        own = self.there[region, path[1]]
        if len(path) == 3:
            return _reply(200, {"item": [_shown(t, own.get(t)) for t in ResponseType]})
        kind = ResponseType(path[3])
        match method:
            case "PUT":
                own[kind] = Settings.from_json(json.loads(body or b"{}"))
                return _reply(201, _shown(kind, own[kind]))
            case "DELETE":
                own.pop(kind, None)
                return _reply(202, b"")
            case _:
                return _reply(200, _shown(kind, own.get(kind)))


def _operation(method: str, path: list[str]) -> tuple[str, str]:
    if len(path) == 1:
        return "GetRestApis", ""
    if len(path) == 3:
        return "GetGatewayResponses", path[1]
    return {"PUT": "PutGatewayResponse", "DELETE": "DeleteGatewayResponse", "GET": "GetGatewayResponse"}[
        method
    ], path[1]


def _shown(kind: ResponseType, own: Settings | None) -> dict[str, Any]:
    default = {
        "responseType": kind.value,
        "statusCode": DEFAULT_STATUS.get(kind),
        "defaultResponse": own is None,
    }
    return default if own is None else default | own.to_json()


def _ordinary(operation: str) -> Value:
    world = World()
    path = {"GetRestApis": "/restapis", "GetGatewayResponses": f"/restapis/{VICTIM}/gatewayresponses"}.get(
        operation, f"/restapis/{VICTIM}/gatewayresponses/THROTTLED"
    )
    reply = world.answer("GET", URL(f"https://apigateway.{VICTIM_REGION}.amazonaws.com{path}"), None)
    return cast("Value", json.loads(reply.body))


def _sts(operation: str) -> bytes:
    told = {
        "GetCallerIdentity": f"<Account>{ACCOUNT}</Account><Arn>arn:aws:iam::{ACCOUNT}:user/a</Arn>",
        "AssumeRole": f"<AssumedRoleUser><Arn>arn:aws:sts::{ACCOUNT}:assumed-role/R/s</Arn></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>{_SECRET}</SecretAccessKey>"
        "<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>",
    }[operation]
    name = f"{operation}Response"
    return (
        f'<{name} xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>{told}'
        f"</{operation}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{name}>"
    ).encode()


_SECRET = "do-not-show-me"


def _reply(status: int, body: object) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status_code=status, raw_headers=((b"x-amzn-RequestId", b"req-1"),), body=content)


@dataclass
class Check:
    """Plans and applies with one odd answer, and checks the result."""

    folder: Path
    world: World = field(default_factory=World)
    _planes: dict[bool, AwsControlPlane] = field(default_factory=dict)
    _open: list[Any] = field(default_factory=list)
    _journal: Journal | None = None

    async def __call__(self, case: Case) -> None:
        """Raises AssertionError, or what escapes."""
        self.world.restart()
        if case.operation in STS:
            await self._sts(case)
            return
        plane = await self._plane(fast=case.fast)
        self.world.odd = case if case.operation in READS else None
        with await api.plan(POLICY, plane=plane, pace=_PACE, out=self.folder / "plan") as planned:
            items = list(planned.items())
            _look_at_plan(case, items)
            if case.operation in WRITES:
                self.world.odd = case
                await self._applied(case, planned, plane)

    async def close(self) -> None:
        """Close the connections and the journal."""
        for opened in reversed(self._open):
            await opened.__aexit__(None, None, None)

    async def _plane(self, *, fast: bool) -> AwsControlPlane:
        if fast not in self._planes:
            opened = self._connected(fast_path=fast)
            self._planes[fast] = await opened.__aenter__()
            self._open.append(opened)
        return self._planes[fast]

    @asynccontextmanager
    async def _connected(self, *, fast_path: bool, role: str | None = None) -> AsyncIterator[AwsControlPlane]:
        before = vars(connection)["ConnectionPool"]
        vars(connection)["ConnectionPool"] = _in_memory(self.world)
        try:
            async with connect(fast_path=fast_path, region=VICTIM_REGION, role=role, attempts=1) as plane:
                yield plane
        finally:
            vars(connection)["ConnectionPool"] = before

    async def _sts(self, case: Case) -> None:
        self.world.odd = case
        role = "R" if case.operation == "AssumeRole" else None
        async with self._connected(fast_path=case.fast, role=role) as plane:
            scope = Scope(account=ACCOUNT, region=VICTIM_REGION)
            asked: tuple[Callable[[], Awaitable[object]], ...] = (
                plane.current_account,
                lambda: plane.send(GetRestApis(scope=scope)),
            )
            for ask in asked:
                try:
                    told = await ask()
                except CallError as error:
                    _look_at(error)
                else:
                    assert not isinstance(told, str) or told == ACCOUNT or told.isdigit(), told

    async def _applied(self, case: Case, planned: Plan, plane: AwsControlPlane) -> None:
        if self._journal is None:
            opening = open_journal(str(self.folder / "journal.db"))
            self._open.append(opening)
            self._journal = await opening.__aenter__()
        outcomes: list[Outcome] = []
        async with api.applying(planned, plane=plane, journal=self._journal, pace=_PACE) as running:
            outcomes.extend([outcome async for outcome in running])
        decided = {(o.api.scope.region, str(o.api.id), o.target.name): o for o in outcomes}
        for (region, id_), own in self.world.there.items():
            for kind, wanted in ((THROTTLED, WANTED), (UNAUTHORIZED, None)):
                outcome = decided[region, id_, kind]
                if isinstance(outcome, Applied) and _tells_nothing(case) and id_ == VICTIM and wanted is None:
                    continue  # a success without a body: DELETE has no other
                if isinstance(outcome, Applied):
                    assert own.get(kind) == wanted, f"{id_} {kind} is said to be applied, and is not"
                else:
                    assert _may_suffer(case, region, id_), f"{id_} {kind} suffers: {outcome}"
                    assert getattr(outcome, "message", "").strip(), outcome


def _look_at(error: CallError) -> None:
    assert error.message.strip()
    assert _SECRET not in f"{error} {error.code} {error.request_id}"
    assert len(error.message) < 5_000


def _in_memory(world: World) -> type[ConnectionPool]:
    class Memory(ConnectionPool):
        """Answers from the world."""

        async def exchange(self, method: str, url: URL, headers: dict[str, str], body: Any) -> Reply:
            del headers
            await asyncio.sleep(0)
            return world.answer(method, url, body.encode() if isinstance(body, str) else body)

    return Memory


def _tells_nothing(case: Case) -> bool:
    if case.operation != "DeleteGatewayResponse" or case.status >= 300 or not case.signed:
        return False
    try:
        content = json.loads(case.body) if case.body.strip() else {}
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and not any(
        isinstance(content.get(n), str) for n in ("message", "Message")
    )


def _may_suffer(case: Case, region: Region, id_: str) -> bool:
    """Tell whether an odd answer may affect an API. A refusal may affect the whole scope."""
    if region != VICTIM_REGION:
        return False
    return id_ == VICTIM or case.operation == "GetRestApis" or case.status >= 300 or case.error is not None


def _look_at_plan(case: Case, items: list[PlanItem]) -> None:
    planned = {(i.api.scope.region, str(i.api.id)): i for i in items if isinstance(i, PlannedApi)}
    unread = [i for i in items if not isinstance(i, PlannedApi)]
    for region, ids in APIS.items():
        for id_ in ids:
            item = planned.get((region, id_))
            if item is None:
                assert _may_suffer(case, region, id_), f"{region}/{id_} is not planned: {unread}"
            elif not (case.operation == "GetGatewayResponses" and id_ == VICTIM):
                assert [(c.target.name, c.action) for c in item.changes] == [
                    (THROTTLED, Action.CREATE),
                    (UNAUTHORIZED, Action.RESET),
                ], item
    for each in unread:
        scope = scope_of(each)
        assert scope.region == VICTIM_REGION, each
        assert each.code, each
        assert each.message.strip(), each
        assert len(each.message) < 5_000, each
    if case.operation == "GetGatewayResponses" and (VICTIM_REGION, VICTIM) not in planned:
        assert any(isinstance(each, UnreadApi) and each.api.id == VICTIM for each in unread), unread


@contextmanager
def _ground() -> Iterator[None]:
    """Remove everything of this machine's AWS configuration."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "AKIABASE",
        "AWS_SECRET_ACCESS_KEY": _SECRET,
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
