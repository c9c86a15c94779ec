"""What is lost without each statement by which an organisation is read. The simulated world decides.

Without two of them the regions of accounts are found in another, lesser way.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.discovery.regions import LIST_REGIONS, STS
from batchgw.discovery.scope_search import Needs
from batchgw.errors import AccessDenied
from batchgw.model import AccountSelection, AccountSelector, EnabledRegions, Selection, Targets
from batchgw.permissions import job
from batchgw.permissions.kinds import Job
from batchgw.permissions.organization import reading_side
from batchgw.permissions.statement import Statement, document
from batchgw.simulator.iam.documents import Policy
from batchgw.simulator.iam.reading import Kind, read
from batchgw.simulator.iam.roles import Accounts, Iam, Role, User
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.world import account_id
from tests.scenarios.organization.found import ROLE, Found, found, plane_of

MANAGEMENT, MEMBER, ROLELESS = (account_id(n) for n in range(3))
REGIONS = ("eu-west-1", "us-east-1")
PLAN = OrganizationPlan(
    accounts=(
        AccountPlan(id=MANAGEMENT, name="management"),
        AccountPlan(id=MEMBER, name="member", regions={"eu-south-1": "ENABLING"}, ou=("Prod",)),
        AccountPlan(id=ROLELESS, name="roleless", regions={"eu-south-1": "ENABLED"}),
    ),
    regions=REGIONS,
)
"""The last account has no role to assume."""

SELECTION = AccountSelection(everything=True, exclude=(AccountSelector(tags={"tier": "none"}),))
TARGETS = Targets(organization=SELECTION, enabled_regions=EnabledRegions(), role=ROLE)
READING = reading_side(TARGETS, "aws")
WORKING = job.statements(job.Needs(job=Job.PLAN, apis=Selection(), own_regions=True))


def look(*, spared: str = "", trusted_access: bool = True) -> Found:
    """Look for scopes with all permissions that are printed, but for one statement."""
    iam = Iam(
        roles=(
            Role(name=ROLE, policies=_may(WORKING, spared), accounts=Accounts(but=frozenset({ROLELESS}))),
        ),
        users=(User(policies=_may(READING, spared)),),
    )
    plane = plane_of(replace(PLAN, trusted_access=trusted_access), iam=iam)
    return found(plane, targets=TARGETS, needs=Needs(account=True))


def _may(statements: tuple[Statement, ...], spared: str) -> tuple[Policy]:
    return (read(document([each for each in statements if each.sid != spared]), Kind.IDENTITY),)


def _unread(result: Found) -> set[tuple[str, str]]:
    return {(each.scope.account, each.scope.region) for each in result.unread}


def test_all_of_them_are_enough() -> None:
    result = look()
    assert result.regions == {MANAGEMENT: set(REGIONS), MEMBER: set(REGIONS)}
    assert set(result.estate.regions.values()) == {LIST_REGIONS}
    assert result.skips[MEMBER, "eu-south-1"] == "ENABLING"
    assert _unread(result) == {(ROLELESS, region) for region in (*REGIONS, "eu-south-1")}


@pytest.mark.parametrize("sid", ["ListAccounts", "ReadOus", "ReadTagsOfAccounts"])
def test_without_it_the_organization_cannot_be_read(sid: str) -> None:
    assert sid in [each.sid for each in READING]
    with pytest.raises(AccessDenied, match="organizations:"):
        look(spared=sid)


def test_without_the_permission_to_assume_roles_nothing_is_found() -> None:
    result = look(spared="AssumeRoles")
    assert result.regions == {}
    assert {account for account, _ in _unread(result)} == {MANAGEMENT, MEMBER, ROLELESS}


def test_without_the_permission_to_say_its_regions_an_account_is_asked_at_each_endpoint_of_sts() -> None:
    """The regions are the same, at more calls. That one is about to be enabled is not seen any more."""
    result = look(spared="ListRegions", trusted_access=False)
    assert result.regions == look().regions
    assert {by for account, by in result.estate.regions.items() if account != ROLELESS} == {STS}
    assert result.skips[MEMBER, "eu-south-1"] == "DISABLED"
    assert result.calls["GetCallerIdentity"] > 10 * look().calls["GetCallerIdentity"]


def test_without_the_permission_to_ask_for_it_an_account_that_cannot_be_asked_is_unread_once() -> None:
    """Nobody knows then how many regions of it are missing."""
    result = look(spared="ListRegionsOfAccounts")
    assert result.regions == look().regions
    assert _unread(result) == {(ROLELESS, "*")}


def test_each_statement_is_among_these() -> None:
    told = {"ListAccounts", "ReadOus", "ReadTagsOfAccounts", "AssumeRoles", "ListRegionsOfAccounts"}
    assert {each.sid for each in READING} == told
    assert [each.sid for each in WORKING if each.sid == "ListRegions"] == ["ListRegions"]
