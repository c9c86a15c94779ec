"""Other services than API Gateway: each has a client of its own, opened when it is asked for."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import pytest_asyncio
from aiobotocore.session import AioSession
from aiohttp import web
from botocore.loaders import JSONFileLoader

from batchgw.control_plane.aws import clients, connect
from batchgw.control_plane.operations import GetRestApis
from batchgw.control_plane.operations.organizations import ListAccounts, ListTagsForResource
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import (
    AccessDenied,
    CredentialsRejected,
    EntityNotFound,
    RegionOff,
    ServiceFailure,
    Throttled,
    UsageError,
)
from batchgw.model import AccountId, Region, Scope
from tests.conformance.aws.stub import (
    BASE_ACCOUNT,
    BASE_KEY,
    Answer,
    Seen,
    Stub,
    api_answer,
    api_error,
    caller_identity,
    only_test_configuration,
    serving,
    sts_error,
)

PATIENCE = 10.0  # seconds for which a model waits until another task has run

MEMBER = AccountId("222222222222")
ACCOUNT = {"Id": MEMBER, "Name": "payments", "State": "ACTIVE", "Paths": ["o-abc/r-ab12/ou-ab12-1/"]}


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as running:
        yield running


def there(region: str = "eu-west-1", account: str = MEMBER) -> Scope:
    return Scope(account=AccountId(account), region=Region(region))


@pytest.mark.asyncio
async def test_other_tasks_run_while_the_model_of_a_service_is_read(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its objects is made in Python, between two of which another thread may go on."""
    reading, seen = threading.Event(), threading.Event()
    beside: list[bool] = []
    made = clients._made

    def slow(members: list[tuple[str, Any]]) -> Any:
        reading.set()
        beside.append(seen.wait(PATIENCE))
        return made(members)

    async def watch() -> None:
        while not reading.is_set():
            await anyio.lowlevel.checkpoint()
        seen.set()

    stub.gateway = answers({"Accounts": [ACCOUNT]})
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        monkeypatch.setattr(clients, "_made", slow)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            page = await plane.send(ListAccounts(scope=there()))
    assert [each.id for each in page.items] == [MEMBER]
    assert beside
    assert all(beside)


@pytest.mark.parametrize(
    "service", ["account", "cloudformation", "cloudwatch", "ec2", "organizations", "ssm"]
)
def test_a_model_is_what_botocore_reads_itself(service: str) -> None:
    """Also the files beside it, and one that is not there."""
    stock = JSONFileLoader()
    loader = AioSession().get_component("data_loader")
    folder = Path(loader.BUILTIN_DATA_PATH, service, loader.determine_latest_version(service, "service-2"))
    for name in ("service-2", "endpoint-rule-set-1", "waiters-2", "nothing"):
        file = str(folder / name)
        assert clients._Models().exists(file) == stock.exists(file)
        assert clients._Models().load_file(file) == stock.load_file(file)


@pytest.mark.parametrize(
    ("stated", "spoken"),
    [
        (
            {"protocol": "smithy-rpc-v2-cbor", "protocols": ["smithy-rpc-v2-cbor", "json", "query"]},
            {"protocol": "query", "protocols": ["query"]},
        ),
        ({"protocol": "json", "protocols": ["json"]}, {"protocol": "json", "protocols": ["json"]}),
        ({"protocol": "ec2"}, {"protocol": "ec2"}),
    ],
)
def test_a_service_that_knows_the_query_protocol_is_spoken_to_in_it(
    stated: dict[str, object], spoken: dict[str, object], tmp_path: Path
) -> None:
    """As CloudWatch's in newer versions of botocore, which would speak CBOR to it."""
    (tmp_path / "service-2.json").write_text(json.dumps({"metadata": {**stated, "serviceId": "S"}}))
    read = clients._Models().load_file(str(tmp_path / "service-2"))
    assert read == {"metadata": {**spoken, "serviceId": "S"}}


def answers(body: object, status: int = 200) -> Answer:
    """An answer in JSON, which Organizations speaks: dates are numbers, a refusal names itself."""

    async def answer(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status,
            text=body if isinstance(body, str) else json.dumps(body),
            headers={"x-amzn-RequestId": "org-1"},
            content_type="application/x-amz-json-1.1",
        )

    return answer


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("region", "home"),
    [("eu-west-1", "us-east-1"), ("cn-north-1", "cn-northwest-1"), ("us-gov-east-1", "us-gov-west-1")],
)
async def test_organizations_is_signed_by_its_reader_for_the_home_of_the_partition(
    region: str, home: str, stub: Stub
) -> None:
    """Whichever account and role the scope has. `Paths` is read although botocore's model may not know it."""
    stub.gateway = answers({"Accounts": [ACCOUNT]})
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", role="Role") as plane:
        page = await plane.send(ListAccounts(scope=there(region)))
    (seen,) = stub.seen_by("organizations")
    assert (seen.key, seen.region) == (BASE_KEY, home)
    assert stub.assumed == []
    assert page.items[0].ou_ids == ("r-ab12", "ou-ab12-1")


@pytest.mark.asyncio
async def test_a_client_is_opened_when_its_service_is_asked_and_once(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    create = AioSession.create_client

    def create_client(self: AioSession, service: str, *args: Any, **kwargs: Any) -> Any:
        opened.append(service)
        return create(self, service, *args, **kwargs)

    monkeypatch.setattr(AioSession, "create_client", create_client)
    stub.gateway = answers({"Accounts": []})
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        assert sorted(opened) == ["apigateway", "sts"]
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(plane.send, ListAccounts(scope=there()))
    assert sorted(opened) == ["apigateway", "organizations", "sts"]


@pytest.mark.asyncio
async def test_a_variable_of_the_service_s_own_goes_before_the_address_for_all(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.gateway = answers({"Accounts": [ACCOUNT]})
    async with serving() as other:
        other.gateway = answers({"Accounts": []})
        monkeypatch.setenv("AWS_ENDPOINT_URL_ORGANIZATIONS", f"http://127.0.0.1:{other.port}")
        async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
            assert (await plane.send(ListAccounts(scope=there()))).items == ()
    monkeypatch.delenv("AWS_ENDPOINT_URL_ORGANIZATIONS")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{stub.port}")
    async with connect() as plane:
        assert len((await plane.send(ListAccounts(scope=there()))).items) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("service", ["ORGANIZATIONS", "ACCOUNT", "EC2", "CLOUDFORMATION"])
async def test_an_address_that_cannot_be_is_refused_at_the_start(
    service: str, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "localhost")
    with pytest.raises(UsageError, match=f"AWS_ENDPOINT_URL_{service}"):
        async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}"):
            pass


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "status", "kind", "why"),
    [
        (
            {"__type": "TooManyRequestsException", "Message": "Too many requests."},
            400,
            Throttled,
            "Too many requests",
        ),
        (
            {"__type": "TargetNotFoundException", "Message": "You specified a target that doesn't exist."},
            400,
            EntityNotFound,
            "a target that doesn't exist",
        ),
        (
            {"__type": "AccessDeniedException", "Message": "You don't have permissions."},
            400,
            AccessDenied,
            r"organizations:ListTagsForResource on \* was refused: .*iam-policy POLICY --organization",
        ),
        ("<html>Sign in</html>", 200, ServiceFailure, "not a JSON object"),
        ("[]", 200, ServiceFailure, "not a JSON object"),
        ("", 200, ServiceFailure, "it is empty"),
        ({"Tags": {}}, 200, ServiceFailure, "its Tags are no list"),
    ],
)
async def test_each_refusal_and_each_odd_answer_of_organizations_has_its_meaning(
    body: object, status: int, kind: type[Exception], why: str, stub: Stub
) -> None:
    stub.gateway = answers(body, status)
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        with pytest.raises(kind, match=why) as caught:
            await plane.send(ListTagsForResource(scope=there(), resource=MEMBER))
    assert type(caught.value) is kind
    assert caught.value.request_id == "org-1"  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_expired_keys_of_the_reader_are_renewed_once_or_rejected(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def expired(seen: Seen, request: web.Request) -> web.StreamResponse:
        refusal = answers(
            {"__type": "ExpiredTokenException", "Message": "The security token is expired"}, 400
        )
        return await (refusal if seen.key == BASE_KEY else answers({"Accounts": []}))(seen, request)

    stub.gateway = expired
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        paced = PacedControlPlane(plane)
        with pytest.raises(CredentialsRejected, match="renew them"):
            await paced.send(ListAccounts(scope=there()))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIARENEWED")
        assert (await paced.send(ListAccounts(scope=there()))).items == ()
    assert [s.key for s in stub.seen_by("organizations")] == [BASE_KEY, BASE_KEY, "AKIARENEWED"]


UNKNOWN = ("UnrecognizedClientException", 403, "The security token included is invalid.")


def off(*regions: str) -> Answer:
    """API Gateway, whose keys are not known in some regions."""

    async def answer(seen: Seen, _request: web.Request) -> web.StreamResponse:
        return api_error(*UNKNOWN) if seen.region in regions else api_answer(200, {"item": []})

    return answer


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("home", "asked"),
    [
        ("eu-west-1", "eu-west-1"),
        ("me-south-1", "us-east-1"),
        (None, "us-east-1"),
        ("cn-north-1", "us-east-1"),
    ],
)
async def test_a_region_that_does_not_know_good_keys_is_off(
    home: str | None, asked: str, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STS is asked about the keys after the region has rejected them: where it is asked for roles, too."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    stub.gateway = off("me-south-1")
    url = f"http://127.0.0.1:{stub.port}"
    async with connect(endpoint_url=url, role="Role", region=home) as plane:
        with pytest.raises(RegionOff, match="me-south-1 is not enabled for account 222222222222") as caught:
            await plane.send(GetRestApis(scope=there("me-south-1")))
        await plane.send(GetRestApis(scope=there("eu-west-1")))
    assert caught.value.code == "UnrecognizedClientException"
    (proof,) = [s for s in stub.seen_by("sts") if s.key == f"ASIA{MEMBER}x0"]
    assert (proof.form["Action"], proof.region) == ("GetCallerIdentity", asked)


@pytest.mark.asyncio
async def test_regions_that_reject_keys_that_nobody_knows_any_more_are_not_off(stub: Stub) -> None:
    """A key that is withdrawn in the middle of a run must not make every region look switched off."""
    stub.gateway = off("me-south-1", "eu-west-1")
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        await plane.current_account()

        async def withdrawn(_seen: Seen, _request: web.Request) -> web.StreamResponse:
            return sts_error("InvalidClientTokenId", 403, "The security token included is invalid.")

        stub.identity = withdrawn
        for region in ("me-south-1", "eu-west-1"):
            with pytest.raises(CredentialsRejected) as caught:
                await plane.send(GetRestApis(scope=there(region, BASE_ACCOUNT)))
            assert type(caught.value) is CredentialsRejected


@pytest.mark.asyncio
async def test_the_region_that_is_always_on_and_other_partitions_have_no_region_off(stub: Stub) -> None:
    stub.gateway = off("us-east-1", "cn-north-1")
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", role="Role") as plane:
        for region in ("us-east-1", "cn-north-1"):
            with pytest.raises(CredentialsRejected) as caught:
                await plane.send(GetRestApis(scope=there(region)))
            assert type(caught.value) is CredentialsRejected


@pytest.mark.asyncio
async def test_one_proof_does_for_all_regions_that_reject_the_same_keys_meanwhile(stub: Stub) -> None:
    """Twelve regions of an account are rejected together: a proof that began after that is good for all."""
    regions = [f"xx-test-{n}" for n in range(1, 13)]
    stub.gateway = off(*regions)

    async def slow(seen: Seen, _request: web.Request) -> web.StreamResponse:
        await anyio.sleep(0.1)
        return caller_identity(MEMBER if seen.key.startswith("ASIA") else BASE_ACCOUNT)

    stub.identity = slow
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", role="Role") as plane:
        await plane.send(GetRestApis(scope=there()))

        async def ask(region: str) -> None:
            with pytest.raises(RegionOff):
                await plane.send(GetRestApis(scope=there(region)))

        async with anyio.create_task_group() as tasks:
            for region in regions:
                tasks.start_soon(ask, region)
    proofs = [s for s in stub.seen_by("sts") if s.key.startswith("ASIA")]
    assert 1 <= len(proofs) <= 2
