"""Keys, roles and the organisation."""

from __future__ import annotations

from typing import Any

import pytest

from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.keys import Key, KeyRing, RoleSession
from batchgw.simulator.world.organization.changes import ChangeState
from batchgw.simulator.world.organization.states import AccountState
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World

NOW = 1_800_000_000.0
FIRST, SECOND = "111111111111", "222222222222"
ROLE = f"arn:aws:iam::{SECOND}:role/OrganizationBatchgw"


def service(trust: Trust | None = None, *, accounts: int = 2) -> Service:
    world = World.generate(apis=0, accounts=accounts, regions=1)
    return Service(world, now=lambda: NOW, trust=trust)


def assume(asked: Service, *, by: Key | None = None, **params: object) -> Any:
    return asked.dispatch(
        "AssumeRole",
        FIRST,
        "eu-west-1",
        {"RoleArn": ROLE, "RoleSessionName": "batchgw-run1", **params},
        caller=by,
    ).body


def refusal(asked: Service, params: dict[str, object], *, by: Key | None = None) -> ServiceFault:
    with pytest.raises(ServiceFault) as caught:
        asked.dispatch(
            "AssumeRole",
            FIRST,
            "eu-west-1",
            {"RoleArn": ROLE, "RoleSessionName": "batchgw-run1", **params},
            caller=by,
        )
    return caught.value


def test_every_account_has_its_key_and_the_seed_decides_it() -> None:
    one, two, other = (KeyRing([FIRST, SECOND], seed=s) for s in (7, 7, 8))
    key = one.long_term(FIRST)
    assert key == two.long_term(FIRST)
    others = (one.long_term(SECOND), other.long_term(FIRST))
    assert key.secret_access_key not in {k.secret_access_key for k in others}
    assert key.access_key_id not in {k.access_key_id for k in others}
    assert (key.access_key_id[:4], len(key.access_key_id), len(key.secret_access_key)) == ("AKIA", 20, 40)
    assert one.find(key.access_key_id) is key
    assert one.find("AKIAUNKNOWN") is None


def test_an_assumed_role_is_somebody_in_the_other_account() -> None:
    asked = service()
    answer = assume(asked, DurationSeconds=900)
    credentials = answer["Credentials"]
    key = asked.world.keys.find(credentials["AccessKeyId"])
    assert key is not None
    assert (key.account, key.expires, key.assumed_role) == (SECOND, NOW + 900, True)
    assert credentials["SessionToken"] == key.session_token
    assert credentials["SecretAccessKey"] == key.secret_access_key
    assert credentials["Expiration"] == NOW + 900
    assert answer["AssumedRoleUser"]["Arn"] == (
        f"arn:aws:sts::{SECOND}:assumed-role/OrganizationBatchgw/batchgw-run1"
    )
    who = asked.dispatch("GetCallerIdentity", key.account, "eu-west-1", {}, caller=key).body
    assert who == {"UserId": key.user_id, "Account": SECOND, "Arn": key.arn}


def test_credentials_live_for_an_hour_unless_said_otherwise() -> None:
    assert assume(service())["Credentials"]["Expiration"] == NOW + 3600
    assert assume(service(Trust(session=20)))["Credentials"]["Expiration"] == NOW + 20


def test_two_sessions_have_two_keys() -> None:
    asked = service()
    assert assume(asked)["Credentials"]["AccessKeyId"] != assume(asked)["Credentials"]["AccessKeyId"]


@pytest.mark.parametrize(
    ("trust", "params"),
    [
        (Trust(roles=frozenset({"Other"})), {}),
        (Trust(refused=frozenset({SECOND})), {}),
        (Trust(external_ids={"OrganizationBatchgw": "secret"}), {}),
        (Trust(external_ids={"OrganizationBatchgw": "secret"}), {"ExternalId": "wrong"}),
        (Trust(), {"RoleArn": "arn:aws:iam::999999999999:role/OrganizationBatchgw"}),
    ],
)
def test_roles_that_cannot_be_assumed(trust: Trust, params: dict[str, object]) -> None:
    found = refusal(service(trust), params)
    assert (found.code, found.status) == ("AccessDenied", 403)
    assert found.message == (
        f"User: arn:aws:iam::{FIRST}:user/batchgw is not authorized to perform: sts:AssumeRole "
        f"on resource: {params.get('RoleArn', ROLE)}"
    )


@pytest.mark.parametrize(
    ("state", "opens"),
    [
        ("ACTIVE", True),
        ("PENDING_CLOSURE", True),
        ("PENDING_ACTIVATION", False),
        ("SUSPENDED", False),
        ("CLOSED", False),
    ],
)
def test_no_role_opens_in_an_account_that_is_not_in_use(state: AccountState, opens: bool) -> None:  # noqa: FBT001 - a table
    asked = service()
    asked.world.organization.change(ChangeState(account=SECOND, state=state))
    if opens:
        assert assume(asked)["Credentials"]
    else:
        assert refusal(asked, {}).code == "AccessDenied"


def test_the_right_external_id_opens() -> None:
    trust = Trust(external_ids={"OrganizationBatchgw": "secret"})
    assert assume(service(trust), ExternalId="secret")["Credentials"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"RoleArn": "OrganizationBatchgw"}, "OrganizationBatchgw is invalid"),
        ({"RoleSessionName": "a b"}, "Value 'a b' at 'roleSessionName' failed to satisfy constraint"),
        ({"DurationSeconds": 899}, "Member must have value greater than or equal to 900"),
        ({"DurationSeconds": 43201}, "Member must have value less than or equal to 43200"),
    ],
)
def test_requests_sts_does_not_understand(params: dict[str, object], message: str) -> None:
    found = refusal(service(), params)
    assert (found.code, found.status) == ("ValidationError", 400)
    assert message in found.message


def test_a_role_that_assumes_another_gets_an_hour_at_most() -> None:
    asked = service()
    chained = asked.world.keys.find(assume(asked)["Credentials"]["AccessKeyId"])
    assert assume(asked, by=chained, DurationSeconds=3600)["Credentials"]["Expiration"] == NOW + 3600
    assert "1 hour session limit" in refusal(asked, {"DurationSeconds": 3601}, by=chained).message


def test_keys_long_expired_are_forgotten() -> None:
    ring = KeyRing([FIRST])

    def issue(now: float) -> Key:
        session = RoleSession(role="R", name="s", role_arn=f"arn:aws:iam::{FIRST}:role/R")
        return ring.issue(account=FIRST, session=session, expires=now + 900, now=now)

    old = issue(0)
    issue(900 + 3600)
    assert ring.find(old.access_key_id) is old
    issue(900 + 3601)
    assert ring.find(old.access_key_id) is None
    assert ring.find(ring.long_term(FIRST).access_key_id) is not None


def test_accounts_come_twenty_a_page_to_the_management_account() -> None:
    world = World(
        accounts=[f"{n:012d}" for n in range(1, 46)],
        regions=["eu-west-1"],
        account_status={"000000000002": "SUSPENDED"},
    )
    asked = Service(world)
    pages: list[Any] = []
    token: dict[str, object] = {}
    while True:
        page: Any = asked.dispatch("ListAccounts", "000000000001", "us-east-1", token).body
        pages.append(page["Accounts"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert [len(p) for p in pages] == [20, 20, 5]
    assert [a["Id"] for p in pages for a in p] == list(world.accounts)
    assert [(a["Status"], a["State"]) for a in pages[0][:3]] == [
        ("ACTIVE", "ACTIVE"),
        ("SUSPENDED", "SUSPENDED"),
        ("ACTIVE", "ACTIVE"),
    ]


@pytest.mark.parametrize(("accounts", "pages"), [(1, [1]), (20, [20]), (40, [20, 20])])
def test_a_full_page_is_followed_only_when_there_is_more(accounts: int, pages: list[int]) -> None:
    asked = service(accounts=accounts)
    sizes: list[int] = []
    token = None
    while not sizes or token is not None:
        given: dict[str, object] = {} if token is None else {"NextToken": token}
        page: Any = asked.dispatch("ListAccounts", FIRST, "us-east-1", given).body
        sizes.append(len(page["Accounts"]))
        token = page.get("NextToken")
    assert sizes == pages


def test_fewer_accounts_a_page_can_be_asked_for() -> None:
    page: Any = service(accounts=5).dispatch("ListAccounts", FIRST, "us-east-1", {"MaxResults": 2}).body
    assert len(page["Accounts"]) == 2


def test_other_accounts_may_not_list_but_know_their_organisation() -> None:
    asked = service()
    with pytest.raises(ServiceFault, match="AccessDeniedException"):
        asked.dispatch("ListAccounts", SECOND, "us-east-1", {})
    described: Any = asked.dispatch("DescribeOrganization", SECOND, "us-east-1", {}).body
    assert described["Organization"]["MasterAccountId"] == FIRST
