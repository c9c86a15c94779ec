"""What an emulator's own data plane answers before and after a run that asks the stages themselves."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

import batchgw
from batchgw.control_plane.data_plane.over_https import open_data_plane
from batchgw.journal import open_journal
from tests.integration.emulator import IRELAND, Emulator
from tests.integration.session import connected, paced, policy

pytestmark = pytest.mark.asyncio

POLICY = f"""\
version: 1
targets: {{regions: [{IRELAND}]}}
deploy: {{stages: [prod], verify: probe, verify_within: 10s, on_managed: warn}}
responses:
  MISSING_AUTHENTICATION_TOKEN:
    status: 404
    headers: {{X-Brand: acme}}
    templates: {{application/json: '{{"message":$context.error.messageString,"brand":"acme"}}'}}
"""


async def test_the_data_plane_answers_as_planned_after_a_run_that_probes(
    only_ministack: Emulator, tmp_path: Path
) -> None:
    client = only_ministack.client()
    api = client.create_rest_api(name="orders")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    client.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    client.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    client.create_deployment(restApiId=api, stageName="prod")
    local = f"{only_ministack.url}/restapis/{{api}}/{{stage}}/_user_request_{{path}}"
    asked = local.format(api=api, stage="prod", path="/none")

    def answered() -> tuple[int, str | None, str]:
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - the emulator's
                return answer.status, answer.headers["X-Brand"], answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["X-Brand"], error.read().decode()

    assert answered() == (403, None, '{"message":"Missing Authentication Token"}')
    async with connected(only_ministack) as plane, open_data_plane(url=local) as data_plane:
        session = paced(plane)
        with await batchgw.plan(policy(POLICY), plane=session) as plan:
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary = await batchgw.apply(plan, plane=session, journal=journal, data_plane=data_plane)
    assert (summary.exit_code, summary.proves) == (0, True), summary.reasons
    assert summary.seen_live is not None
    assert (summary.seen_live.by_probe, summary.seen_live.by_export) == (1, 0)
    assert answered() == (404, "acme", '{"message":"Missing Authentication Token","brand":"acme"}')
