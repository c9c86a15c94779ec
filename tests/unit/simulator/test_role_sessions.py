"""Roles in process: the plane signs with a role's session in each account, as it does over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import pytest

from batchgw.control_plane.operations import GetGatewayResponses, GetRestApis, PutGatewayResponse
from batchgw.errors import AccessDenied, CallError, CredentialsUnavailable, ServiceFailure
from batchgw.model import AccountId, Region, ResponseType, RestApiId, RoleLink, Scope, Settings
from batchgw.simulator.iam.reading import Kind, read
from batchgw.simulator.iam.roles import Accounts, Iam, Role
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World
from tests.virtual import virtually

HUB, MEMBER = AccountId("111111111111"), AccountId("222222222222")
SCOPE = Scope(account=MEMBER, region=Region("eu-west-1"))
READ = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": "apigateway:GET",
        "Resource": "arn:aws:apigateway:*::/restapis*",
    },
}


def plane(*roles: Role, links: Sequence[str] = ("Batchgw",), **more: Any) -> SimulatedControlPlane:
    world = World.generate(apis=2, accounts=2, regions=1)
    return simulate(
        world, trust=Trust(iam=Iam(roles=roles)), roles=[RoleLink(role=link) for link in links], **more
    )


def put(asked: SimulatedControlPlane) -> PutGatewayResponse:
    apis = asked.engine.service.world.scope(SCOPE.account, SCOPE.region)
    settings = Settings(status_code="418")
    return PutGatewayResponse(
        scope=SCOPE, api=RestApiId(apis.id(0)), type=ResponseType.WAF_FILTERED, settings=settings
    )


async def calls(asked: SimulatedControlPlane) -> Mapping[str, object]:
    """Calls by operation, whatever the scope."""
    seen: Any = asked.engine.snapshot()["scopes"]
    return {name: tally["calls"] for scope in seen.values() for name, tally in scope["operations"].items()}


def test_what_the_role_may_not_do_is_denied_and_the_rest_is_not() -> None:
    reader = Role(name="Batchgw", policies=(read(READ, Kind.IDENTITY),))

    async def main() -> None:
        asked = plane(reader)
        (api,) = (await asked.send(GetRestApis(scope=SCOPE))).items
        assert await asked.send(GetGatewayResponses(scope=SCOPE, api=api.id))
        with pytest.raises(AccessDenied, match="no identity-based policy allows the apigateway:PUT action"):
            await asked.send(put(asked))

    virtually(main)


def test_a_session_policy_narrows_a_role_that_may_do_everything() -> None:
    async def main() -> None:
        asked = plane(Role(name="Batchgw"), session_policy=json.dumps(READ))
        assert (await asked.send(GetRestApis(scope=SCOPE))).items
        with pytest.raises(AccessDenied, match="no session policy allows the apigateway:PUT action"):
            await asked.send(put(asked))
        await plane(Role(name="Batchgw")).send(put(asked))

    virtually(main)


def test_an_account_without_the_role_has_no_credentials_and_others_have() -> None:
    async def main() -> None:
        asked = plane(Role(name="Batchgw", accounts=Accounts(but=frozenset({MEMBER}))))
        with pytest.raises(CredentialsUnavailable) as caught:
            await asked.send(GetRestApis(scope=SCOPE))
        assert caught.value.message.startswith(
            f"cannot assume arn:aws:iam::{MEMBER}:role/Batchgw in account {MEMBER}: "
        )
        assert (await asked.send(GetRestApis(scope=Scope(account=HUB, region=SCOPE.region)))).items

    virtually(main)


def test_a_chain_goes_through_the_base_account() -> None:
    """The last role trusts the one before it, and nobody else."""
    trusts = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{HUB}:role/Hub"},
    }
    last = Role(name="Batchgw", trust=read({"Statement": trusts}, Kind.TRUST))

    async def main() -> None:
        with pytest.raises(CredentialsUnavailable):
            await plane(Role(name="Hub"), last).send(GetRestApis(scope=SCOPE))
        assert (
            await plane(Role(name="Hub"), last, links=["Hub", "Batchgw"]).send(GetRestApis(scope=SCOPE))
        ).items

    virtually(main)


def test_many_calls_of_an_account_share_one_session() -> None:
    async def main() -> None:
        asked = plane(Role(name="Batchgw"))
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(asked.send, GetRestApis(scope=SCOPE))
        assert await calls(asked) == {"AssumeRole": 1, "GetRestApis": 20}

    virtually(main)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"service_error": 503}, ServiceFailure),
        ("no_connection", CallError),
        ({"slow": 600}, None),
    ],
)
def test_an_outage_of_sts_ends(fault: object, error: type[CallError] | None) -> None:
    """From the first to the 600th second STS refuses, is unreachable, or keeps everybody waiting."""
    outage = [{"match": {"service": "sts", "until": 600}, "fault": fault}]

    async def main() -> None:
        asked = plane(Role(name="Batchgw"), script=outage)
        began = anyio.current_time()
        if error is not None:
            with pytest.raises(error):
                await asked.send(GetRestApis(scope=SCOPE))
            await anyio.sleep_until(began + 600)
        assert (await asked.send(GetRestApis(scope=SCOPE))).items
        assert anyio.current_time() - began == 600

    virtually(main)
