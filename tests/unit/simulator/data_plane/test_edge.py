"""Canaries by the seed, and changes that reach callers later."""

from __future__ import annotations

import anyio
import pytest

from batchgw.simulator.traffic.fault_script import parse
from tests.unit.simulator.data_plane.deployed import Deployed
from tests.virtual import virtually


async def with_canary(percent: float, **options: object) -> Deployed:
    """A stage whose canary answers 404 where the stage itself answers 403."""
    world = Deployed(**options)
    world.put("MISSING_AUTHENTICATION_TOKEN", statusCode="404")
    world.now("CreateDeployment", stageName="prod", canarySettings={"percentTraffic": percent})
    return world


async def statuses(world: Deployed, count: int) -> list[int]:
    return [(await world.ask()).status for _ in range(count)]


@pytest.mark.parametrize(("percent", "least", "most"), [(0.0, 0, 0), (30.0, 220, 380), (100.0, 1000, 1000)])
def test_a_canary_gets_its_share(percent: float, least: int, most: int) -> None:
    async def main() -> None:
        world = await with_canary(percent)
        found = await statuses(world, 1000)
        assert least <= found.count(404) <= most
        assert world.engine.statistics.invocations.canary == found.count(404)

    virtually(main)


def test_the_seed_decides_which_requests_a_canary_gets() -> None:
    async def main() -> None:
        one, same, other = [await statuses(await with_canary(50.0, seed=seed), 64) for seed in (1, 1, 2)]
        assert one == same
        assert one != other

    virtually(main)


def test_a_canary_has_its_own_variables() -> None:
    async def main() -> None:
        world = Deployed()
        template = {"application/json": '{"message":"$stageVariables.v $stageVariables.w"}'}
        world.put("MISSING_AUTHENTICATION_TOKEN", responseTemplates=template)
        world.now("CreateDeployment", stageName="prod", variables={"v": "1", "w": "1"})
        overrides = {"percentTraffic": 100.0, "stageVariableOverrides": {"v": "2"}}
        world.now("CreateDeployment", stageName="prod", canarySettings=overrides)
        assert await world.message() == (403, "2 1")

    virtually(main)


def test_a_stage_s_move_reaches_callers_later() -> None:
    """Moved at 0 s and back at 20 s, with 30 s on the way: callers see it from 30 s to 50 s."""

    async def main() -> None:
        world = Deployed(propagation=30.0)
        world.put("MISSING_AUTHENTICATION_TOKEN", statusCode="404")
        second = world.now("CreateDeployment")["id"]
        await world.move(second)
        seen = [(await world.ask()).status]
        await anyio.sleep(20)
        await world.move(world.deployment)
        for _ in range(4):
            await anyio.sleep(9.9)
            seen.append((await world.ask()).status)
        assert seen == [403, 403, 404, 404, 403]

    virtually(main)


def test_a_deleted_api_answers_until_callers_hear_of_it() -> None:
    async def main() -> None:
        world = Deployed(propagation=10.0)
        await world.do("DeleteRestApi")
        assert await world.message() == (403, "Missing Authentication Token")
        await anyio.sleep(10.1)
        assert await world.message() == (403, "Forbidden")

    virtually(main)


def test_the_half_way_of_a_slow_call_counts() -> None:
    """A call of 8 s makes its change after 4 s. So callers see it 1 s after the answer."""

    async def main() -> None:
        world = Deployed(propagation=5.0, faults=parse([{"fault": {"slow": 8}}]))
        world.put("MISSING_AUTHENTICATION_TOKEN", statusCode="404")
        await world.move(world.now("CreateDeployment")["id"])
        assert (await world.ask()).status == 403
        await anyio.sleep(1.1)
        assert (await world.ask()).status == 404

    virtually(main)


def test_a_restart_lets_everything_arrive() -> None:
    async def main() -> None:
        world = Deployed(propagation=1000.0)
        world.put("MISSING_AUTHENTICATION_TOKEN", statusCode="404")
        await world.move(world.now("CreateDeployment")["id"])
        assert (await world.ask()).status == 403
        world.engine.restart()
        assert (await world.ask()).status == 404

    virtually(main)


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_a_propagation_that_cannot_be_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="0 seconds or more"):
        Deployed(propagation=seconds)
