"""The front: which protocol, which caller, and what an operation's end looks like on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import anyio
import pytest
from multidict import CIMultiDict

from batchgw.simulator.over_http.authentication import Authenticator
from batchgw.simulator.over_http.call import HttpAnswer, HttpCall
from batchgw.simulator.over_http.server import HttpService
from batchgw.simulator.reply import ConnectionCutByServer, Reply, ServiceFault
from batchgw.simulator.world.keys import Key, KeyRing

ACCOUNTS = ("111111111111", "222222222222")
STS = "{https://sts.amazonaws.com/doc/2011-06-15/}"


class FakeEngine:
    """Answers with what it was given, and remembers what it was asked."""

    def __init__(self, end: Reply | Exception) -> None:
        self._end = end
        self.asked: list[tuple[str, str, str, dict[str, object]]] = []

    async def handle(
        self,
        operation: str,
        account: str,
        region: str,
        params: Mapping[str, object],
        *,
        caller: Key | None = None,
    ) -> Reply:
        assert caller is not None
        self.asked.append((operation, account, region, dict(params)))
        if isinstance(self._end, Exception):
            raise self._end
        return self._end


def scope(service: str, *, key: str = "222222222222") -> dict[str, str]:
    """Headers with a signature that nobody checks."""
    credential = f"{key}/20240101/eu-west-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=a, Signature=b"}


def ask(
    engine: FakeEngine,
    method: str = "GET",
    target: str = "/restapis",
    *,
    body: bytes = b"",
    check: bool = False,
    headers: Mapping[str, str] | None = None,
) -> HttpAnswer:
    gate = Authenticator(KeyRing(ACCOUNTS, seed=7), ACCOUNTS, ("eu-west-1",), check=check)
    call = HttpCall(method=method, target=target, headers=CIMultiDict(headers or {}), body=body)
    return anyio.run(HttpService(engine, gate, now=lambda: 0.0).answer, call)


def form(**fields: str) -> bytes:
    return urlencode({"Version": "2011-06-15", **fields}).encode()


FORM = "application/x-www-form-urlencoded; charset=utf-8"
TARGET = "AWSOrganizationsV20161128.ListAccounts"


def test_a_rest_reply_is_status_json_and_request_id() -> None:
    engine = FakeEngine(Reply(status=201, body={"id": "é"}, headers={"x-amzn-RequestId": "r-1"}))
    answer = ask(engine, "POST", "/restapis", body=b'{"name":"n"}', headers=scope("apigateway"))
    assert (answer.status, answer.body) == (201, '{"id":"é"}'.encode())
    assert answer.headers["x-amzn-RequestId"] == "r-1"
    assert engine.asked == [("CreateRestApi", "222222222222", "eu-west-1", {"name": "n"})]


def test_an_empty_body_stays_empty() -> None:
    answer = ask(FakeEngine(Reply(status=202)), "DELETE", "/restapis/a1", headers=scope("apigateway"))
    assert (answer.status, answer.body) == (202, b"")


def test_an_export_s_bytes_and_content_type_pass_through() -> None:
    engine = FakeEngine(
        Reply(status=200, body=b"openapi: 3.0.1", headers={"Content-Type": "application/yaml"})
    )
    answer = ask(engine, target="/restapis/a1/stages/prod/exports/oas30")
    assert (answer.body, answer.headers["Content-Type"]) == (b"openapi: 3.0.1", "application/yaml")


def test_a_rest_fault_has_its_code_in_a_header_and_its_message_in_the_body() -> None:
    fault = ServiceFault("TooManyRequestsException", 429, "Too Many Requests", headers={"Retry-After": "3"})
    answer = ask(FakeEngine(fault))
    assert answer.status == 429
    assert answer.headers["x-amzn-ErrorType"] == "TooManyRequestsException"
    assert answer.headers["Retry-After"] == "3"
    assert answer.headers["x-amzn-RequestId"]
    assert json.loads(answer.body) == {"message": "Too Many Requests"}


def test_an_operation_that_cannot_be_told_is_not_authorized() -> None:
    answer = ask(FakeEngine(Reply(status=200)), target="/nowhere")
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert json.loads(answer.body) == {
        "message": "Unable to determine service/operation name to be authorized"
    }


def test_a_cut_connection_is_the_server_s_to_cut() -> None:
    with pytest.raises(ConnectionCutByServer):
        ask(FakeEngine(ConnectionCutByServer(applied=True)))


@pytest.mark.parametrize("headers", [scope("sts"), {"Content-Type": FORM}])
def test_sts_speaks_forms_and_xml(headers: dict[str, str]) -> None:
    """Told by the signature's scope, or by the form when nothing is signed."""
    engine = FakeEngine(Reply(status=200, body={"UserId": "U", "Account": "222222222222", "Arn": "arn:a&b"}))
    answer = ask(engine, "POST", "/", body=form(Action="GetCallerIdentity"), headers=headers)
    root = ET.fromstring(answer.body)  # noqa: S314 - our own answer
    assert root.tag == f"{STS}GetCallerIdentityResponse"
    assert root.findtext(f"{STS}GetCallerIdentityResult/{STS}Arn") == "arn:a&b"
    assert root.findtext(f"{STS}ResponseMetadata/{STS}RequestId") == answer.headers["x-amzn-RequestId"]


def test_assume_role_s_form_becomes_members_and_its_end_a_date() -> None:
    credentials = {
        "AccessKeyId": "ASIA1",
        "SecretAccessKey": "s",
        "SessionToken": "t",
        "Expiration": 1_700_000_000.5,
    }
    engine = FakeEngine(Reply(status=200, body={"Credentials": credentials, "PackedPolicySize": 1}))
    sent = form(
        Action="AssumeRole",
        RoleArn="arn:aws:iam::222222222222:role/R",
        RoleSessionName="run-1",
        DurationSeconds="900",
        **{"Tags.member.1.Key": "a", "Tags.member.1.Value": "b", "Tags.member.2.Key": "c"},
    )
    answer = ask(engine, "POST", "/", body=sent, headers=scope("sts"))
    expected = {
        "RoleArn": "arn:aws:iam::222222222222:role/R",
        "RoleSessionName": "run-1",
        "DurationSeconds": 900,
        "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c"}],
    }
    assert engine.asked == [("AssumeRole", "222222222222", "eu-west-1", expected)]
    assert b"<Expiration>2023-11-14T22:13:20Z</Expiration>" in answer.body


def test_an_sts_fault_is_xml() -> None:
    fault = ServiceFault("AccessDenied", 403, "no", headers={"x-amzn-RequestId": "r-1"}, modelled=False)
    answer = ask(FakeEngine(fault), "POST", "/", body=form(Action="GetCallerIdentity"), headers=scope("sts"))
    root = ET.fromstring(answer.body)  # noqa: S314 - our own answer
    paths = (f"{STS}Error/{STS}Type", f"{STS}Error/{STS}Code", f"{STS}Error/{STS}Message", f"{STS}RequestId")
    found = [root.findtext(path) for path in paths]
    assert (answer.status, found) == (403, ["Sender", "AccessDenied", "no", "r-1"])


def test_an_unknown_action_is_invalid() -> None:
    answer = ask(FakeEngine(Reply(status=200)), "POST", "/", body=form(Action="Nope"), headers=scope("sts"))
    assert answer.status == 400
    assert b"<Code>InvalidAction</Code>" in answer.body


@pytest.mark.parametrize("headers", [scope("organizations"), {}])
def test_organizations_speaks_json_with_a_target(headers: dict[str, str]) -> None:
    engine = FakeEngine(Reply(status=200, body={"Accounts": []}))
    answer = ask(engine, "POST", "/", body=b'{"MaxResults":20}', headers={"X-Amz-Target": TARGET, **headers})
    assert [(a[0], a[3]) for a in engine.asked] == [("ListAccounts", {"MaxResults": 20})]
    assert (answer.status, json.loads(answer.body)) == (200, {"Accounts": []})
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"


def test_an_organizations_fault_has_its_code_in_the_body() -> None:
    fault = ServiceFault("TooManyRequestsException", 400, "slow down")
    answer = ask(FakeEngine(fault), "POST", "/", headers={"X-Amz-Target": TARGET})
    assert answer.status == 400
    assert json.loads(answer.body)["__type"] == "TooManyRequestsException"


@pytest.mark.parametrize(
    ("service", "body", "status", "code"),
    [
        ("apigateway", b"", 403, "UnrecognizedClientException"),
        ("sts", form(Action="GetCallerIdentity"), 403, "InvalidClientTokenId"),
        ("organizations", b"", 400, "UnrecognizedClientException"),
    ],
)
def test_each_protocol_has_its_own_name_for_an_unknown_key(
    service: str, body: bytes, status: int, code: str
) -> None:
    engine = FakeEngine(Reply(status=200))
    answer = ask(engine, "POST", "/", body=body, check=True, headers=scope(service, key="AKIANOBODY"))
    assert answer.status == status
    assert code in answer.headers.get("x-amzn-ErrorType", "") + answer.body.decode()
    assert engine.asked == []


def test_an_unsigned_call_is_missing_its_token() -> None:
    answer = ask(FakeEngine(Reply(status=200)), check=True)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException")


def test_a_service_that_is_not_simulated_says_which_are() -> None:
    answer = ask(FakeEngine(Reply(status=200)), headers=scope("lambda"))
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")
    assert b"account, cloudformation, ec2, monitoring, ssm, not for lambda" in answer.body
