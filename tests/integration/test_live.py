"""What is live on the emulators before a run, after it, and after its rollback."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

from tests.integration.command import Shell
from tests.integration.emulator import IRELAND, Emulator

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

OLD = (403, None, '{"message":"Missing Authentication Token"}')
NEW = (404, "acme", '{"message":"Missing Authentication Token","brand":"acme"}')
"""Status, X-Brand and body: by default, and as the policy says."""

STAGES = "/restapis/{api}/{stage}/_user_request_{path}"


def deployed(emulator: Emulator) -> str:
    """Make an API that is deployed to prod, and give its id."""
    client = emulator.client()
    api = str(client.create_rest_api(name="orders")["id"])
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    client.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    client.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    client.create_deployment(restApiId=api, stageName="prod")
    return api


def answered(emulator: Emulator, api: str) -> tuple[int, str | None, str]:
    """Ask prod for a path that it does not have."""
    url = emulator.url + STAGES.format(api=api, stage="prod", path="/none")
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the emulator's
            return answer.status, answer.headers["X-Brand"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["X-Brand"], error.read().decode()


def test_its_own_data_plane_answers_as_planned_after_an_apply_and_as_before_after_its_rollback(
    only_ministack: Emulator, tmp_path: Path
) -> None:
    """The apply sees it by a probe. The rollback puts the stage back on its own deployment."""
    api, client = deployed(only_ministack), only_ministack.client()
    stage = {"restApiId": api, "stageName": "prod"}
    own = client.get_stage(**stage)["deploymentId"]
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    shell = Shell(emulator=only_ministack, folder=tmp_path)
    told = ("--yes", "--output", "json", "--data-plane-url", only_ministack.url + STAGES)

    assert answered(only_ministack, api) == OLD
    applied = shell.batchgw("apply", "policy.yaml", *told)
    assert applied.code == 0, applied.err
    summary = json.loads(applied.out)
    assert (summary["proves"], summary["applied"], summary["seen_live"]["by_probe"]) == (True, 2, 1)
    assert answered(only_ministack, api) == NEW

    back = shell.batchgw("rollback", "last", *told)
    assert back.code == 0, back.err
    assert answered(only_ministack, api) == OLD
    assert client.get_stage(**stage)["deploymentId"] == own
    response = client.get_gateway_response(restApiId=api, responseType="MISSING_AUTHENTICATION_TOKEN")
    assert response["defaultResponse"] is True


def test_where_a_snapshot_cannot_be_compared_no_stage_is_moved_to_it(
    only_moto: Emulator, tmp_path: Path
) -> None:
    """Moto tells neither what a deployment answers with nor which methods it has. Responses come and go."""
    api, client = deployed(only_moto), only_moto.client()
    own = client.get_stage(restApiId=api, stageName="prod")["deploymentId"]
    (tmp_path / "policy.yaml").write_text(POLICY.replace("probe", "export"), encoding="utf-8")
    shell = Shell(emulator=only_moto, folder=tmp_path, variables={"BATCHGW_ATTEMPTS": "1"})

    applied = shell.batchgw("apply", "policy.yaml", "--yes", "--output", "json")
    assert applied.code == 1, applied.err
    assert "(what it answers with now could not be read)" in applied.err
    (reason,) = json.loads(applied.out)["reasons"]
    assert "it has no summary of deployment" in reason["message"]
    made = client.get_deployments(restApiId=api)["items"]
    assert len(made) == 2
    assert any(each["id"] != own and each["description"].startswith("batchgw ") for each in made)
    assert [each["responseType"] for each in client.get_gateway_responses(restApiId=api)["items"]] == [
        "MISSING_AUTHENTICATION_TOKEN"
    ]

    back = shell.batchgw("rollback", "last", "--yes")
    assert back.code == 0, back.err
    assert client.get_gateway_responses(restApiId=api)["items"] == []
    assert client.get_stage(restApiId=api, stageName="prod")["deploymentId"] == own
