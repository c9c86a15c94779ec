"""A configuration that cannot work is refused when connecting, in one paragraph that says what to do."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from batchgw.control_plane.aws import AwsControlPlane, connect
from batchgw.control_plane.aws.connection import affordable_connections
from batchgw.control_plane.aws.sts.questions import RoleSession
from batchgw.errors import CredentialsUnavailable, UsageError
from batchgw.model import Desired, Policy, RoleLink, Targets

KEYS = "aws_access_key_id = AKIA1\naws_secret_access_key = hunter2\n"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An AWS configuration of the test's own, empty at first, and nothing of the machine's."""
    for name in ("PROFILE", "REGION", "DEFAULT_REGION", "ENDPOINT_URL", "CA_BUNDLE", "SESSION_TOKEN"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "DEFAULT_PROFILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@asynccontextmanager
async def refused(kind: type[Exception], pattern: str) -> AsyncIterator[None]:
    with pytest.raises(kind, match=pattern) as caught:
        yield
    assert "\n" not in str(caught.value), "one paragraph"
    assert "hunter2" not in str(caught.value), "secrets never in messages"


async def opened(**options: str) -> AwsControlPlane:
    async with connect(**options) as plane:  # type: ignore[arg-type] # only the textual options are used here
        return plane


@pytest.mark.asyncio
async def test_no_credentials() -> None:
    async with refused(CredentialsUnavailable, "no AWS credentials were found.*--profile"):
        await opened(region="eu-west-1")


@pytest.mark.asyncio
@pytest.mark.parametrize("by", ["flag", "environment"])
async def test_an_unknown_profile(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if by == "environment":
        monkeypatch.setenv("AWS_PROFILE", "adit")
    async with refused(UsageError, "no AWS profile named 'adit'.*list-profiles"):
        await opened(**({"profile": "adit"} if by == "flag" else {}))


@pytest.mark.asyncio
async def test_half_a_pair_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    async with refused(CredentialsUnavailable, "AWS_SECRET_ACCESS_KEY.*Set the key that is missing"):
        await opened()


@pytest.mark.asyncio
async def test_half_a_pair_of_keys_in_a_profile(home: Path) -> None:
    (home / "credentials").write_text("[default]\naws_access_key_id = AKIA1\n")
    async with refused(CredentialsUnavailable, "aws_secret_access_key.*Set the key that is missing"):
        await opened()


@pytest.mark.asyncio
async def test_a_configuration_file_that_is_none(home: Path) -> None:
    (home / "config").write_text("[default\nregion eu-west-1\n")
    async with refused(UsageError, "AWS configuration cannot be used.*AWS_CONFIG_FILE"):
        await opened()


@pytest.mark.asyncio
async def test_an_expired_sso_login(home: Path) -> None:
    (home / "config").write_text(
        "[profile audit]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n"
        "sso_account_id = 111111111111\nsso_role_name = Audit\nregion = eu-west-1\n"
    )
    async with refused(CredentialsUnavailable, "profile audit.*aws sso login --profile audit"):
        await opened(profile="audit")


@pytest.mark.asyncio
async def test_a_credential_process_that_fails(home: Path) -> None:
    (home / "config").write_text("[profile audit]\ncredential_process = false\n")
    async with refused(CredentialsUnavailable, "profile audit cannot be used"):
        await opened(profile="audit")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url",
    ["localhost:4566", "ftp://x", "http://", "https//x", "http://[::1", "http://x:port", "me:hunter2@x",
     "https://me:hunter2/@x"],
)  # fmt: skip
async def test_an_endpoint_that_is_no_url(url: str) -> None:
    async with refused(UsageError, "not an endpoint URL.*http://127"):
        await opened(endpoint_url=url)


@pytest.mark.asyncio
@pytest.mark.parametrize("by", ["flag", "environment", "profile"])
async def test_an_endpoint_with_a_password_is_refused_and_does_not_show_it(
    by: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Basic authorisation and a signature share one header: there is no such call."""
    url = "https://me:hunter2@gateway.example/prod"
    (home / "config").write_text(f"[default]\n{KEYS}" + f"endpoint_url = {url}\n" * (by == "profile"))
    if by == "environment":
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    async with refused(UsageError, "https://gateway.example/prod was given with a user or a password"):
        await opened(**({"endpoint_url": url} if by == "flag" else {}))


@pytest.mark.asyncio
async def test_an_at_sign_in_a_path_is_no_password(home: Path) -> None:
    (home / "credentials").write_text(f"[default]\n{KEYS}")
    await opened(endpoint_url="http://127.0.0.1:9/me@home")


@pytest.mark.parametrize(
    "holder",
    [
        RoleSession(arn="R", name="s", link=RoleLink(role="R", external_id="hunter2")),
        Targets(role="R", external_id="hunter2"),
    ],
)
def test_no_repr_shows_an_external_id(holder: object) -> None:
    assert "hunter2" not in repr(holder)
    assert "hunter2" not in repr(Policy(desired=Desired(rules={}), targets=Targets(external_id="hunter2")))


@pytest.mark.asyncio
async def test_an_endpoint_of_the_environment_that_is_no_url(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "credentials").write_text(f"[default]\n{KEYS}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:4566")
    async with refused(UsageError, "AWS_ENDPOINT_URL: 'localhost:4566'"):
        await opened()


@pytest.mark.asyncio
@pytest.mark.parametrize(("rate", "burst"), [(0.0, 10.0), (-1.0, 10.0), (float("inf"), 10.0), (50.0, 0.5)])
async def test_a_pace_of_sts_that_is_none(rate: float, burst: float, home: Path) -> None:
    (home / "credentials").write_text(f"[default]\n{KEYS}")
    pace = "the pace of STS: a quota is a rate above 0 and a burst of at least 1"
    async with refused(UsageError, pace), connect(sts_rate=rate, sts_burst=burst):
        pass


@pytest.mark.asyncio
async def test_a_role_that_is_none() -> None:
    async with refused(UsageError, "not a role: 'my role'"):
        await opened(role="my role")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({}, "sa-east-1"),
        ({"AWS_DEFAULT_REGION": "us-west-2"}, "us-west-2"),
        ({"AWS_DEFAULT_REGION": "us-west-2", "AWS_REGION": "us-east-2"}, "us-east-2"),
    ],
)
async def test_the_default_region_follows_the_environment_then_the_profile(
    variables: dict[str, str], region: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config").write_text(f"[default]\nregion = sa-east-1\n{KEYS}")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (await opened()).region == region
    assert (await opened(region="eu-north-1")).region == "eu-north-1"


@pytest.mark.asyncio
async def test_an_endpoint_of_the_users_may_be_an_emulator_s_and_awss_own_is_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer of AWS's that leaves a type out is not taken for one that is not customised."""
    (home / "credentials").write_text(f"[default]\n{KEYS}")
    assert not (await opened(region="eu-west-1")).emulated
    assert (await opened(region="eu-west-1", endpoint_url="http://127.0.0.1:1")).emulated
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    assert not (await opened(region="eu-west-1")).emulated
    monkeypatch.setenv("AWS_ENDPOINT_URL_API_GATEWAY", "http://127.0.0.1:1")
    assert (await opened(region="eu-west-1")).emulated
    monkeypatch.setenv(
        "AWS_ENDPOINT_URL_API_GATEWAY", "https://vpce-1.apigateway.eu-west-1.vpce.amazonaws.com"
    )
    assert not (await opened(region="eu-west-1")).emulated
    monkeypatch.setenv("AWS_ENDPOINT_URL_API_GATEWAY", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert not (await opened(region="eu-west-1")).emulated


@pytest.mark.asyncio
async def test_without_any_region_there_is_none(home: Path) -> None:
    (home / "credentials").write_text(f"[default]\n{KEYS}")
    assert (await opened()).region is None


@pytest.mark.asyncio
@pytest.mark.parametrize("by", ["given", "AWS_REGION", "AWS_DEFAULT_REGION", "`region` of the AWS profile"])
async def test_a_region_that_would_lead_to_another_host_is_refused_by_the_name_of_its_source(
    by: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "x.evil.example/#"
    (home / "config").write_text(f"[default]\n{KEYS}" + f"region = {evil}\n" * by.startswith("`"))
    if by.startswith("AWS"):
        monkeypatch.setenv(by, evil)
    async with refused(UsageError, f"not a region in .*{by}: 'x.evil"):
        await opened(**({"region": evil} if by == "given" else {}))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[profile a]\nregion = eu-west-1\n\n[profile a]\n", r"config, line 4: \[profile a\] .* second time"),
        (
            "[profile a]\nregion = x\nregion = y\n",
            r"config, line 3: region is set a second time in \[profile a\]",
        ),
        ("aws_secret_access_key = hunter2\n", r"config, line 1: there is no \[section\] above it"),
        ("[profile a]\nhunter2\n", r"config, line 2: neither a \[section\] nor NAME = VALUE"),
        ("[profile a]\ns3 =\n  hunter2\n", "config: an indented line"),
        (b"[profile a]\nregion = \xff\n", "config: not UTF-8 text, from byte 21 on"),
    ],
)
async def test_a_broken_configuration_is_told_with_its_line_and_cause_and_nothing_of_its_text(
    text: str | bytes, why: str, home: Path
) -> None:
    (home / "config").write_bytes(text if isinstance(text, bytes) else text.encode())
    async with refused(UsageError, why):
        await opened()


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_API_GATEWAY", "AWS_ENDPOINT_URL_STS"])
async def test_a_token_in_the_query_of_a_configured_endpoint_is_refused_and_not_shown(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "credentials").write_text(f"[default]\n{KEYS}")
    monkeypatch.setenv(name, "https://gateway.example/?token=hunter2")
    async with refused(UsageError, f"Leave that out of {name}"):
        await opened()


@pytest.mark.asyncio
async def test_an_endpoint_in_the_services_of_a_profile_is_refused_by_its_place(home: Path) -> None:
    (home / "config").write_text(
        f"[default]\n{KEYS}services = local\n[services local]\n"
        "api_gateway =\n  endpoint_url = https://me:hunter2@gateway.example\n"
    )
    async with refused(UsageError, r"endpoint_url of api_gateway in \[services local\]"):
        await opened()


@pytest.mark.asyncio
async def test_a_proxy_that_is_none_is_told_at_once_unless_no_call_would_go_through_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "credentials").write_text(f"[default]\n{KEYS}")
    for name in ("https_proxy", "http_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "htp://proxy:3128")
    async with refused(UsageError, "HTTPS_PROXY is not the address of a proxy"):
        await opened()
    await opened(endpoint_url="http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "amazonaws.com")
    await opened()


@contextmanager
def files(most: int) -> Iterator[None]:
    """Let this process have so many files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("allowed", "connections"), [(64, 16), (110, 27), (256, 128), (1000, 872), (1152, 1024), (4096, 1024)]
)
def test_there_are_as_many_connections_as_files_can_be_open(allowed: int, connections: int) -> None:
    with files(allowed):
        assert affordable_connections() == connections


def test_too_few_files_are_refused_with_what_to_do() -> None:
    with (
        files(63),
        pytest.raises(UsageError, match=r"may have 63 files open, and needs 64 .* `ulimit -n 1024`"),
    ):
        affordable_connections()
