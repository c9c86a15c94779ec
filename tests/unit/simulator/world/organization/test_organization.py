"""Who is where in an organisation, and what changes in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.simulator.world.organization.changes import (
    Change,
    ChangeRegion,
    ChangeState,
    Join,
    Leave,
    Move,
    ScheduledChange,
)
from batchgw.simulator.world.organization.organization import Organization
from batchgw.simulator.world.organization.paths import names_of, path_of
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.organization.regions import OPT_IN, REGIONS
from batchgw.simulator.world.world import World

FIRST, SECOND, THIRD = "111111111111", "222222222222", "333333333333"
DEEP = ("Prod", "Pay/ments", "Cards EU", "Blue", "Live")

PLAN = OrganizationPlan(
    accounts=(
        AccountPlan(id=FIRST, name="management"),
        AccountPlan(id=SECOND, name="cards", ou=DEEP, regions={"eu-south-1": "ENABLED"}),
        AccountPlan(id=THIRD, name="partner", member=False),
    ),
    regions=("eu-west-1", "us-east-1"),
    ous=(("Sandbox",),),
)


def changed(*changes: Change) -> Organization:
    organization = Organization(PLAN)
    for change in changes:
        organization.change(change)
    return organization


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/", ()),
        ("/Prod", ("Prod",)),
        ("/Prod/Cards EU", ("Prod", "Cards EU")),
        (r"/A\/B/C\\", ("A/B", "C\\")),
    ],
)
def test_a_path_is_read_and_written_alike(path: str, names: tuple[str, ...]) -> None:
    assert names_of(path) == names
    assert path_of(names) == path


@pytest.mark.parametrize("path", ["", "Prod", "/Prod/", "//Prod"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path of an OU"):
        names_of(path)


def test_ous_are_there_with_all_above_them_and_ids_as_aws_writes_them() -> None:
    tree = Organization(PLAN).tree
    assert {unit.names for unit in tree} == {(), ("Sandbox",), *(DEEP[:n] for n in range(1, 6))}
    assert [unit.name for unit in tree.upwards(tree.at(DEEP))] == [*reversed(DEEP), "Root"]
    assert [unit.name for unit in tree.children(tree.root.id)] == ["Prod", "Sandbox"]
    mark = tree.root.id.removeprefix("r-")
    assert len(mark) == 4
    assert all(unit.id.startswith(f"ou-{mark}-") and len(unit.id) == 16 for unit in tree if unit.names)


def test_the_path_of_ids_goes_from_the_organisation_down() -> None:
    organization = Organization(PLAN)
    units = [organization.tree.at(DEEP[:n]).id for n in range(6)]
    assert organization.path_to(organization.tree.at(DEEP)) == "/".join(["o-batchgw0001", *units]) + "/"


def test_the_seed_decides_the_ids() -> None:
    one, same, other = (Organization(PLAN, seed=seed).tree.at(DEEP).id for seed in (7, 7, 8))
    assert one == same != other


def test_an_account_moves_joins_and_leaves() -> None:
    moved = changed(Move(account=SECOND, ou=("Sandbox",)))
    assert moved.accounts_in(moved.tree.at(("Sandbox",)).id) == (SECOND,)
    assert moved.accounts_in(moved.tree.at(DEEP).id) == ()
    joined = changed(Join(account=THIRD, ou=DEEP[:1]))
    assert joined.members == (FIRST, SECOND, THIRD)
    assert joined.unit_of(THIRD) == joined.tree.at(DEEP[:1])
    left = changed(Leave(account=SECOND))
    assert (left.members, left.unit_of(SECOND)) == ((FIRST,), None)


def test_states_and_regions_change() -> None:
    organization = changed(
        ChangeState(account=SECOND, state="CLOSED"),
        ChangeRegion(account=SECOND, region="eu-west-1", status="DISABLING"),
        ChangeRegion(account=FIRST, region="eu-south-1", status="ENABLED"),
    )
    assert organization.account(SECOND).state == "CLOSED"
    assert [organization.is_on(SECOND, r) for r in ("eu-west-1", "us-east-1")] == [False, True]
    assert organization.is_on(FIRST, "eu-south-1")


def test_regions_that_are_off_are_listed_too() -> None:
    organization = Organization(PLAN)
    assert organization.regions(FIRST) == {
        "eu-west-1": "ENABLED_BY_DEFAULT",
        "us-east-1": "ENABLED_BY_DEFAULT",
        **dict.fromkeys(OPT_IN, "DISABLED"),
    }
    assert organization.regions(SECOND)["eu-south-1"] == "ENABLED"
    assert not set(OPT_IN) & set(REGIONS)


def test_changes_come_at_their_time_and_in_its_order() -> None:
    """Two at one time come in the order in which they are written."""
    plan = replace(
        PLAN,
        changes=(
            ScheduledChange(at=60, change=Move(account=SECOND, ou=())),
            ScheduledChange(at=60, change=Move(account=SECOND, ou=("Sandbox",))),
            ScheduledChange(at=30, change=Leave(account=SECOND)),
        ),
    )
    organization = Organization(plan)
    where = []
    for now in (29.9, 30, 59.9, 60):
        organization.advance(now)
        unit = organization.unit_of(SECOND)
        where.append(unit and unit.name)
    assert where == ["Live", None, None, "Sandbox"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Leave(account="9" * 12), "there is no account 999999999999; there are 111111111111, 222"),
        (Leave(account=FIRST), "the management account 111111111111 cannot leave"),
        (Move(account=SECOND, ou=("Prdo",)), "there is no OU /Prdo; there are /, /Prod, "),
        (
            ChangeRegion(account=SECOND, region="eu-south-2", status="ENABLED"),
            "this world has no region 'eu-south-2'; it has eu-west-1, us-east-1, eu-south-1",
        ),
    ],
)
def test_a_change_of_what_is_not_there_is_refused_when_it_is_planned(change: Change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        changed(change)
    with pytest.raises(ValueError, match=message):
        Organization(PLAN).schedule([ScheduledChange(at=9, change=change)])


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (
            replace(PLAN, accounts=(*PLAN.accounts, PLAN.accounts[0])),
            "111111111111 stands in the organisation twice",
        ),
        (replace(PLAN, management=THIRD), "the management account 333333333333 is not a member"),
        (replace(PLAN, delegated=frozenset({"9" * 12})), "there is no account 999999999999"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(plan: OrganizationPlan, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        World.organized(plan)


def test_apis_lie_where_regions_are_on() -> None:
    """Nine APIs over the seven scopes that are on: two of each account, and a third of the second."""
    world = World.organized(PLAN, apis=9)
    assert {(apis.account, apis.region): len(apis) for apis in world.scopes()} == {
        (FIRST, "eu-west-1"): 2,
        (FIRST, "us-east-1"): 2,
        (FIRST, "eu-south-1"): 0,
        (SECOND, "eu-west-1"): 1,
        (SECOND, "us-east-1"): 1,
        (SECOND, "eu-south-1"): 1,
        (THIRD, "eu-west-1"): 1,
        (THIRD, "us-east-1"): 1,
        (THIRD, "eu-south-1"): 0,
    }
