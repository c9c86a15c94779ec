"""API Gateway with canned answers, for `client_cost`: only the client's cost counts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

from batchgw.model import DEFAULT_STATUS, ResponseType
from benchmarks.client.task import SCOPE, SETTINGS
from benchmarks.harness import canned
from benchmarks.harness.canned import response
from benchmarks.harness.cores import pin


def gateway_response(kind: ResponseType) -> dict[str, object]:
    """What the service answers of a customised type: as long as what the benchmark puts."""
    status = DEFAULT_STATUS.get(kind)
    return {
        "responseType": kind.value,
        **({} if status is None else {"statusCode": status}),
        **SETTINGS.to_json(),
        "defaultResponse": False,
    }


_PUT = {
    kind.value.encode(): response("201 Created", json.dumps(gateway_response(kind)).encode())
    for kind in ResponseType
}
_READ = response("200 OK", json.dumps({"item": [gateway_response(kind) for kind in ResponseType]}).encode())
_LIST = response("200 OK", b'{"item": []}')
_DELETED = response("202 Accepted", b"")
_IDENTITY = canned.sts_response(
    "GetCallerIdentity",
    f"<Account>{SCOPE.account}</Account><Arn>arn:aws:iam::{SCOPE.account}:user/b</Arn><UserId>b</UserId>",
)


def answer(method: bytes, path: bytes, _body: bytes = b"") -> bytes:
    """Choose the answer by as few comparisons as possible."""
    if method == b"PUT":
        return _PUT[path[path.rindex(b"/") + 1 :]]
    if method == b"POST":
        return _IDENTITY
    if method == b"DELETE":
        return _DELETED
    if path.endswith(b"/gatewayresponses"):
        return _READ
    return _LIST if path.startswith(b"/restapis?") else _PUT[path[path.rindex(b"/") + 1 :]]


@contextmanager
def served() -> Iterator[str]:
    """Serve as long as the block lasts, and give the address."""
    with canned.served("benchmarks.client.server") as url:
        yield url


if __name__ == "__main__":
    pin("server")
    asyncio.run(canned.serve(answer))
