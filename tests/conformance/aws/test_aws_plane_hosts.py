"""FIPS and dual-stack endpoints, in three partitions: which hosts are called, and for which region.

Every host name leads to a server of the test's, which has a certificate for all of them.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
from aiohttp import web

from batchgw.control_plane.aws import connect
from batchgw.control_plane.operations import GetRestApis
from batchgw.control_plane.operations.organizations import ListAccounts
from batchgw.errors import CallError
from batchgw.model import AccountId, Region, RoleLink, Scope
from tests.conformance.aws.stub import Seen, Stub, api_answer, only_test_configuration, serving

pytestmark = [pytest.mark.usefixtures("each_way"), pytest.mark.asyncio]

PLAIN, FIPS, DUAL, BOTH = "plain", "FIPS", "dual-stack", "both"

HOSTS = {
    PLAIN: [
        "sts.eu-west-1.amazonaws.com",
        "apigateway.eu-west-1.amazonaws.com",
        "sts.us-gov-west-1.amazonaws.com",
        "apigateway.us-gov-west-1.amazonaws.com",
        "sts.cn-north-1.amazonaws.com.cn",
        "apigateway.cn-north-1.amazonaws.com.cn",
        "organizations.us-east-1.amazonaws.com",
    ],
    FIPS: [
        "sts-fips.eu-west-1.amazonaws.com",
        "apigateway-fips.eu-west-1.amazonaws.com",
        "sts.us-gov-west-1.amazonaws.com",  # the only one there is FIPS
        "apigateway-fips.us-gov-west-1.amazonaws.com",
        "sts-fips.cn-north-1.amazonaws.com.cn",
        "apigateway-fips.cn-north-1.amazonaws.com.cn",
        "organizations-fips.us-east-1.amazonaws.com",
    ],
    DUAL: [
        "sts.eu-west-1.api.aws",
        "apigateway.eu-west-1.api.aws",
        "sts.us-gov-west-1.api.aws",
        "apigateway.us-gov-west-1.api.aws",
        "sts.cn-north-1.api.amazonwebservices.com.cn",
        "apigateway.cn-north-1.api.amazonwebservices.com.cn",
        "organizations.us-east-1.api.aws",
    ],
    BOTH: [
        "sts-fips.eu-west-1.api.aws",
        "apigateway-fips.eu-west-1.api.aws",
        "sts-fips.us-gov-west-1.api.aws",
        "apigateway-fips.us-gov-west-1.api.aws",
        "sts-fips.cn-north-1.api.amazonwebservices.com.cn",
        "apigateway-fips.cn-north-1.api.amazonwebservices.com.cn",
        "organizations-fips.us-east-1.api.aws",
    ],
}
"""In the order in which they are first called."""

SCOPES = [
    Scope(account=AccountId("222222222222"), region=Region("eu-west-1")),
    Scope(account=AccountId("333333333333"), region=Region("us-gov-west-1")),
    Scope(account=AccountId("444444444444"), region=Region("cn-north-1")),
]
"""One of each partition: an account is in one only."""


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)
    for name in ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest_asyncio.fixture
async def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Stub]:
    """A server under every name of AWS's."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*{host for hosts in HOSTS.values() for host in hosts}).configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    async with serving(context) as running:

        async def here(*_: object, **__: object) -> object:
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", running.port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", here)
        yield running


def choose(kind: str, by: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ask for a kind of endpoints, by the environment or by the profile."""
    fips, dual = kind in {FIPS, BOTH}, kind in {DUAL, BOTH}
    if by == "environment":
        monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", str(fips).lower())
        monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", str(dual).lower())
        return
    config = tmp_path / "config"
    config.write_text(
        f"[profile ops]\nuse_fips_endpoint = {fips}\nuse_dualstack_endpoint = {dual}\n"
        "aws_access_key_id = AKIABASE\naws_secret_access_key = s\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "ops")


@pytest.mark.parametrize("by", ["environment", "profile"])
@pytest.mark.parametrize("kind", HOSTS)
async def test_the_kind_of_endpoint_reaches_every_host_and_the_signature_stays_the_region_s(
    kind: str, by: str, stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    choose(kind, by, monkeypatch, tmp_path)
    async with connect(role="Batchgw", roles=(RoleLink(role="Hub"),)) as plane:
        for _ in range(2):  # the second calls may leave by the fast path
            for scope in SCOPES:
                await plane.send(GetRestApis(scope=scope))
        stub.gateway = nobody
        await plane.send(ListAccounts(scope=SCOPES[0]))
    assert list(dict.fromkeys(seen.host for seen in stub.seen)) == HOSTS[kind]
    assert all(f".{seen.region}." in seen.host for seen in stub.seen), "signed for the region of the host"
    assert [seen.region for seen in stub.seen_by("apigateway")] == [scope.region for scope in SCOPES] * 2
    partitions = [seen.form["RoleArn"].split(":")[1] for seen in stub.assumed]
    assert partitions == ["aws", "aws", "aws-us-gov", "aws-us-gov", "aws-cn", "aws-cn"]


@pytest.mark.parametrize("kind", HOSTS)
async def test_a_profile_s_own_role_is_assumed_at_that_kind_of_endpoint_too(
    kind: str, stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    choose(kind, "profile", monkeypatch, tmp_path)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")  # keys of the environment would count before the profile's role
    with (tmp_path / "config").open("a") as config:
        config.write(
            "role_arn = arn:aws:iam::666666666666:role/Base\nsource_profile = keys\n"
            "[profile keys]\naws_access_key_id = AKIAKEYS\naws_secret_access_key = s\n"
        )
    async with connect():
        pass
    assert [seen.host for seen in stub.assumed] == HOSTS[kind][:1]


async def nobody(_seen: Seen, _request: web.Request) -> web.StreamResponse:
    return api_answer(200, {"Accounts": []})


async def test_an_endpoint_of_one_s_own_counts_before_the_kind(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    async with connect(endpoint_url="https://sts.eu-west-1.api.aws") as plane:
        await plane.send(
            GetRestApis(scope=Scope(account=await plane.current_account(), region=Region("eu-west-1")))
        )
    assert {seen.host for seen in stub.seen} == {"sts.eu-west-1.api.aws"}


@pytest.mark.parametrize(
    ("variable", "advice"),
    [
        ("AWS_USE_FIPS_ENDPOINT", "Not every region has FIPS endpoints"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "Check the network, the proxy settings, and the region's name"),
    ],
)
async def test_an_endpoint_that_is_not_there_says_what_to_change(
    variable: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nowhere(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nowhere)
    monkeypatch.setenv(variable, "true")
    async with connect(attempts=1) as plane:
        with pytest.raises(CallError, match=advice):
            await plane.current_account()
