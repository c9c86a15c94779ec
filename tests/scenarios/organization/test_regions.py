"""The regions of each account are found, by whoever can tell; those that are not looked into are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.control_plane.operations.region_status import ON
from batchgw.discovery.regions import DESCRIBE_REGIONS, LIST_REGIONS, STS
from batchgw.errors import CredentialsUnavailable
from batchgw.model import AccountId, EnabledRegions, Region, Targets
from batchgw.simulator.iam.reading import Kind, read
from batchgw.simulator.iam.roles import Attachment, Iam, Role
from batchgw.simulator.plane import SimulatedControlPlane
from batchgw.simulator.world.organization.generated import generated
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.world import account_id
from tests.scenarios.organization.found import ROLE, Found, found, plane_of, without

ACCOUNTS = [account_id(n) for n in range(60)]
REGIONS = ("eu-west-1", "us-east-1")
PLAN = generated(ACCOUNTS, REGIONS)
MANAGEMENT, MEMBER, OTHER = (account_id(n) for n in range(3))
SMALL = OrganizationPlan(
    accounts=(
        AccountPlan(id=MANAGEMENT, name="management"),
        AccountPlan(id=MEMBER, name="member", regions={"eu-south-1": "ENABLING", "af-south-1": "ENABLED"}),
        AccountPlan(id=OTHER, name="other", regions={"eu-south-1": "DISABLING"}),
    ),
    regions=REGIONS,
)


def may(*actions: str) -> Role:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return Role(name=ROLE, policies=(read({"Statement": statement}, Kind.IDENTITY),))


def as_the_world_says(plane: SimulatedControlPlane, result: Found) -> bool:
    """Whether every region of every active member came once, as what it is."""
    organization = plane.engine.service.world.organization
    for account in organization.members:
        if organization.account(account).state != "ACTIVE":
            assert (account, "*") in result.skips
            continue
        regions = organization.regions(account)
        assert result.regions[account] == {r for r, status in regions.items() if status in ON}
        for region, status in regions.items():
            told = result.skips.get((account, region))
            assert (told is None) == (status in ON), (account, region, status, told)
    assert len(result.scopes) == len(set(result.scopes))
    return True


@pytest.mark.parametrize(
    ("role", "by"),
    [
        (may("account:ListRegions"), LIST_REGIONS),
        (may("ec2:DescribeRegions"), DESCRIBE_REGIONS),
        (may("apigateway:GET"), LIST_REGIONS),  # by the organisation's reader
    ],
)
def test_every_region_of_every_account_is_found(role: Role, by: str) -> None:
    plane = plane_of(PLAN, role)
    result = found(plane)
    assert as_the_world_says(plane, result)
    assert result.unread == []
    said = {by for account, by in result.estate.regions.items() if account != MANAGEMENT}
    assert said == {by}  # the reader cannot ask about the management account


def test_where_nobody_may_say_it_each_regions_sts_does() -> None:
    plane = plane_of(replace(SMALL, trusted_access=False), may("apigateway:GET"))
    result = found(plane)
    assert set(result.estate.regions.values()) == {STS}
    assert result.regions == {
        MANAGEMENT: set(REGIONS),
        MEMBER: {*REGIONS, "af-south-1"},
        OTHER: set(REGIONS),
    }
    assert {result.skips[OTHER, "eu-south-1"], result.skips[MEMBER, "eu-south-1"]} == {"DISABLED"}
    assert result.calls["ListRegions"] == 3 + 1  # each for itself, and the reader for one that was refused


def test_the_reader_is_asked_no_more_once_it_was_denied() -> None:
    """A thousand accounts share its quota of five calls a second."""
    plane = plane_of(replace(PLAN, trusted_access=False), may("ec2:DescribeRegions"), without())
    active = len([each for each in PLAN.accounts if each.state == "ACTIVE"])
    assert found(plane).calls["ListRegions"] == active
    plane = plane_of(replace(PLAN, trusted_access=False), may("apigateway:GET"))
    assert found(plane).calls["ListRegions"] == active + 1


def test_an_account_with_its_own_keys_costs_one_call() -> None:
    result = found(plane_of(SMALL))
    assert result.calls == {
        "GetCallerIdentity": 1,
        "DescribeOrganization": 1,
        "ListAccounts": 1,
        "AssumeRole": 3,
        "ListRegions": 3,
    }


def test_without_the_role_each_region_is_unread_and_the_others_are_found() -> None:
    """The organisation's reader knows the regions all the same."""
    result = found(plane_of(SMALL, without(MEMBER)))
    unread = {(each.scope.account, each.scope.region): each.code for each in result.unread}
    name = CredentialsUnavailable.__name__
    assert unread == {(MEMBER, region): name for region in (*REGIONS, "af-south-1")}
    assert set(result.regions) == {MANAGEMENT, OTHER}
    assert result.skips[MEMBER, "eu-south-1"] == "ENABLING"
    assert "cannot assume" in result.unread[0].message


def test_without_the_role_and_the_regions_the_account_is_unread_once() -> None:
    result = found(plane_of(replace(SMALL, trusted_access=False), without(MEMBER)))
    assert [(each.scope.account, each.scope.region) for each in result.unread] == [(MEMBER, "*")]
    assert set(result.regions) == {MANAGEMENT, OTHER}
    assert "cannot assume" in result.unread[0].message


def test_regions_come_in_the_wanted_order_and_some_are_left_out() -> None:
    order = EnabledRegions(exclude=(Region("eu-west-1"), Region("eu-south-1")), order=(Region("af-south-1"),))
    result = found(plane_of(SMALL), enabled=order)
    assert [s.region for s in result.scopes if s.account == MEMBER] == ["af-south-1", "us-east-1"]
    assert not {region for _, region in result.skips} & {"eu-west-1", "eu-south-1"}


def test_a_region_that_no_account_has_is_told() -> None:
    """One that is off everywhere is a region all the same. Some accounts' regions nobody can tell."""
    order = EnabledRegions(
        exclude=(Region("eu-wst-1"), Region("eu-south-1")), order=(Region("us-est-1"), Region("af-south-1"))
    )
    told = [str(each) for each in found(plane_of(SMALL), enabled=order).estate.unmatched_regions]
    assert told == [
        "excluded region eu-wst-1 matches no region of any account; did you mean eu-west-1?",
        "region of the order us-est-1 matches no region of any account; did you mean us-east-1?",
    ]
    plane = plane_of(replace(SMALL, trusted_access=False), without(MEMBER))
    [one, other] = found(plane, enabled=order).estate.unmatched_regions
    for each in (one, other):
        assert each.hint.endswith("; it may be one of an account whose regions nobody could tell")
    listed = Targets(accounts=(AccountId(OTHER),), enabled_regions=order)
    assert len(found(plane_of(SMALL), targets=listed).estate.unmatched_regions) == 2


def test_a_plain_list_of_accounts_may_be_looked_into_wherever_they_are() -> None:
    """Nobody asks the organisation then."""
    targets = Targets(accounts=(AccountId(MEMBER),), enabled_regions=EnabledRegions())
    result = found(plane_of(SMALL), targets=targets)
    assert result.regions == {MEMBER: {*REGIONS, "af-south-1"}}
    assert "ListAccounts" not in result.calls


def test_a_denial_of_an_scp_leads_to_the_next_who_may_say_it() -> None:
    statement = {"Effect": "Deny", "Action": ["account:*", "ec2:*"], "Resource": "*"}
    scp = Attachment(policies=(read({"Statement": statement}, Kind.SCP),), units=frozenset({"/"}))
    plane = plane_of(SMALL, iam=Iam(roles=(Role(name=ROLE),), attachments=(scp,)))
    result = found(plane)
    assert result.estate.regions == {
        MANAGEMENT: LIST_REGIONS,
        MEMBER: LIST_REGIONS,
        OTHER: LIST_REGIONS,
    }
    assert result.calls["DescribeRegions"] == 2  # the management account is never restricted
