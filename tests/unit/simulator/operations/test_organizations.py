"""AWS Organizations: lists by parent and by page, tags, who may ask, and the forms of its answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.organization.plan import AccountPlan, AnswerForm, OrganizationPlan
from batchgw.simulator.world.world import World, account_id

MANAGEMENT, TEAM, LEFT = account_id(0), account_id(1), account_id(30)

PLAN = OrganizationPlan(
    accounts=(
        AccountPlan(id=MANAGEMENT, name="management"),
        AccountPlan(id=TEAM, name="team one", ou=("Prod", "Pay/ments"), tags={"tier": "gold", "team": "a b"}),
        *(AccountPlan(id=account_id(n), name=f"n{n}", ou=("Prod",), state="CLOSED") for n in range(2, 30)),
        AccountPlan(id=LEFT, name="left", member=False),
    ),
    regions=("eu-west-1",),
    ous=(("Sandbox",),),
)


def service(plan: OrganizationPlan = PLAN, **form: Any) -> Service:
    return Service(World.organized(replace(plan, form=AnswerForm(**form))))


def ask(asked: Service, operation: str, *, by: str = MANAGEMENT, **params: Any) -> Any:
    return asked.dispatch(operation, by, "us-east-1", params).body


def pages(asked: Service, operation: str, key: str, **params: Any) -> Iterator[list[Any]]:
    token: dict[str, Any] = {}
    while True:
        body = ask(asked, operation, **params, **token)
        yield body[key]
        if "NextToken" not in body:
            return
        token = {"NextToken": body["NextToken"]}


def unit(asked: Service, *names: str) -> str:
    return asked.world.organization.tree.at(names).id


def fault(asked: Service, operation: str, *, by: str = MANAGEMENT, **params: Any) -> ServiceFault:
    with pytest.raises(ServiceFault) as caught:
        ask(asked, operation, by=by, **params)
    return caught.value


def test_the_tree_is_walked_from_the_root_down() -> None:
    asked = service()
    (root,) = ask(asked, "ListRoots")["Roots"]
    assert (root["Name"], root["Id"]) == ("Root", unit(asked))
    units = ask(asked, "ListOrganizationalUnitsForParent", ParentId=root["Id"])["OrganizationalUnits"]
    assert [u["Name"] for u in units] == ["Prod", "Sandbox"]
    (payments,) = ask(asked, "ListOrganizationalUnitsForParent", ParentId=units[0]["Id"])[
        "OrganizationalUnits"
    ]
    assert payments["Name"] == "Pay/ments"
    (account,) = ask(asked, "ListAccountsForParent", ParentId=payments["Id"])["Accounts"]
    assert (account["Id"], account["Name"]) == (TEAM, "team one")
    assert ask(asked, "ListAccountsForParent", ParentId=units[1]["Id"]) == {"Accounts": []}


def test_children_are_ids_of_one_kind() -> None:
    asked = service()
    prod = unit(asked, "Prod")
    assert ask(asked, "ListChildren", ParentId=prod, ChildType="ORGANIZATIONAL_UNIT")["Children"] == [
        {"Id": unit(asked, "Prod", "Pay/ments"), "Type": "ORGANIZATIONAL_UNIT"}
    ]
    accounts = [
        c for p in pages(asked, "ListChildren", "Children", ParentId=prod, ChildType="ACCOUNT") for c in p
    ]
    assert accounts == [{"Id": account_id(n), "Type": "ACCOUNT"} for n in range(2, 30)]


@pytest.mark.parametrize(
    ("empty_pages", "size", "lengths"),
    [
        (False, None, [20, 10]),
        (False, 16, [16, 14]),
        (True, None, [0, 20, 0, 10]),
        (True, 15, [0, 15, 0, 15]),
    ],
)
def test_an_empty_page_may_come_before_each(empty_pages: bool, size: int | None, lengths: list[int]) -> None:  # noqa: FBT001 - a table
    params = {} if size is None else {"MaxResults": size}
    found = list(pages(service(empty_pages=empty_pages), "ListAccounts", "Accounts", **params))
    assert [len(p) for p in found] == lengths
    assert [a["Id"] for p in found for a in p] == [account_id(n) for n in range(30)]


def test_an_empty_list_has_one_empty_page_and_no_token() -> None:
    asked = service(empty_pages=True)
    assert ask(asked, "ListAccountsForParent", ParentId=unit(asked, "Sandbox")) == {"Accounts": []}


def test_tags_are_those_of_the_account_and_ous_have_none() -> None:
    asked = service()
    assert ask(asked, "ListTagsForResource", ResourceId=TEAM) == {
        "Tags": [{"Key": "tier", "Value": "gold"}, {"Key": "team", "Value": "a b"}]
    }
    for other in (MANAGEMENT, unit(asked), unit(asked, "Prod")):
        assert ask(asked, "ListTagsForResource", ResourceId=other) == {"Tags": []}


@pytest.mark.parametrize(
    ("form", "state", "status"),
    [
        ({}, "CLOSED", "SUSPENDED"),
        ({"status": False}, "CLOSED", None),
        ({"state": False}, None, "SUSPENDED"),
        ({"state": False, "status": False}, None, None),
    ],
)
def test_state_and_status_may_each_be_absent(
    form: dict[str, Any], state: str | None, status: str | None
) -> None:
    asked = service(**form)
    account = ask(asked, "DescribeAccount", AccountId=account_id(2))["Account"]
    assert (account.get("State"), account.get("Status")) == (state, status)
    assert ("State" in account, "Status" in account) == (state is not None, status is not None)


@pytest.mark.parametrize("form", ["account", "parent", "none"])
def test_paths_end_with_the_account_or_its_ou_or_are_absent(form: str) -> None:
    asked = service(paths=form)
    ids = (
        "/".join(("o-batchgw0001", unit(asked), unit(asked, "Prod"), unit(asked, "Prod", "Pay/ments"))) + "/"
    )
    account = ask(asked, "DescribeAccount", AccountId=TEAM)["Account"]
    expected = {"account": [f"{ids}{TEAM}/"], "parent": [ids], "none": None}
    assert account.get("Paths") == expected[form]
    (payments,) = ask(asked, "ListOrganizationalUnitsForParent", ParentId=unit(asked, "Prod"))[
        "OrganizationalUnits"
    ]
    assert payments.get("Path") == (None if form == "none" else ids)


LISTS: dict[str, dict[str, Any]] = {
    "ListAccounts": {},
    "ListRoots": {},
    "ListOrganizationalUnitsForParent": {"ParentId": "r-abcd"},
    "ListAccountsForParent": {"ParentId": "r-abcd"},
    "ListChildren": {"ParentId": "r-abcd", "ChildType": "ACCOUNT"},
    "ListTagsForResource": {"ResourceId": TEAM},
    "DescribeAccount": {"AccountId": TEAM},
}


@pytest.mark.parametrize("operation", LISTS)
def test_only_administrators_may_ask(operation: str) -> None:
    refused = fault(service(), operation, by=TEAM, **LISTS[operation])
    assert (refused.code, refused.status) == ("AccessDeniedException", 400)
    delegated = service(replace(PLAN, delegated=frozenset({TEAM})))
    params = {**LISTS[operation], **({"ParentId": unit(delegated)} if "ParentId" in LISTS[operation] else {})}
    assert ask(delegated, operation, by=TEAM, **params) == ask(delegated, operation, **params)


@pytest.mark.parametrize("operation", [*LISTS, "DescribeOrganization"])
def test_who_is_no_member_has_no_organisation(operation: str) -> None:
    refused = fault(service(), operation, by=LEFT, **LISTS.get(operation, {}))
    assert (refused.code, refused.status) == ("AWSOrganizationsNotInUseException", 400)


@pytest.mark.parametrize(
    ("operation", "params", "code", "reason"),
    [
        ("ListAccounts", {"MaxResults": 21}, "InvalidInputException", "MAX_VALUE_EXCEEDED"),
        ("ListAccounts", {"MaxResults": 0}, "InvalidInputException", "MIN_VALUE_EXCEEDED"),
        ("ListAccounts", {"NextToken": "?"}, "InvalidInputException", "INVALID_NEXT_TOKEN"),
        ("ListAccounts", {"NextToken": "MjAvbm8="}, "InvalidInputException", "INVALID_NEXT_TOKEN"),
        ("ListAccounts", {"NextToken": "LTE="}, "InvalidInputException", "INVALID_NEXT_TOKEN"),
        ("ListAccountsForParent", {}, "InvalidInputException", "INPUT_REQUIRED"),
        ("ListAccountsForParent", {"ParentId": "Prod"}, "InvalidInputException", "INVALID_PATTERN"),
        ("ListAccountsForParent", {"ParentId": "r-zzzz"}, "ParentNotFoundException", None),
        ("ListChildren", {"ParentId": "r-zzzz", "ChildType": "OU"}, "ParentNotFoundException", None),
        ("ListTagsForResource", {"ResourceId": LEFT}, "TargetNotFoundException", None),
        ("DescribeAccount", {"AccountId": LEFT}, "AccountNotFoundException", None),
        ("DescribeAccount", {"AccountId": "team"}, "InvalidInputException", "INVALID_PATTERN"),
    ],
)
def test_refusals_are_those_of_the_service_model(
    operation: str, params: dict[str, Any], code: str, reason: str | None
) -> None:
    refused = fault(service(), operation, **params)
    assert (refused.code, refused.status, refused.members.get("Reason")) == (code, 400, reason)


def test_children_of_no_kind_are_refused() -> None:
    asked = service()
    refused = fault(asked, "ListChildren", ParentId=unit(asked), ChildType="OU")
    assert (refused.code, refused.members["Reason"]) == ("InvalidInputException", "INVALID_ENUM")


def test_the_management_account_need_not_be_the_first() -> None:
    asked = service(replace(PLAN, management=TEAM))
    described = ask(asked, "DescribeOrganization")["Organization"]
    assert (described["MasterAccountId"], described["Id"]) == (TEAM, "o-batchgw0001")
    assert len(ask(asked, "ListAccounts", by=TEAM)["Accounts"]) == 20
    assert fault(asked, "ListAccounts", by=MANAGEMENT).code == "AccessDeniedException"
