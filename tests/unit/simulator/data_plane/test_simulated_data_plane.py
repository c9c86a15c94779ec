"""The data plane in process, behind the interface of the client."""

from __future__ import annotations

import json

from batchgw.control_plane.data_plane import LONGEST_BODY, ProbeRequest
from batchgw.model import AccountId, Region, RestApi, RestApiId, Scope
from batchgw.simulator.simulated_data_plane import SimulatedDataPlane
from tests.unit.simulator.data_plane.deployed import Deployed
from tests.unit.simulator_client import ACCOUNT, REGION
from tests.virtual import virtually


def request(world: Deployed, path: str) -> ProbeRequest:
    scope = Scope(account=AccountId(ACCOUNT), region=Region(REGION))
    return ProbeRequest(api=RestApi(scope=scope, id=RestApiId(world.api)), stage="prod", path=path)


def test_a_probe_gets_what_a_caller_gets() -> None:
    async def main() -> None:
        world = Deployed()
        world.put(
            "MISSING_AUTHENTICATION_TOKEN",
            responseParameters={"gatewayresponse.header.X-Q": "method.request.querystring.q"},
        )
        world.deploy()
        found = await SimulatedDataPlane(world.engine).get(request(world, "/no%20such?q=1"))
        assert (found.status, found.headers["x-q"]) == (403, "1")
        assert json.loads(found.body) == {"message": "Missing Authentication Token"}

    virtually(main)


def test_a_long_body_is_cut() -> None:
    async def main() -> None:
        world = Deployed()
        long = {"application/json": "x" * (LONGEST_BODY + 1)}
        world.put("MISSING_AUTHENTICATION_TOKEN", responseTemplates=long)
        world.deploy()
        found = await SimulatedDataPlane(world.engine).get(request(world, "/none"))
        assert len(found.body) == LONGEST_BODY

    virtually(main)
