"""Deployed APIs over HTTP: by path, by host, and with plain curl."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchgw.simulator.data_plane.invocation import Invocation
from batchgw.simulator.over_http.serve import ReadyInfo, ServeOptions, running
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.world import World

OPTIONS = ServeOptions(no_auth=True, no_throttle=True, latency=0.0, latency_p99=0.0)
PLAIN = Proportions(customised=0.0, canary=0.0)
CURL = shutil.which("curl")


@pytest.fixture
def served() -> Iterator[tuple[ReadyInfo, str]]:
    """A world of forty APIs, and the id of one that is not private and has the stage prod."""
    world = World.generate(apis=40, accounts=1, regions=1, proportions=PLAIN)
    (apis,) = world.scopes()
    number = next(
        n
        for n in apis.numbers()
        if apis.attributes(n).endpoint_type != "PRIVATE" and "prod" in apis.detail(n).stages
    )
    with running(OPTIONS, world=world) as ready:
        yield ready, apis.id(number)


def call(
    ready: ReadyInfo, target: str, *, method: str = "GET", body: object = None, host: str = ""
) -> tuple[http.client.HTTPResponse, Any]:
    connection = http.client.HTTPConnection(ready.endpoint.removeprefix("http://"), timeout=10)
    try:
        headers = {"Host": host} if host else {}
        connection.request(method, target, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer, json.loads(answer.read())
    finally:
        connection.close()


def put_and_deploy(ready: ReadyInfo, api: str) -> None:
    """Answer 404 with a header where nothing matches, and deploy that to prod."""
    header = {"gatewayresponse.header.X-Gateway": "'batchgw'"}
    settings = {"statusCode": "404", "responseParameters": header}
    path = f"/restapis/{api}/gatewayresponses/MISSING_AUTHENTICATION_TOKEN"
    assert call(ready, path, method="PUT", body=settings)[0].status == 201
    deployed = call(ready, f"/restapis/{api}/deployments", method="POST", body={"stageName": "prod"})
    assert deployed[0].status == 201


@pytest.mark.parametrize("by_host", [False, True])
def test_a_stage_answers_by_its_path_and_by_its_host(served: tuple[ReadyInfo, str], *, by_host: bool) -> None:
    ready, api = served
    target = "/prod/no/such" if by_host else f"/restapis/{api}/prod/_user_request_/no/such"
    host = f"{api}.execute-api.{ready.regions[0]}.localhost" if by_host else ""
    before, body = call(ready, target, host=host)
    assert (before.status, body) == (403, {"message": "Missing Authentication Token"})
    put_and_deploy(ready, api)
    after, body = call(ready, target, host=host)
    assert (after.status, after.headers["X-Gateway"]) == (404, "batchgw")
    assert body == {"message": "Missing Authentication Token"}
    assert call(ready, "/_batchgw/stats")[1]["data_plane"]["statuses"] == {"403": 1, "404": 1}


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
def test_curl_sees_the_old_response_before_and_the_new_one_after(served: tuple[ReadyInfo, str]) -> None:
    ready, api = served

    def curl() -> list[str]:
        url = f"{ready.endpoint}/restapis/{api}/prod/_user_request_/no/such?q=1"
        command = [str(CURL), "--silent", "--max-time", "10", "--include", url]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    before = curl()
    put_and_deploy(ready, api)
    after = curl()
    assert (before[0].split()[1], after[0].split()[1]) == ("403", "404")
    assert before[-1] == after[-1] == '{"message":"Missing Authentication Token"}'
    assert ("X-Gateway: batchgw" in before, "X-Gateway: batchgw" in after) == (False, True)


def test_other_people_s_edits_come_by_file_and_by_request(tmp_path: Path) -> None:
    """A script follows the first listing by deleting the API; another one takes its place."""
    world = World.generate(apis=2, accounts=1, regions=1)
    (apis,) = world.scopes()
    first, second = map(apis.id, apis.numbers())
    file = tmp_path / "edits.yaml"
    file.write_text(f"- {{match: {{operation: GetRestApis}}, api: {first}, edit: delete_api}}\n")
    with running(replace(OPTIONS, edits=file), world=world) as ready:
        for left in (2, 1):
            assert len(call(ready, "/restapis")[1]["item"]) == left
        script = [{"match": {"operation": "GetRestApis"}, "api": second, "edit": "delete_api"}]
        assert call(ready, "/_batchgw/edits", method="POST", body=script)[1] == {"entries": 1}
        for left in (1, 0):
            assert len(call(ready, "/restapis")[1]["item"]) == left
        made = call(ready, "/_batchgw/stats")[1]["edits"]
    assert made == {"made": {"delete_api": 2}, "refused": {"delete_api: NotFoundException": 2}}


@pytest.mark.parametrize(
    ("target", "host", "expected"),
    [
        ("/restapis/a1/prod/_user_request_", "x", ("a1", "prod", "/", "")),
        ("/restapis/a1/prod/_user_request_/", "x", ("a1", "prod", "/", "")),
        ("/restapis/a1/prod/_user_request_/a%20b/c?x=1", "x", ("a1", "prod", "/a b/c", "")),
        ("/prod/a", "a1.execute-api.eu-west-1.amazonaws.com", ("a1", "prod", "/a", "eu-west-1")),
        ("/prod", "A1.execute-api.eu-west-1.localhost:4599", ("a1", "prod", "/", "eu-west-1")),
        ("/", "a1.execute-api.eu-west-1.localhost", ("a1", "", "/", "eu-west-1")),
        ("/restapis/a1/stages/prod", "127.0.0.1:4599", None),
        ("/restapis/a1/prod/_user_request_x", "x", None),
        ("/prod/a", "apigateway.eu-west-1.amazonaws.com", None),
    ],
)
def test_which_requests_are_calls_of_an_api(
    target: str, host: str, expected: tuple[str, str, str, str] | None
) -> None:
    found = Invocation.read("GET", target, {"host": host})
    assert (found and (found.api, found.stage, found.path, found.region)) == expected
