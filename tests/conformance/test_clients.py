"""Plain clients pointed at the simulator: boto3, the AWS CLI, and calls signed as the Go SDK signs them.

The last ones are what the gateway response resources of Terraform's AWS provider send.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from batchgw.simulator.over_http.serve import ReadyInfo, running
from tests.conformance.conftest import EMPTY, client_for

WORLD = replace(EMPTY, apis=60, accounts=3, regions=2, role_name="R")
SECOND = "222222222222"


@pytest.fixture(scope="module")
def world() -> Iterator[ReadyInfo]:
    with running(WORLD) as ready:
        yield ready


def refusal(call: Any, **arguments: object) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def assume(ready: ReadyInfo, account: str, *, sts: Any = None, **arguments: object) -> dict[str, Any]:
    sts = sts or client_for(ready, "sts")
    arn = f"arn:aws:iam::{account}:role/{arguments.pop('role', 'R')}"
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="test", **arguments)
    return dict(answer["Credentials"])


def client_with(ready: ReadyInfo, service: str, credentials: Mapping[str, Any]) -> Any:
    return boto3.client(
        service,
        region_name=ready.regions[0],
        endpoint_url=ready.endpoint,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=Config(retries={"total_max_attempts": 1}),
    )


# boto3


def test_boto3_pages_through_the_apis_of_its_own_scope(world: ReadyInfo) -> None:
    """60 APIs in 6 scopes: 10 in each, and none in two."""
    seen = []
    for account in world.accounts:
        pages = client_for(world, "apigateway", account=account).get_paginator("get_rest_apis")
        sizes = [len(page["items"]) for page in pages.paginate(PaginationConfig={"PageSize": 4})]
        assert sizes == [4, 4, 2]
        seen += [api["id"] for page in pages.paginate() for api in page["items"]]
    assert len(seen) == len(set(seen)) == 30


def test_boto3_sees_dates_tags_and_types(world: ReadyInfo) -> None:
    for api in client_for(world, "apigateway").get_rest_apis(limit=500)["items"]:
        assert isinstance(api["createdDate"], datetime)
        assert api["endpointConfiguration"]["types"][0] in {"EDGE", "REGIONAL", "PRIVATE"}


def test_boto3_raises_the_exceptions_of_its_service_model(world: ReadyInfo) -> None:
    client = client_for(world, "apigateway")
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_rest_api(restApiId="nowhere")


def test_boto3_reads_retry_after_from_a_throttle(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text('[{"fault": {"retry_after": 3}}]')
    with running(replace(WORLD, faults=faults)) as ready:
        client = client_for(ready, "apigateway")
        with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
            client.get_rest_apis()
    assert caught.value.response["retryAfterSeconds"] == "3"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_a_cut_connection_is_an_error_in_boto3(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text('[{"fault": "cut_before"}]')
    with running(replace(WORLD, faults=faults)) as ready, pytest.raises(ConnectionClosedError):
        client_for(ready, "apigateway").get_rest_apis()


def test_boto3_reads_an_export(world: ReadyInfo) -> None:
    client = client_for(world, "apigateway")
    one = {"restApiId": client.get_rest_apis()["items"][0]["id"], "stageName": "fresh"}
    client.put_gateway_response(restApiId=one["restApiId"], responseType="THROTTLED", statusCode="499")
    client.create_deployment(**one)
    wanted = {
        "exportType": "oas30",
        "parameters": {"extensions": "apigateway"},
        "accepts": "application/json",
    }
    answer = client.get_export(**one, **wanted)
    document = json.loads(answer["body"].read())
    responses = document["x-amazon-apigateway-gateway-responses"]
    assert str(responses["THROTTLED"]["statusCode"]) == "499"


def test_a_name_in_any_alphabet_is_returned_unchanged(world: ReadyInfo) -> None:
    client = client_for(world, "apigateway")
    name = 'größe <&> "日本" \U0001f680'
    made = client.create_rest_api(name=name, tags={"a b/c": "d+e=ü"})
    found = client.get_rest_api(restApiId=made["id"])
    assert (found["name"], found["tags"]) == (name, {"a b/c": "d+e=ü"})


# Whose keys sign a call


def test_a_key_decides_the_account(world: ReadyInfo) -> None:
    for account in world.accounts:
        identity = client_for(world, "sts", account=account).get_caller_identity()
        assert identity["Account"] == account
        assert identity["Arn"].startswith(f"arn:aws:iam::{account}:user/")


def test_a_role_s_key_decides_the_account_and_sees_no_other(world: ReadyInfo) -> None:
    credentials = assume(world, SECOND, DurationSeconds=900)
    assert client_with(world, "sts", credentials).get_caller_identity()["Arn"] == (
        f"arn:aws:sts::{SECOND}:assumed-role/R/test"
    )
    mine = client_for(world, "apigateway").get_rest_apis()["items"][0]["id"]
    theirs = client_with(world, "apigateway", credentials)
    assert refusal(theirs.get_rest_api, restApiId=mine) == (404, "NotFoundException")
    assert theirs.get_rest_apis()["items"] != []


@pytest.mark.parametrize(("seconds", "given"), [(None, 3600), (900, 900), (43_200, 43_200)])
def test_a_role_s_credentials_last_as_long_as_asked_for(
    world: ReadyInfo, seconds: int | None, given: int
) -> None:
    before = datetime.now(UTC).timestamp()
    wanted = {} if seconds is None else {"DurationSeconds": seconds}
    lasting = assume(world, SECOND, **wanted)["Expiration"].timestamp() - before
    assert given - 2 <= lasting <= given + 60


@pytest.mark.parametrize("seconds", [899, 43_201])
def test_no_role_lasts_shorter_than_15_minutes_or_longer_than_12_hours(
    world: ReadyInfo, seconds: int
) -> None:
    sts = client_for(world, "sts", parameter_validation=False)
    wanted = {
        "RoleArn": f"arn:aws:iam::{SECOND}:role/R",
        "RoleSessionName": "test",
        "DurationSeconds": seconds,
    }
    assert refusal(sts.assume_role, **wanted) == (400, "ValidationError")


def test_a_chained_role_lasts_an_hour_at_most(world: ReadyInfo) -> None:
    chained = client_with(world, "sts", assume(world, SECOND))
    assert assume(world, world.accounts[2], sts=chained, DurationSeconds=3600)["AccessKeyId"]
    wanted = {"RoleArn": f"arn:aws:iam::{SECOND}:role/R", "RoleSessionName": "test", "DurationSeconds": 3601}
    assert refusal(chained.assume_role, **wanted) == (400, "ValidationError")


@pytest.mark.parametrize(
    "arn",
    [f"arn:aws:iam::{SECOND}:role/Other", "arn:aws:iam::999999999999:role/R"],
)
def test_a_missing_role_is_denied(world: ReadyInfo, arn: str) -> None:
    sts = client_for(world, "sts")
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="test") == (403, "AccessDenied")


def test_a_role_may_require_an_external_id() -> None:
    with running(replace(WORLD, external_id="secret-7")) as ready:
        assert assume(ready, SECOND, ExternalId="secret-7")["AccessKeyId"].startswith("ASIA")
        sts = client_for(ready, "sts")
        wanted = {"RoleArn": f"arn:aws:iam::{SECOND}:role/R", "RoleSessionName": "test"}
        assert refusal(sts.assume_role, **wanted) == (403, "AccessDenied")
        assert refusal(sts.assume_role, **wanted, ExternalId="secret-8") == (403, "AccessDenied")


def test_expired_credentials_are_refused_with_each_protocol_s_code() -> None:
    """The session has no length at all."""
    with running(replace(WORLD, session=0.0)) as ready:
        credentials = assume(ready, SECOND)
        rest = client_with(ready, "apigateway", credentials)
        assert refusal(rest.get_rest_apis) == (403, "ExpiredTokenException")
        assert refusal(client_with(ready, "sts", credentials).get_caller_identity) == (403, "ExpiredToken")


def test_accounts_can_be_denied() -> None:
    options = replace(WORLD, denied=frozenset({SECOND}), refused_roles=frozenset({"333333333333"}))
    with running(options) as ready:
        denied = client_with(ready, "apigateway", assume(ready, SECOND))
        assert refusal(denied.get_rest_apis) == (403, "AccessDeniedException")
        sts = client_for(ready, "sts")
        closed = {"RoleArn": "arn:aws:iam::333333333333:role/R", "RoleSessionName": "test"}
        assert refusal(sts.assume_role, **closed) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("service", "operation", "status", "code"),
    [
        ("apigateway", "get_rest_apis", 403, "InvalidSignatureException"),
        ("sts", "get_caller_identity", 403, "SignatureDoesNotMatch"),
        ("organizations", "list_accounts", 400, "InvalidSignatureException"),
    ],
)
def test_a_wrong_secret_is_refused_by_every_service(
    world: ReadyInfo, service: str, operation: str, status: int, code: str
) -> None:
    key = {**world.keys[SECOND], "secret_access_key": "wrong"}
    wrong = replace(world, keys={**world.keys, SECOND: key})
    client = client_for(wrong, service, account=SECOND)
    assert refusal(getattr(client, operation)) == (status, code)


def test_a_region_outside_the_world_is_not_enabled(world: ReadyInfo) -> None:
    elsewhere = replace(world, regions=("ap-east-1",))
    assert refusal(client_for(elsewhere, "apigateway").get_rest_apis) == (403, "UnrecognizedClientException")
    assert refusal(client_for(elsewhere, "sts").get_caller_identity) == (403, "InvalidClientTokenId")


def test_without_auth_a_role_s_key_still_means_its_account() -> None:
    with running(replace(WORLD, no_auth=True)) as ready:
        anybody = replace(ready, keys={"any": {"access_key_id": "test", "secret_access_key": "test"}})
        credentials = assume(ready, SECOND, sts=client_for(anybody, "sts", account="any"))
        assert client_with(ready, "sts", credentials).get_caller_identity()["Account"] == SECOND


def test_an_organisation_s_accounts_are_listed_twenty_a_page() -> None:
    with running(replace(EMPTY, accounts=25)) as ready:
        pages = list(client_for(ready, "organizations").get_paginator("list_accounts").paginate())
        assert [len(page["Accounts"]) for page in pages] == [20, 5]
        assert [a["Id"] for page in pages for a in page["Accounts"]] == list(ready.accounts)
        told = client_for(ready, "organizations").describe_organization()["Organization"]
        assert told["MasterAccountId"] == ready.management_account
        member = client_for(ready, "organizations", account=SECOND)
        assert refusal(member.list_accounts)[1] == "AccessDeniedException"


# The AWS CLI


@pytest.fixture
def aws(world: ReadyInfo, tmp_path: Path) -> Any:
    """Runs the AWS CLI. Returns its exit code, its answer and its stderr."""
    if importlib.util.find_spec("awscli") is None:
        pytest.skip("awscli is not installed")
    key = world.keys[SECOND]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": key["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": key["secret_access_key"],
        "AWS_DEFAULT_REGION": world.regions[1],
        "AWS_ENDPOINT_URL": world.endpoint,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
    }

    def run(*arguments: str) -> tuple[int, Any, str]:
        command = [sys.executable, "-m", "awscli", *arguments, "--output", "json"]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, json.loads(done.stdout or "null"), done.stderr

    return run


def test_the_aws_cli_customises_a_response_and_deletes_it(aws: Any) -> None:
    apis = aws("apigateway", "get-rest-apis", "--query", "items[].id")[1]
    assert len(apis) == 10
    one = ("--rest-api-id", apis[0], "--response-type", "WAF_FILTERED")
    parameters = json.dumps({"gatewayresponse.header.X-Block": "'yes'"})
    put = aws(
        "apigateway",
        "put-gateway-response",
        *one,
        "--status-code",
        "403",
        "--response-parameters",
        parameters,
    )
    assert put[1]["defaultResponse"] is False
    assert aws("apigateway", "get-gateway-response", *one)[1] == put[1]
    assert aws("apigateway", "delete-gateway-response", *one)[0] == 0
    code, _, complaint = aws("apigateway", "delete-gateway-response", *one)
    assert code != 0
    assert "(NotFoundException)" in complaint
    assert "Gateway response type not defined on api" in complaint


def test_the_aws_cli_tells_its_account_and_can_assume_a_role(aws: Any) -> None:
    assert aws("sts", "get-caller-identity")[1]["Account"] == SECOND
    role = ("--role-arn", "arn:aws:iam::333333333333:role/R", "--role-session-name", "cli")
    assumed = aws("sts", "assume-role", *role)[1]
    assert assumed["AssumedRoleUser"]["Arn"] == "arn:aws:sts::333333333333:assumed-role/R/cli"
    assert "AccessDeniedException" in aws("organizations", "list-accounts")[2]  # not the management account


# Calls as Terraform's AWS provider makes them: the Go SDK signs more headers than botocore does


def go_call(
    ready: ReadyInfo, method: str, path: str, body: bytes = b"", *, service: str = "apigateway", **own: str
) -> tuple[int, dict[str, str], bytes]:
    """Make a call that is signed over every header, as by the AWS SDK for Go v2, with a signer of our own."""
    key = ready.keys[ready.accounts[0]]
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/{ready.regions[0]}/{service}/aws4_request"
    headers = {
        "accept": "application/json",
        "accept-encoding": "identity",
        "amz-sdk-invocation-id": "7b1c6f0e-0b3e-4a4c-9b0a-111111111111",
        "amz-sdk-request": "attempt=1; max=25",
        "content-length": str(len(body)),
        "content-type": "application/json",
        "host": ready.endpoint.removeprefix("http://"),
        "x-amz-date": now,
        **own,
    }
    names = ";".join(sorted(headers))
    canonical = "\n".join(f"{name}:{headers[name]}" for name in sorted(headers))
    request = f"{method}\n{path}\n\n{canonical}\n\n{names}\n{hashlib.sha256(body).hexdigest()}"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    secret = f"AWS4{key['secret_access_key']}".encode()
    for part in (*scope.split("/"), text):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    credential = f"AWS4-HMAC-SHA256 Credential={key['access_key_id']}/{scope}"
    signed = {**headers, "Authorization": f"{credential}, SignedHeaders={names}, Signature={secret.hex()}"}
    connection = http.client.HTTPConnection(headers["host"], timeout=10)
    connection.request(method, path, body, signed)
    answer = connection.getresponse()
    got = answer.status, dict(answer.headers), answer.read()
    connection.close()
    return got


def test_terraform_s_calls_for_a_gateway_response(apigateway: Any, empty_world: ReadyInfo) -> None:
    """Put, read and delete it, and find that it is deleted. Empty maps mean that nothing is set."""
    api = apigateway.create_rest_api(name="terraform")["id"]
    path = f"/restapis/{api}/gatewayresponses/UNAUTHORIZED"
    sent = {"responseParameters": {}, "responseTemplates": {}, "statusCode": "401"}
    status, _, body = go_call(empty_world, "PUT", path, json.dumps(sent).encode())
    assert (status, json.loads(body)["defaultResponse"]) == (201, False)
    assert json.loads(go_call(empty_world, "GET", path)[2]) == json.loads(body)
    assert go_call(empty_world, "DELETE", path)[::2] == (202, b"")
    status, headers, _ = go_call(empty_world, "DELETE", path)
    assert (status, headers["x-amzn-ErrorType"]) == (404, "NotFoundException")


def test_terraform_s_calls_for_a_rest_api(empty_world: ReadyInfo) -> None:
    """Create it, read it and its root resource, delete it."""
    created = json.loads(go_call(empty_world, "POST", "/restapis", b'{"name":"tf","tags":{"a":"b"}}')[2])
    path = f"/restapis/{created['id']}"
    read = json.loads(go_call(empty_world, "GET", path)[2])
    assert read == created
    assert isinstance(read["createdDate"], int | float)
    resources = json.loads(go_call(empty_world, "GET", f"{path}/resources")[2])["item"]
    assert [(r["id"], r["path"]) for r in resources] == [(created["rootResourceId"], "/")]
    assert go_call(empty_world, "DELETE", path)[0] == 202
    assert go_call(empty_world, "GET", path)[0] == 404


def test_terraform_s_first_call_is_get_caller_identity(empty_world: ReadyInfo) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    status, headers, body = go_call(
        empty_world, "POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", service="sts", **form
    )
    assert (status, headers["Content-Type"]) == (200, "text/xml")
    assert b"<Account>111111111111</Account>" in body
