"""Deployments without a stage, on the emulators: a snapshot is made, and no stage is made or moved."""

from __future__ import annotations

import pytest

from batchgw.control_plane.operations import CreateDeployment
from batchgw.errors import BadRequest
from batchgw.model import AccountId, Region, RestApiId, Scope
from tests.integration.emulator import IRELAND, Emulator
from tests.integration.session import connected, paced

pytestmark = pytest.mark.asyncio


def scope_of(emulator: Emulator) -> Scope:
    return Scope(account=AccountId(emulator.account), region=Region(IRELAND))


async def test_a_deployment_is_made_on_no_stage(emulator: Emulator) -> None:
    client = emulator.client()
    api = client.create_rest_api(name="orders")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    client.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    client.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    async with connected(emulator) as plane:
        request = CreateDeployment(scope=scope_of(emulator), api=RestApiId(api), description="run 7")
        made = await paced(plane).send(request)
    assert client.get_deployment(restApiId=api, deploymentId=made)["description"] == "run 7"
    assert client.get_stages(restApiId=api)["item"] == []


async def test_an_api_without_methods_cannot_be_deployed(only_moto: Emulator) -> None:
    api = only_moto.client().create_rest_api(name="empty")["id"]
    async with connected(only_moto) as plane:
        with pytest.raises(BadRequest, match="doesn't contain any methods"):
            await plane.send(CreateDeployment(scope=scope_of(only_moto), api=RestApiId(api)))
