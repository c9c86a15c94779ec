"""What no client of AWS's sends is refused with a 4xx, as AWS does, and is never a fault of the server."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from batchgw.simulator.over_http.serve import ReadyInfo, ServeOptions, running
from batchgw.simulator.over_http.server import MOST

OPEN = ServeOptions(
    apis=1, accounts=1, regions=1, no_auth=True, no_throttle=True, latency=0.0, latency_p99=0.0
)
DEEP = b"[" * 200_000


@pytest.fixture(scope="module")
def trusting() -> Iterator[ReadyInfo]:
    with running(OPEN) as ready:
        yield ready


@pytest.fixture(scope="module")
def checking() -> Iterator[ReadyInfo]:
    with running(replace(OPEN, no_auth=False)) as ready:
        yield ready


def ask(
    ready: ReadyInfo, method: str, path: str, headers: Mapping[str, bytes], body: bytes = b""
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(ready.endpoint.removeprefix("http://"), timeout=30)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def signed(
    ready: ReadyInfo, signature: bytes = b"0" * 64, names: bytes = b"host;x-amz-date"
) -> dict[str, bytes]:
    now = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%dT%H%M%SZ")
    key = ready.keys[ready.accounts[0]]["access_key_id"]
    scope = f"{key}/{now[:8]}/{ready.regions[0]}/apigateway/aws4_request".encode()
    stated = b"Credential=" + scope + b", SignedHeaders=" + names + b", Signature=" + signature
    return {"X-Amz-Date": now.encode(), "Authorization": b"AWS4-HMAC-SHA256 " + stated}


@pytest.mark.parametrize("signature", ["ü".encode(), b"\xff\xfe", "注".encode() * 64])
def test_a_signature_that_is_not_ascii_is_a_wrong_one(signature: bytes, checking: ReadyInfo) -> None:
    answer = ask(checking, "GET", "/restapis", signed(checking, signature))
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/restapis", {"Host": b"["}),
        ("/restapis", {"Host": b"\xff"}),
        ("/restapis", {"X-Amz-Date": b"\xff\xfe"}),
        ("/restapis", {"X-Amz-Content-SHA256": b"\xff"}),
        ("/restapis?" + "a=%ff&" * 1000, {}),
        ("/restapis/%ff%00/gatewayresponses", {}),
    ],
)
def test_what_cannot_have_been_signed_is_refused(
    path: str, more: dict[str, bytes], checking: ReadyInfo
) -> None:
    answer = ask(checking, "GET", path, signed(checking, names=b"host;x-amz-date;\xff") | more)
    assert answer.status in {400, 403}


@pytest.mark.parametrize(
    "body", [DEEP, DEEP.replace(b"[", b'{"a":'), b'{"statusCode": "\\ud800"}', b'{"a": NaN}', b"\xff", b"[1]"]
)
@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("PUT", "/restapis/a1b2c3d4e5/gatewayresponses/DEFAULT_4XX", {}),
        ("POST", "/", {"X-Amz-Target": b"AWSOrganizationsV20161128.ListAccounts"}),
    ],
)
def test_a_body_that_is_no_json_is_not_serializable(
    method: str, path: str, headers: dict[str, bytes], body: bytes, trusting: ReadyInfo
) -> None:
    assert ask(trusting, method, path, headers, body).status == 400


@pytest.mark.parametrize("body", [DEEP, b"\xff"])
def test_a_fault_script_that_is_no_json_is_refused(body: bytes, trusting: ReadyInfo) -> None:
    assert ask(trusting, "POST", "/_batchgw/faults", {}, body).status == 400


def test_a_body_is_read_up_to_a_bound(trusting: ReadyInfo) -> None:
    path = "/restapis/a1b2c3d4e5/gatewayresponses/DEFAULT_4XX"
    whole = json.dumps({"statusCode": "4" * (MOST - 18)}).encode()
    assert len(whole) == MOST
    assert ask(trusting, "PUT", path, {}, whole).status in {400, 404}
    answer = ask(trusting, "PUT", path, {}, whole + b" ")
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (413, "RequestEntityTooLargeException")
    assert answer.headers["Connection"] == "close"


def test_noise_in_headers_paths_and_bodies_is_never_a_fault_of_the_server(checking: ReadyInfo) -> None:
    dice = random.Random(21)
    names = ["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Target", "Content-Type"]
    for _ in range(150):
        headers = signed(checking)
        for name in dice.sample(names, 2):
            noise = bytearray(headers.get(name, b"application/json"))
            for _ in range(dice.choice([1, 5])):
                noise[dice.randrange(len(noise))] = dice.choice([*range(32, 127), *range(128, 256)])
            headers[name] = bytes(noise)
        path = "/restapis/" + "".join(dice.choice("%fF0/?&=;:+._-") for _ in range(dice.randrange(30)))
        status = ask(checking, dice.choice(["GET", "PUT", "POST"]), path, headers, dice.randbytes(20)).status
        assert 400 <= status < 500, (path, headers)
