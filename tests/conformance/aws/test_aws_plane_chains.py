"""Chains of roles over HTTP: who assumes which link, with what, how often, and what a refusal says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
import pytest_asyncio
from aiohttp import web

from batchgw.control_plane.aws import Access, AwsControlPlane, connect
from batchgw.control_plane.operations import GetRestApis
from batchgw.control_plane.operations.organizations import ListAccounts
from batchgw.errors import CredentialsExpired, CredentialsUnavailable
from batchgw.events import CredentialsRefreshed, Event, ReachedDirectly
from batchgw.model import AccountId, Region, RoleLink, Scope
from tests.conformance.aws.stub import (
    BASE_ACCOUNT,
    BASE_KEY,
    Seen,
    Stub,
    api_answer,
    api_error,
    assumed,
    only_test_configuration,
    serving,
    sts_error,
)

pytestmark = [pytest.mark.usefixtures("each_way"), pytest.mark.asyncio]

HUB, SPOKE = "111111111111", "333333333333"
ACCOUNTS = [f"{number:012}" for number in range(400, 420)]
CHAIN = (
    RoleLink(
        role=f"arn:aws:iam::{HUB}:role/Hub",
        external_id="hub-7",
        session_tags={"team": "edge", "cost centre": "42"},
        source_identity="alice",
    ),
    RoleLink(role=f"arn:*:iam::{SPOKE}:role/path/Spoke"),
)


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as running:
        yield running


class Told:
    """An observer that keeps all events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)


def scope(account: str = ACCOUNTS[0], region: str = "eu-west-1") -> Scope:
    return Scope(account=AccountId(account), region=Region(region))


def opened(stub: Stub, **options: Any) -> Any:
    return connect(endpoint_url=f"http://127.0.0.1:{stub.port}", **{"role": "Batchgw", **options})


async def listed(plane: AwsControlPlane, *scopes: Scope) -> None:
    async with anyio.create_task_group() as tasks:
        for each in scopes:
            tasks.start_soon(plane.send, GetRestApis(scope=each))


def link(seen: Seen) -> tuple[str, str]:
    """Who has assumed whom."""
    return seen.key, seen.form["RoleArn"]


async def test_links_before_the_last_are_assumed_once_and_the_last_one_in_each_account(stub: Stub) -> None:
    told = Told()
    async with opened(stub, roles=CHAIN, external_id="last-7", observer=told) as plane:
        regions = ("eu-west-1", "us-east-1")
        await listed(plane, *(scope(account, region) for account in ACCOUNTS for region in regions))
    hub, spoke, *last = stub.assumed
    assert link(hub) == (BASE_KEY, f"arn:aws:iam::{HUB}:role/Hub")
    assert link(spoke) == (f"ASIA{HUB}x0", f"arn:aws:iam::{SPOKE}:role/path/Spoke")
    assert sorted(map(link, last)) == [
        (f"ASIA{SPOKE}x0", f"arn:aws:iam::{account}:role/Batchgw") for account in ACCOUNTS
    ]
    calls = Counter(seen.key for seen in stub.seen_by("apigateway"))
    assert calls == {f"ASIA{account}x0": 2 for account in ACCOUNTS}
    refreshed = [each.account for each in told.events if isinstance(each, CredentialsRefreshed)]
    assert sorted(refreshed) == sorted([HUB, SPOKE, *ACCOUNTS])


async def test_each_link_is_asked_for_with_what_is_its_own(stub: Stub) -> None:
    async with opened(
        stub, roles=CHAIN, external_id="last-7", session_tags={"wave": "1"}, session_name="run 42"
    ) as plane:
        await listed(plane, scope())
    hub, spoke, last = ({**seen.form, "Version": ""} for seen in stub.assumed)
    common = {"Action": "AssumeRole", "Version": "", "RoleSessionName": "run-42"}
    assert hub == {
        **common,
        "RoleArn": f"arn:aws:iam::{HUB}:role/Hub",
        "ExternalId": "hub-7",
        "SourceIdentity": "alice",
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "edge",
        "Tags.member.2.Key": "cost centre",
        "Tags.member.2.Value": "42",
        "TransitiveTagKeys.member.1": "team",
        "TransitiveTagKeys.member.2": "cost centre",
    }
    assert spoke == {**common, "RoleArn": f"arn:aws:iam::{SPOKE}:role/path/Spoke"}
    assert last == {
        **common,
        "RoleArn": f"arn:aws:iam::{ACCOUNTS[0]}:role/Batchgw",
        "ExternalId": "last-7",
        "Tags.member.1.Key": "wave",
        "Tags.member.1.Value": "1",
        "TransitiveTagKeys.member.1": "wave",
    }


async def test_no_link_asks_for_more_than_the_hour_that_a_chain_can_have(stub: Stub) -> None:
    async with opened(stub, roles=CHAIN) as plane:
        await listed(plane, scope())
    assert all("DurationSeconds" not in seen.form for seen in stub.assumed), "an hour is STS's default"


async def test_a_name_in_the_middle_is_a_role_of_the_account_that_assumes_it(stub: Stub) -> None:
    """The first is in the account of the base credentials, the second in that of the first."""
    roles = (RoleLink(role="First"), CHAIN[0], RoleLink(role="Second"))
    async with opened(stub, roles=roles) as plane:
        await listed(plane, scope())
    assert [seen.form["RoleArn"] for seen in stub.assumed] == [
        f"arn:aws:iam::{BASE_ACCOUNT}:role/First",
        f"arn:aws:iam::{HUB}:role/Hub",
        f"arn:aws:iam::{HUB}:role/Second",
        f"arn:aws:iam::{ACCOUNTS[0]}:role/Batchgw",
    ]


async def test_without_a_role_of_its_own_the_last_of_the_roles_is_the_one_of_each_account(
    stub: Stub,
) -> None:
    async with opened(stub, role=None, roles=(CHAIN[0], RoleLink(role="Each"))) as plane:
        await listed(plane, scope(ACCOUNTS[0]), scope(ACCOUNTS[1]))
    hub, *last = [seen.form["RoleArn"] for seen in stub.assumed]
    assert hub == f"arn:aws:iam::{HUB}:role/Hub"
    assert sorted(last) == [f"arn:aws:iam::{account}:role/Each" for account in ACCOUNTS[:2]]


async def test_the_account_of_the_base_credentials_is_reached_without_the_chain_and_that_is_told(
    stub: Stub,
) -> None:
    told = Told()
    async with opened(stub, roles=CHAIN, access=Access.READ, observer=told) as plane:
        await listed(plane, scope(BASE_ACCOUNT))
        await listed(plane, scope(BASE_ACCOUNT))
    assert stub.assumed == []
    assert told.events == [ReachedDirectly(account=BASE_ACCOUNT, role="Batchgw", narrowed=True)]


async def test_only_the_last_link_is_narrowed_because_the_others_must_assume_roles(stub: Stub) -> None:
    async with opened(stub, roles=CHAIN, access=Access.READ) as plane:
        await listed(plane, scope())
    hub, spoke, last = stub.assumed
    assert "Policy" not in {**hub.form, **spoke.form}
    statements = json.loads(last.form["Policy"])["Statement"]
    assert sorted(action for each in statements for action in each["Action"]) == [
        "account:ListRegions",
        "apigateway:GET",
        "cloudformation:DescribeStackResources",
        "ec2:DescribeRegions",
    ]


async def test_the_session_policy_is_of_the_scope_s_partition(stub: Stub) -> None:
    async with opened(stub, access=Access.WRITE) as plane:
        await listed(plane, scope(region="us-gov-west-1"))
    (asked,) = stub.assumed
    assert re.findall(r"arn:([\w-]+):apigateway", asked.form["Policy"]) == ["aws-us-gov"] * 2


async def test_without_an_access_the_role_keeps_all_its_rights(stub: Stub) -> None:
    async with opened(stub) as plane:
        await listed(plane, scope())
    assert ["Policy" in seen.form for seen in stub.assumed] == [False]


async def test_a_function_names_each_session_when_it_is_assumed(stub: Stub) -> None:
    names = iter(["before", "run-1", "run-2"])
    async with opened(stub, session_name=lambda: next(names)) as plane:
        for account in ACCOUNTS[:3]:
            await listed(plane, scope(account))
    assert [seen.form["RoleSessionName"] for seen in stub.assumed] == ["before", "run-1", "run-2"]


async def organizations(seen: Seen, _request: web.Request) -> web.StreamResponse:
    account = BASE_ACCOUNT if seen.key == BASE_KEY else seen.key[4:16]
    return api_answer(200, {"Accounts": [{"Id": account, "Name": "n", "State": "ACTIVE"}]})


async def test_the_organisation_is_read_by_a_chain_of_its_own_which_can_do_nothing_else(stub: Stub) -> None:
    stub.gateway = organizations
    chain = (CHAIN[0], RoleLink(role="Reader", external_id="reader-7"))
    async with opened(stub, organization_roles=chain, access=Access.WRITE) as plane:
        for region in ("eu-west-1", "us-east-1"):
            page = await plane.send(ListAccounts(scope=scope(ACCOUNTS[0], region)))
            assert [each.id for each in page.items] == [HUB], "its keys answer for whichever scope"
    hub, reader = stub.assumed
    assert link(hub) == (BASE_KEY, f"arn:aws:iam::{HUB}:role/Hub")
    assert link(reader) == (f"ASIA{HUB}x0", f"arn:aws:iam::{HUB}:role/Reader")
    assert (reader.form["ExternalId"], "Policy" in hub.form) == ("reader-7", False)
    assert [each["Action"] for each in json.loads(reader.form["Policy"])["Statement"]] == [
        ["account:ListRegions", "organizations:Describe*", "organizations:List*"]
    ]


async def test_without_a_chain_of_its_own_the_base_credentials_read_the_organisation(stub: Stub) -> None:
    stub.gateway = organizations
    async with opened(stub, roles=CHAIN) as plane:
        await plane.send(ListAccounts(scope=scope()))
    assert stub.assumed == []
    assert [seen.key for seen in stub.seen_by("organizations")] == [BASE_KEY]


async def test_a_reader_that_cannot_be_assumed_is_named_by_its_link(stub: Stub) -> None:
    stub.sts = refusing(
        "Reader", lambda: sts_error("AccessDenied", 403, DENIED.format(action="sts:AssumeRole"))
    )
    async with opened(stub, organization_roles=(CHAIN[0], RoleLink(role="Reader"))) as plane:
        with pytest.raises(CredentialsUnavailable, match=r"role/Reader in account .* \(link 2 of 2"):
            await plane.send(ListAccounts(scope=scope()))


def refusing(role: str, error: Callable[[], web.Response]) -> Callable[..., Awaitable[web.StreamResponse]]:
    """An STS that refuses one role."""

    async def answer(seen: Seen, _request: web.Request) -> web.StreamResponse:
        arn = seen.form["RoleArn"]
        return error() if arn.endswith(f"/{role}") else assumed(arn.split(":")[4])

    return answer


DENIED = "User: arn:aws:iam::000000000001:user/test is not authorized to perform: {action} on resource: arn"

TOO_LARGE = "Packed policy consumes 120% of allotted space, please use smaller policy."

REFUSALS = {
    DENIED.format(action="sts:AssumeRole"): "its trust policy must name this identity",
    DENIED.format(action="sts:TagSession"): "need sts:TagSession beside sts:AssumeRole",
    DENIED.format(action="sts:SetSourceIdentity"): "need sts:SetSourceIdentity beside sts:AssumeRole",
    TOO_LARGE: "are more than STS takes together: give fewer or shorter session tags",
}
"""What STS says, and what batchgw adds."""


@pytest.mark.parametrize(("message", "advice"), REFUSALS.items())
@pytest.mark.parametrize(
    ("role", "place"),
    [
        ("Hub", f"in account {HUB} (link 1 of 3 of the chain)"),
        ("Spoke", f"in account {SPOKE} (link 2 of 3 of the chain)"),
        ("Batchgw", f"in account {ACCOUNTS[0]} (link 3 of 3 of the chain)"),
    ],
)
async def test_a_refused_link_is_named_by_its_place_with_the_reason_and_advice(
    stub: Stub, role: str, place: str, message: str, advice: str
) -> None:
    code, status = ("PackedPolicyTooLarge", 400) if message is TOO_LARGE else ("AccessDenied", 403)
    stub.sts = refusing(role, lambda: sts_error(code, status, message))
    async with opened(stub, roles=CHAIN) as plane:
        with pytest.raises(CredentialsUnavailable, match=r"^cannot assume arn:aws:iam::") as caught:
            await plane.send(GetRestApis(scope=scope()))
    said = str(caught.value)
    assert f"/{role} {place}: {message.rstrip('.')}" in said
    assert advice in said
    assert caught.value.code == code
    assert "hub-7" not in said


async def test_a_refused_account_costs_the_others_nothing(stub: Stub) -> None:
    async def answer(seen: Seen, _request: web.Request) -> web.StreamResponse:
        account = seen.form["RoleArn"].split(":")[4]
        if account == ACCOUNTS[1]:
            return sts_error("AccessDenied", 403, DENIED.format(action="sts:AssumeRole"))
        return assumed(account)

    stub.sts = answer
    async with opened(stub, roles=CHAIN) as plane:
        with pytest.raises(CredentialsUnavailable, match="link 3 of 3"):
            await plane.send(GetRestApis(scope=scope(ACCOUNTS[1])))
        await listed(plane, *(scope(account) for account in ACCOUNTS if account != ACCOUNTS[1]))
    assert len(stub.seen_by("apigateway")) == len(ACCOUNTS) - 1


async def test_a_link_whose_keys_expire_early_is_assumed_again_and_the_next_one_with_it(stub: Stub) -> None:
    """Sessions can be revoked. Then STS says of the hub's keys that they have expired, at another account."""
    hubs: list[Seen] = []

    async def answer(seen: Seen, _request: web.Request) -> web.StreamResponse:
        account = seen.form["RoleArn"].split(":")[4]
        if account == HUB:
            hubs.append(seen)
            return assumed(HUB, serial=len(hubs))
        if seen.key == f"ASIA{HUB}x1" and account == ACCOUNTS[1]:
            return sts_error(
                "ExpiredTokenException", 400, "The security token included in the request is expired"
            )
        return assumed(account)

    stub.sts = answer
    async with opened(stub, roles=CHAIN[:1]) as plane:
        await listed(plane, scope(ACCOUNTS[0]))
        await listed(plane, scope(ACCOUNTS[1]))
    assert len(hubs) == 2
    assert [seen.key for seen in stub.assumed if seen.form["RoleArn"].split(":")[4] == ACCOUNTS[1]] == [
        f"ASIA{HUB}x1",
        f"ASIA{HUB}x2",
    ]


async def test_expired_keys_of_the_last_link_leave_the_links_before_it_alone(stub: Stub) -> None:
    async def answer(seen: Seen, _request: web.Request) -> web.StreamResponse:
        if seen.key == f"ASIA{ACCOUNTS[0]}x3":
            return api_error(
                "ExpiredTokenException", 403, "The security token included in the request is expired"
            )
        return api_answer(200, {"item": []})

    async def sts(seen: Seen, _request: web.Request) -> web.StreamResponse:
        return assumed(seen.form["RoleArn"].split(":")[4], serial=len(stub.assumed))

    stub.gateway, stub.sts = answer, sts
    async with opened(stub, roles=CHAIN) as plane:
        with pytest.raises(CredentialsExpired):
            await plane.send(GetRestApis(scope=scope()))
        await plane.send(GetRestApis(scope=scope()))
    assert [seen.form["RoleArn"].rpartition("/")[2] for seen in stub.assumed] == [
        "Hub",
        "Spoke",
        "Batchgw",
        "Batchgw",
    ]


async def test_a_chain_that_cannot_be_is_refused_before_anything_is_sent(stub: Stub) -> None:
    with pytest.raises(Exception, match=r"link 1 of 2 of the chain.*external id") as caught:
        async with opened(stub, roles=(RoleLink(role="Hub", external_id="no spaces"),)):
            pass
    assert "no spaces" not in str(caught.value)
    assert stub.seen == []
