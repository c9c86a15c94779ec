"""A small server that answers as STS and API Gateway do, and notes every request.

It shows what really leaves the AWS client: address, path, and the account and region of the signature.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from aiohttp import web

BASE_ACCOUNT = "000000000001"
BASE_KEY = "AKIABASE"

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    host: str
    key: str
    region: str
    service: str
    token: str | None
    agent: str
    query: dict[str, str]
    body: str
    content_type: str | None

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body).items()}


Answer = Callable[[Seen, web.Request], Awaitable[web.StreamResponse]]


def api_answer(status: int, body: object, **headers: str) -> web.Response:
    """An answer of API Gateway."""
    return web.Response(
        status=status,
        text=body if isinstance(body, str) else json.dumps(body),
        headers={"x-amzn-RequestId": "req-1", **headers},
        content_type="application/json",
    )


def api_error(code: str, status: int, message: str, **headers: str) -> web.Response:
    """A refusal of API Gateway: the code travels in a header."""
    return api_answer(status, {"message": message}, **{"x-amzn-ErrorType": code}, **headers)


def sts_error(code: str, status: int, message: str) -> web.Response:
    """A refusal of STS."""
    return web.Response(
        status=status,
        text=f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>sts-1</RequestId></ErrorResponse>",
        content_type="text/xml",
    )


def caller_identity(account: str = BASE_ACCOUNT) -> web.Response:
    return _sts(
        "GetCallerIdentity", f"<Account>{account}</Account><Arn>arn:aws:iam::{account}:user/test</Arn>"
    )


def assumed(account: str, *, serial: int = 0, lifetime: float = 3600.0) -> web.Response:
    """Keys of a role in an account. The access key contains the account and the serial number."""
    expires = (datetime.now(UTC) + timedelta(seconds=lifetime)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _sts(
        "AssumeRole",
        f"<AssumedRoleUser><Arn>arn:aws:sts::{account}:assumed-role/Role/session</Arn></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>ASIA{account}x{serial}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        f"<SessionToken>token-{account}-{serial}</SessionToken><Expiration>{expires}</Expiration></Credentials>",
    )


def _sts(operation: str, result: str) -> web.Response:
    return web.Response(
        text=f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>'
        f"{result}</{operation}Result></{operation}Response>",
        content_type="text/xml",
    )


async def _empty_list(_seen: Seen, _request: web.Request) -> web.StreamResponse:
    return api_answer(200, {"item": []})


@dataclass(slots=True)
class Stub:
    """What the server answers, and what it has seen. Set the attributes to change the answers.

    `sts` is asked for roles, `identity` whose keys they are: that question comes first, about all keys.
    """

    gateway: Answer = _empty_list
    sts: Answer | None = None
    identity: Answer | None = None
    port: int = 0
    seen: list[Seen] = field(default_factory=list)

    def seen_by(self, service: str) -> list[Seen]:
        return [s for s in self.seen if s.service == service]

    @property
    def assumed(self) -> list[Seen]:
        """The requests for a role."""
        return [s for s in self.seen_by("sts") if s.form["Action"] == "AssumeRole"]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        match = _CREDENTIAL.search(request.headers.get("Authorization", ""))
        seen = Seen(
            method=request.method,
            path=request.path,
            host=request.headers["Host"],
            key=match["key"] if match else "",
            region=match["region"] if match else "",
            service=match["service"] if match else "",
            token=request.headers.get("X-Amz-Security-Token"),
            agent=request.headers.get("User-Agent", ""),
            query=dict(request.query),
            body=await request.text(),
            content_type=request.headers.get("Content-Type"),
        )
        self.seen.append(seen)
        if seen.service != "sts":
            return await self.gateway(seen, request)
        if seen.form["Action"] == "GetCallerIdentity":
            return caller_identity() if self.identity is None else await self.identity(seen, request)
        if self.sts is not None:
            return await self.sts(seen, request)
        return assumed(seen.form["RoleArn"].split(":")[4])


def cut(request: web.Request) -> None:
    """Close the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Stub]:
    """Serve on a free port of 127.0.0.1 during the block."""
    stub = Stub()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", stub.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        stub.port = runner.addresses[0][1]
        yield stub
    finally:
        await runner.cleanup()


def only_test_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the machine's AWS configuration, and set keys that are valid nowhere."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", BASE_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "base-secret")
