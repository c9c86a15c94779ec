"""Deployments, stages, canaries, exports and resources: the same over HTTP and in process."""

from __future__ import annotations

import re
from typing import TypedDict

import pytest
from aiohttp import web

from batchgw.control_plane.aws import connect
from batchgw.control_plane.interface import Request, T
from batchgw.control_plane.operations import (
    Canary,
    CreateDeployment,
    DeleteDeployment,
    DeploymentId,
    GetApiSummary,
    GetDeployments,
    GetExport,
    GetGatewayResponses,
    GetResources,
    GetRestApis,
    GetStage,
    GetStages,
    PatchOperation,
    PutGatewayResponse,
    UpdateStage,
)
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import (
    AnswerTooLarge,
    BadRequest,
    CallError,
    ConnectionCut,
    EntityNotFound,
    ServiceFailure,
)
from batchgw.model import AccountId, Region, ResponseType, RestApi, RestApiId, Scope, Settings
from batchgw.simulator.over_http.options import ServeOptions
from batchgw.simulator.over_http.serve import running
from batchgw.simulator.plane import simulate
from batchgw.simulator.world.world import World
from tests.conformance.aws.stub import (
    BASE_ACCOUNT,
    Answer,
    Seen,
    api_answer,
    cut,
    only_test_configuration,
    serving,
)

SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
OPTIONS = ServeOptions(no_throttle=True, latency=0.0, latency_p99=0.0)
FAST = Pace(rate=1000, burst=1000, operations={})
PROD = "prod"


def replace(path: str, value: str) -> PatchOperation:
    return PatchOperation(op="replace", path=path, value=value)


class Where(TypedDict):
    """What each of the requests names."""

    scope: Scope
    api: RestApiId


class Asking:
    """Sends requests about one API, and keeps what came of each."""

    def __init__(self, plane: PacedControlPlane, api: RestApi) -> None:
        self._plane = plane
        self.api = api.id
        self.found: list[object] = []

    async def ask(self, request: Request[T]) -> T:
        value = await self._plane.send(request)
        self.found.append(value)
        return value

    async def refused(self, request: Request[object], kind: type[CallError], why: str) -> None:
        with pytest.raises(kind, match=why) as caught:
            await self._plane.send(request)
        self.found.append((type(caught.value), caught.value.code))

    async def patched(self, *patch: PatchOperation) -> None:
        await self.ask(UpdateStage(scope=SCOPE, api=self.api, stage=PROD, patch=patch))

    async def stage(self) -> tuple[DeploymentId | None, Canary | None]:
        found = await self.ask(GetStage(scope=SCOPE, api=self.api, stage=PROD))
        return found.deployment, found.canary


async def with_prod(plane: PacedControlPlane) -> Asking:
    """The first API that has a stage prod without a canary."""
    for api in (await plane.send(GetRestApis(scope=SCOPE))).items:
        stages = await plane.send(GetStages(scope=SCOPE, api=api.id))
        if any(stage.name == PROD and stage.canary is None for stage in stages):
            return Asking(plane, api)
    raise AssertionError("no API has a stage prod")


async def a_rollout(plane: PacedControlPlane) -> list[object]:
    asking = await with_prod(plane)
    where: Where = {"scope": SCOPE, "api": asking.api}
    old, canary = await asking.stage()
    assert (old is not None, canary) == (True, None)
    shown = await asking.ask(GetGatewayResponses(**where))
    live = await asking.ask(GetExport(**where, stage=PROD))
    before = await asking.ask(GetDeployments(**where))
    put = PutGatewayResponse(**where, type=ResponseType.THROTTLED, settings=Settings(status_code="503"))
    await asking.ask(put)
    new = await asking.ask(CreateDeployment(**where, description="batchgw run"))
    assert (await asking.ask(GetExport(**where, stage=PROD))) == live, "nothing is live yet"

    await asking.patched(replace("/canarySettings/deploymentId", new))
    assert await asking.stage() == (old, Canary(deployment=new, percent=0.0))
    await asking.patched(replace("/canarySettings/percentTraffic", "10.0"))
    assert await asking.stage() == (old, Canary(deployment=new, percent=10.0))
    await asking.patched(
        PatchOperation(op="copy", path="/deploymentId", from_="/canarySettings/deploymentId"),
        PatchOperation(op="remove", path="/canarySettings"),
    )
    assert await asking.stage() == (new, None)
    now = await asking.ask(GetExport(**where, stage=PROD))
    assert now.responses == await asking.ask(GetGatewayResponses(**where)) != shown
    assert now.paths == live.paths

    page = await asking.ask(GetDeployments(**where, limit=1))
    after = [*page.items]
    while page.token is not None:
        page = await asking.ask(GetDeployments(**where, position=page.token, limit=1))
        after += page.items
    assert [each.id for each in after] == [*(each.id for each in before.items), new]
    assert after[-1].description == "batchgw run"
    assert after[-1].created is not None

    resources = await asking.ask(GetResources(**where))
    methods = {each.path: tuple(sorted(each.methods)) for each in resources.items if each.methods}
    assert methods == now.paths
    summary = await asking.ask(GetApiSummary(**where, deployment=new))
    assert summary == {(r.path, verb): m for r in resources.items for verb, m in r.methods.items()} != {}

    delete = DeleteDeployment(**where, deployment=new)
    await asking.refused(delete, BadRequest, "Active stages")
    await asking.patched(replace("/deploymentId", str(old)))
    assert (await asking.ask(GetExport(**where, stage=PROD))) == live, "the way back"
    await asking.ask(delete)
    await asking.refused(delete, EntityNotFound, "Invalid Deployment")
    back = UpdateStage(**where, stage=PROD, patch=(replace("/deploymentId", new),))
    await asking.refused(back, BadRequest, "Deployment id does not exist")
    nowhere = UpdateStage(**where, stage="nowhere", patch=(replace("/deploymentId", str(old)),))
    await asking.refused(nowhere, EntityNotFound, "Invalid stage")
    await asking.refused(GetExport(**where, stage="nowhere"), EntityNotFound, "Invalid stage")
    return asking.found


@pytest.mark.asyncio
async def test_both_planes_answer_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)
    near = await a_rollout(PacedControlPlane(simulate(World.generate(apis=8, accounts=1)), pace=FAST))
    with running(OPTIONS, world=World.generate(apis=8, accounts=1)) as ready:
        key = ready.keys[ready.management_account]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["secret_access_key"])
        async with connect(endpoint_url=ready.endpoint) as plane:
            far = await a_rollout(PacedControlPlane(plane, pace=FAST))
    assert timeless(far) == timeless(near)


def timeless(found: list[object]) -> list[str]:
    """Without times, which differ by how fast the calls were."""
    return [re.sub(r"(updated|created)=[\d.]+", r"\1=?", repr(each)) for each in found]


OURS = Scope(account=AccountId(BASE_ACCOUNT), region=SCOPE.region)
EXPORT = GetExport(scope=OURS, api=RestApiId("a1b2c3d4e5"), stage=PROD)


async def _portal(_seen: Seen, _request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>Log in</html>", content_type="text/html")


async def _failure(_seen: Seen, _request: web.Request) -> web.StreamResponse:
    return api_answer(500, {"message": "models"}, **{"x-amzn-ErrorType": "InternalServerErrorException"})


async def _half(_seen: Seen, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "20"})
    await response.prepare(request)
    await response.write(b'{"openapi"')
    cut(request)
    return response


async def _endless(_seen: Seen, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(17):
        await response.write(b" " * 2**20)
    return response


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (_portal, ServiceFailure, "the export is not JSON"),
        (_failure, ServiceFailure, "models"),
        (_half, ConnectionCut, r"127\.0\.0\.1:\d+ broke before its answer was whole"),
        (_endless, AnswerTooLarge, "longer than 16 MiB"),
    ],
)
async def test_an_export_that_fails_or_is_none_is_an_error_of_the_call(
    answer: Answer, kind: type[CallError], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its connection is given back, or closed: the pool has only one."""
    only_test_configuration(monkeypatch)
    async with serving() as stub:
        stub.gateway = answer
        async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", max_connections=1) as plane:
            for _ in range(2):
                with pytest.raises(kind, match=why):
                    await plane.send(EXPORT)
