"""Other people's edits come when the script says so, reach callers, cost nothing, and are counted apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from batchgw.simulator.documents import Value
from batchgw.simulator.edits import script as scripts
from batchgw.simulator.edits.reading import edits
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.traffic.fault_script import parse
from batchgw.simulator.traffic.quota import QuotaRules, Quotas, Rate
from tests.unit.simulator.data_plane.deployed import Deployed
from tests.unit.simulator_client import ACCOUNT, REGION
from tests.virtual import virtually

MISSING = "MISSING_AUTHENTICATION_TOKEN"
CUSTOMISE = {"put_gateway_response": {"type": MISSING, "status": "404"}}
DEPLOY = {"create_deployment": {"stage": "prod"}}


def world_with(*entries: Mapping[str, object], **options: Any) -> Deployed:
    """A deployed API, and a script in which `api: THE API` means it."""
    world = Deployed(**options)
    written = [{**each, "api": world.api} if each.get("api") == "THE API" else dict(each) for each in entries]
    world.engine.others.use(edits(Value(value=written, source="edits")))
    return world


def after(edit: object, **match: object) -> dict[str, object]:
    return {"match": match, "edit": edit}


def at(seconds: float, edit: object) -> dict[str, object]:
    return {"at": seconds, "api": "THE API", "edit": edit}


def told(world: Deployed) -> Any:
    return world.engine.snapshot()["edits"]


async def status_shown(world: Deployed) -> object:
    return (await world.do("GetGatewayResponse", responseType=MISSING))["statusCode"]


def test_edits_follow_the_nth_call_and_are_there_for_the_next() -> None:
    async def main() -> None:
        world = world_with(after(CUSTOMISE, operation="GetGatewayResponse", nth=2))
        assert [await status_shown(world) for _ in range(3)] == ["403", "403", "404"]
        assert told(world) == {"made": {"put_gateway_response": 1}, "refused": {}}
        shown: Any = world.engine.snapshot()
        assert shown["total"]["calls"] == 3

    virtually(main)


def test_edits_at_a_time_come_then_whoever_looks() -> None:
    async def main() -> None:
        world = world_with(at(10, [CUSTOMISE, DEPLOY]))
        await world.do("GetRestApi")
        await anyio.sleep(9.9)
        assert (await world.ask()).status == 403
        await anyio.sleep(0.2)
        assert (await world.ask()).status == 404
        assert told(world)["made"] == {"put_gateway_response": 1, "create_deployment": 1}

    virtually(main)


def test_edits_take_their_time_to_reach_callers_like_any_change() -> None:
    async def main() -> None:
        world = world_with(at(10, [CUSTOMISE, DEPLOY]), propagation=30.0)
        await world.do("GetRestApi")
        await anyio.sleep(39.9)
        assert (await world.ask()).status == 403
        await anyio.sleep(0.2)
        assert (await world.ask()).status == 404

    virtually(main)


def test_a_call_that_is_refused_counts_and_one_that_the_quota_refuses_does_not() -> None:
    async def main() -> None:
        world = world_with(
            after(CUSTOMISE, operation="Put*", nth=1),
            faults=parse([{"match": {"operation": "Put*"}, "fault": "conflict"}]),
            quotas=Quotas(QuotaRules(total=Rate(rate=1.0, burst=1))),
        )
        await world.do("GetRestApi")
        for seconds, code in ((0.0, "TooManyRequestsException"), (1.1, "ConflictException")):
            assert told(world)["made"] == {}
            await anyio.sleep(seconds)
            with pytest.raises(ServiceFault) as caught:
                await world.do("PutGatewayResponse", responseType="THROTTLED")
            assert caught.value.code == code
        assert told(world)["made"] == {"put_gateway_response": 1}

    virtually(main)


def test_every_edit_does_what_it_says() -> None:
    async def main() -> None:
        world = Deployed()

        async def edit(*planned: object) -> None:
            script = [{"match": {"operation": "GetRestApi"}, "edit": list(planned)}]
            world.engine.others.use(edits(Value(value=script, source="edits")))
            await world.do("GetRestApi")
            world.engine.others.use(edits(Value(value=[], source="edits")))
            assert told(world)["refused"] == {}

        async def stage() -> Any:
            return await world.do("GetStage", stageName="prod")

        method = {"path": "/a/b", "method": "POST"}
        await edit({"add_method": {**method, "authorization": "AWS_IAM", "api_key": True}})
        await edit({"create_deployment": {"description": "theirs"}})
        (newest,) = [
            each for each in (await world.do("GetDeployments"))["item"] if each.get("description") == "theirs"
        ]
        found = await world.do("GetDeployment", deploymentId=newest["id"], embed=["apisummary"])
        assert found["apiSummary"]["/a/b"] == {
            "POST": {"authorizationType": "AWS_IAM", "apiKeyRequired": True}
        }
        await edit({"remove_method": method})
        paths = {each["path"]: each for each in (await world.do("GetResources"))["item"]}
        assert "resourceMethods" not in paths["/a/b"]
        await edit({"set_canary": {"stage": "prod", "percent": 25}})
        assert (await stage())["canarySettings"]["deploymentId"] == newest["id"]
        assert (await stage())["canarySettings"]["percentTraffic"] == 25.0
        await edit({"remove_canary": "prod"}, {"move_stage": {"stage": "prod"}})
        assert "canarySettings" not in await stage()
        assert (await stage())["deploymentId"] == newest["id"]
        await edit({"move_stage": {"stage": "prod", "deployment": "oldest"}}, {"delete_deployment": "newest"})
        assert [each["id"] for each in (await world.do("GetDeployments"))["item"]] == [world.deployment]
        await edit({"disable_endpoint": True})
        assert (await world.do("GetRestApi"))["disableExecuteApiEndpoint"] is True
        await edit(CUSTOMISE)
        assert await status_shown(world) == "404"
        await edit({"delete_gateway_response": MISSING})
        assert await status_shown(world) == "403"
        await edit({"delete_stage": "prod"})
        assert (await world.do("GetStages"))["item"] == []
        await edit("delete_api")
        with pytest.raises(ServiceFault, match="Invalid API identifier"):
            await world.do("GetStages")

    virtually(main)


def test_what_the_service_refuses_is_counted_and_the_rest_is_done() -> None:
    async def main() -> None:
        planned = [
            {"delete_deployment": "oldest"},
            {"move_stage": {"stage": "nowhere"}},
            {"remove_method": {"path": "/nowhere"}},
            CUSTOMISE,
        ]
        world = world_with(
            after(planned, operation="GetRestApi"), after("delete_api", operation="GetRestApis")
        )
        await world.do("GetRestApi")
        await world.engine.handle("GetRestApis", ACCOUNT, REGION, {})
        assert told(world) == {
            "made": {"put_gateway_response": 1},
            "refused": {
                "delete_deployment: BadRequestException": 1,
                "move_stage: NotFoundException": 1,
                "remove_method: NotFoundException": 1,
                "delete_api: no such API": 1,  # that call was about none
            },
        }

    virtually(main)


def test_an_api_that_is_of_no_world_is_told() -> None:
    async def main() -> None:
        world = world_with({"match": {"operation": "GetStages"}, "api": "no id", "edit": "delete_api"})
        await world.do("GetStages")
        assert told(world)["refused"] == {"delete_api: no such API": 1}

    virtually(main)


def test_a_script_ends_after_so_many_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "MOST", 3)

    async def main() -> None:
        world = world_with(after("create_deployment", operation="GetStages"))
        for _ in range(5):
            await world.do("GetStages")
        assert told(world)["made"] == {"create_deployment": 3}

    virtually(main)


def test_a_restart_begins_the_script_anew() -> None:
    async def main() -> None:
        world = world_with(
            at(10, {"create_deployment": {"description": "timed"}}),
            after("create_deployment", operation="GetStages", nth=1),
        )
        for _ in range(2):
            await world.do("GetStages")
            await anyio.sleep(5)
            world.engine.restart()
            assert told(world)["made"] == {}
        await world.do("GetStages")
        await anyio.sleep(10.1)
        assert told(world)["made"] == {"create_deployment": 2}
        assert len((await world.do("GetDeployments"))["item"]) == 5

    virtually(main)
