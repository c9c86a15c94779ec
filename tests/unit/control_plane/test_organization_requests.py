"""What Organizations is asked in boto3's words, and what is made of its answers."""

from __future__ import annotations

from typing import Any

import pytest

from batchgw.control_plane.interface import AWS, Request
from batchgw.control_plane.operations.listing import Page
from batchgw.control_plane.operations.organizations import (
    DescribeOrganization,
    ListAccounts,
    ListAccountsForParent,
    ListOrganizationalUnitsForParent,
    ListRoots,
    ListTagsForResource,
    Organization,
    Unit,
)
from batchgw.errors import ServiceFailure
from batchgw.model import AccountId, Region, Scope
from batchgw.model.fleet.organization import Account

HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
MEMBER = AccountId("222222222222")
SIGNED = {"ResponseMetadata": {"RequestId": "r-1"}}


@pytest.mark.parametrize(
    ("request_", "method", "params"),
    [
        (ListAccounts(scope=HERE), "list_accounts", {"MaxResults": 20}),
        (ListAccounts(scope=HERE, token="t"), "list_accounts", {"MaxResults": 20, "NextToken": "t"}),
        (ListRoots(scope=HERE), "list_roots", {"MaxResults": 20}),
        (
            ListOrganizationalUnitsForParent(scope=HERE, parent="r-ab12"),
            "list_organizational_units_for_parent",
            {"ParentId": "r-ab12", "MaxResults": 20},
        ),
        (
            ListAccountsForParent(scope=HERE, parent="ou-ab12-11111111", token="t"),
            "list_accounts_for_parent",
            {"ParentId": "ou-ab12-11111111", "MaxResults": 20, "NextToken": "t"},
        ),
        (
            ListTagsForResource(scope=HERE, resource=MEMBER),
            "list_tags_for_resource",
            {"ResourceId": MEMBER},
        ),
        (DescribeOrganization(scope=HERE), "describe_organization", {}),
    ],
)
def test_each_request_is_the_keyword_arguments_of_the_boto3_call(
    request_: Request[object], method: str, params: dict[str, Any]
) -> None:
    assert (request_.operation.method, request_.params()) == (method, params)
    assert (request_.operation.service, request_.credentials) == ("organizations", "organization")


def accounts(*items: object) -> Page[Account]:
    return ListAccounts(scope=HERE).read({"Accounts": list(items)}, AWS)


def account(**members: object) -> Account:
    return accounts({"Id": MEMBER, "Name": "payments", "State": "ACTIVE", **members}).items[0]


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ({"State": "SUSPENDED", "Status": "ACTIVE"}, "SUSPENDED"),
        ({"State": "PENDING_ACTIVATION"}, "PENDING_ACTIVATION"),
        ({"State": None, "Status": "PENDING_CLOSURE"}, "PENDING_CLOSURE"),
        ({"State": "HIBERNATING"}, "HIBERNATING"),
    ],
)
def test_the_state_goes_before_the_status_which_counts_only_alone(
    members: dict[str, str | None], state: str
) -> None:
    assert account(**members).state == state


@pytest.mark.parametrize(
    ("paths", "ou_ids"),
    [
        (["o-abc/r-ab12/"], ("r-ab12",)),
        (["o-abc/r-ab12/ou-ab12-1/ou-ab12-2/"], ("r-ab12", "ou-ab12-1", "ou-ab12-2")),
        ([f"o-abc/r-ab12/ou-ab12-1/{MEMBER}/"], ("r-ab12", "ou-ab12-1")),
        ([], ()),
        (None, ()),
    ],
)
def test_an_account_is_where_its_path_says_with_or_without_its_own_id(
    paths: list[str] | None, ou_ids: tuple[str, ...]
) -> None:
    assert account(Paths=paths) == Account(id=MEMBER, name="payments", ou_ids=ou_ids)


def test_an_empty_page_may_have_a_token_and_the_last_one_has_none() -> None:
    request = ListAccounts(scope=HERE)
    assert request.read({"Accounts": [], "NextToken": "t"}, AWS) == Page(items=(), token="t")
    assert request.read(SIGNED, AWS) == Page(items=())
    with pytest.raises(ServiceFailure, match="x-amzn-RequestId"):
        request.read({}, AWS)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("222222222222", "no JSON object"),
        ({"Id": "2222", "State": "ACTIVE"}, "the id of an account"),
        ({"Id": MEMBER, "Name": "payments"}, f"in which state account {MEMBER} is"),
        ({"Id": MEMBER, "State": "ACTIVE", "Name": "\ud800"}, "the name of account 222222222222"),
        ({"Id": MEMBER, "State": "ACTIVE", "Paths": "o-abc/r-ab12/"}, "no list"),
        ({"Id": MEMBER, "State": "ACTIVE", "Paths": ["o-abc"]}, "not one of an organisation"),
        ({"Id": MEMBER, "State": "ACTIVE", "Paths": ["o-abc/r-ab12/x"]}, "not one of an organisation"),
    ],
)
def test_an_account_that_cannot_be_makes_the_page_unreadable(item: object, why: str) -> None:
    """To leave the account out would lose it without a word."""
    with pytest.raises(ServiceFailure, match=why):
        accounts(item)


def test_roots_and_ous_are_read_by_id_and_name() -> None:
    """Where they are is known already, whatever `Path` says."""
    units = ListOrganizationalUnitsForParent(scope=HERE, parent="r-ab12").read(
        {
            "OrganizationalUnits": [
                {"Id": "ou-ab12-1", "Name": "Pay/ments", "Path": "/Pay/ments/"},
                {"Id": "ou-ab12-2", "Name": "Prod"},
            ]
        },
        AWS,
    )
    assert units.items == (
        Unit(id="ou-ab12-1", name="Pay/ments"),
        Unit(id="ou-ab12-2", name="Prod"),
    )
    roots = ListRoots(scope=HERE).read({"Roots": [{"Id": "r-ab12", "Name": "Root"}]}, AWS)
    assert roots.items == (Unit(id="r-ab12", name="Root"),)
    with pytest.raises(ServiceFailure, match="id of an OU or root"):
        ListRoots(scope=HERE).read({"Roots": [{"Id": "x-1", "Name": "Root"}]}, AWS)


def test_tags_are_pairs_and_a_tag_may_have_no_value() -> None:
    request = ListTagsForResource(scope=HERE, resource=MEMBER)
    page = request.read({"Tags": [{"Key": "tier", "Value": "gold"}, {"Key": "x"}], "NextToken": "t"}, AWS)
    assert page == Page(items=(("tier", "gold"), ("x", "")), token="t")
    with pytest.raises(ServiceFailure, match="a tag in it"):
        request.read({"Tags": [{"Value": "gold"}]}, AWS)


def test_an_organisation_is_its_id_and_its_management_account() -> None:
    request = DescribeOrganization(scope=HERE)
    found = {"Id": "o-abc", "MasterAccountId": "111111111111"}
    assert request.read({"Organization": found}, AWS) == Organization(
        id="o-abc", management_account=AccountId("111111111111")
    )
    for answer in ({}, {"Organization": {"Id": "o-abc"}}):
        with pytest.raises(ServiceFailure, match="which organisation"):
            request.read(answer, AWS)
