"""Whatever gives the base credentials, a chain of roles begins with them: profile, SSO, web identity, ..."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider

from batchgw.control_plane.aws import Access, connect
from batchgw.control_plane.operations import GetRestApis
from batchgw.errors import CredentialsUnavailable
from batchgw.model import AccountId, Region, RoleLink, Scope
from tests.conformance.aws.stub import Seen, Stub, api_answer, assumed, only_test_configuration, serving

pytestmark = [pytest.mark.usefixtures("each_way"), pytest.mark.asyncio]

THERE = Scope(account=AccountId("444444444444"), region=Region("eu-west-1"))
HUB = "111111111111"
START = "https://portal.example/start"

Set = Callable[[str, str], None]


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as running:
        running.gateway = everything
        yield running


async def everything(seen: Seen, _request: web.Request) -> web.StreamResponse:
    """API Gateway, the portal of SSO, and what STS answers to a web identity: these are not signed."""
    if seen.path == "/federation/credentials":
        expiration = int((time.time() + 3600) * 1000)
        keys = {
            "accessKeyId": "ASIASSO",
            "secretAccessKey": "s",
            "sessionToken": "t",
            "expiration": expiration,
        }
        return api_answer(200, {"roleCredentials": keys})
    if seen.form.get("Action") == "AssumeRoleWithWebIdentity":
        text = assumed("555555555555").text or ""
        return web.Response(
            text=text.replace("AssumeRoleRes", "AssumeRoleWithWebIdentityRes"), content_type="text/xml"
        )
    return api_answer(200, {"item": []})


def environment(_home: Path, variable: Set) -> None:
    variable("AWS_ACCESS_KEY_ID", "AKIAENV")
    variable("AWS_SECRET_ACCESS_KEY", "s")


def profile(home: Path, variable: Set) -> None:
    (home / "credentials").write_text("[ops]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n")
    variable("AWS_PROFILE", "ops")


def process(home: Path, variable: Set) -> None:
    printed = {"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s"}
    (home / "process.py").write_text(f"print('''{json.dumps(printed)}''')")
    (home / "config").write_text(
        f"[profile ops]\ncredential_process = {sys.executable} {home / 'process.py'}\n"
    )
    variable("AWS_PROFILE", "ops")


def assumed_by_profile(home: Path, variable: Set) -> None:
    (home / "credentials").write_text("[source]\naws_access_key_id = AKIASOURCE\naws_secret_access_key = s\n")
    (home / "config").write_text(
        "[profile source]\n[profile ops]\nsource_profile = source\nexternal_id = of-the-profile\n"
        "role_arn = arn:aws:iam::666666666666:role/Base\n"
    )
    variable("AWS_PROFILE", "ops")


def web_identity(home: Path, variable: Set) -> None:
    (home / "token").write_text("a.jwt.token")
    variable("AWS_WEB_IDENTITY_TOKEN_FILE", str(home / "token"))
    variable("AWS_ROLE_ARN", "arn:aws:iam::555555555555:role/Runner")


def sso(home: Path, variable: Set) -> None:
    _token(home, START)
    (home / "config").write_text(
        f"[profile ops]\nsso_start_url = {START}\nsso_region = eu-west-1\nsso_account_id = 777777777777\n"
        "sso_role_name = Admin\n"
    )
    variable("AWS_PROFILE", "ops")


def sso_session(home: Path, variable: Set) -> None:
    _token(home, "corp")
    (home / "config").write_text(
        f"[sso-session corp]\nsso_start_url = {START}\nsso_region = eu-west-1\n"
        "[profile ops]\nsso_session = corp\nsso_account_id = 777777777777\nsso_role_name = Admin\n"
    )
    variable("AWS_PROFILE", "ops")


def _token(home: Path, name: str) -> None:
    """Log in: this is what `aws sso login` leaves behind."""
    expires = (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%SZ")
    token = {"accessToken": "portal-token", "expiresAt": expires, "startUrl": START, "region": "eu-west-1"}
    name = sha1(name.encode(), usedforsecurity=False).hexdigest()
    (home / f"{name}.json").write_text(json.dumps(token))


SOURCES = {
    environment: "AKIAENV",
    profile: "AKIAFILE",
    process: "AKIAPROCESS",
    assumed_by_profile: "ASIA666666666666x0",
    web_identity: "ASIA555555555555x0",
    sso: "ASIASSO",
    sso_session: "ASIASSO",
}
"""How the base credentials are set up, and the access key that comes of it."""


@pytest.fixture
def variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stub: Stub) -> Set:
    """Sets a variable, in an environment that has nothing else of AWS."""
    only_test_configuration(monkeypatch)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{stub.port}")
    for provider in (SSOProvider, SSOTokenProvider):
        monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", str(tmp_path))
    return monkeypatch.setenv


@pytest.mark.parametrize(("source", "key"), SOURCES.items(), ids=lambda each: getattr(each, "__name__", ""))
async def test_a_chain_begins_with_the_base_credentials_wherever_they_come_from(
    source: Callable[[Path, Set], None], key: str, stub: Stub, variable: Set, tmp_path: Path
) -> None:
    source(tmp_path, variable)
    hub = RoleLink(role=f"arn:aws:iam::{HUB}:role/Hub")
    async with connect(roles=(hub,), role="Each", access=Access.READ) as plane:
        await plane.send(GetRestApis(scope=THERE))
    ours = [seen for seen in stub.assumed if "/role/Base" not in seen.form["RoleArn"].replace(":", "/")]
    assert [(seen.key, seen.form["RoleArn"]) for seen in ours] == [
        (key, f"arn:aws:iam::{HUB}:role/Hub"),
        (f"ASIA{HUB}x0", f"arn:aws:iam::{THERE.account}:role/Each"),
    ]
    assert [seen.key for seen in stub.seen_by("apigateway")] == [f"ASIA{THERE.account}x0"]


async def test_a_login_that_is_over_says_how_to_log_in_again_and_no_link_is_tried(
    stub: Stub, variable: Set, tmp_path: Path
) -> None:
    sso(tmp_path, variable)
    for each in tmp_path.glob("*.json"):
        each.unlink()
    with pytest.raises(CredentialsUnavailable, match="Log in again with `aws sso login --profile ops`"):
        async with connect(roles=(RoleLink(role="Hub"),), role="Each"):
            pass
    assert stub.seen == []
