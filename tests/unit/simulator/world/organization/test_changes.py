"""Whatever changes, an account is in one place, and a walk down the tree finds whom the list has."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.simulator.operations.service import Service
from batchgw.simulator.world.organization.changes import (
    Change,
    ChangeRegion,
    ChangeState,
    Join,
    Leave,
    Move,
)
from batchgw.simulator.world.organization.plan import AccountPlan, AnswerForm, OrganizationPlan
from batchgw.simulator.world.organization.regions import ON, STATUSES
from batchgw.simulator.world.organization.states import STATES
from batchgw.simulator.world.world import World, account_id

MANAGEMENT = account_id(0)
ACCOUNTS = [account_id(n) for n in range(1, 25)]
OUS = [(), ("A",), ("A", "B/C"), ("A", "B/C", "D"), ("E",)]
PLAN = OrganizationPlan(
    accounts=(
        AccountPlan(id=MANAGEMENT, name="management"),
        *(AccountPlan(id=a, name=a, ou=OUS[n % 5], member=n % 4 > 0) for n, a in enumerate(ACCOUNTS)),
    ),
    regions=("eu-west-1", "us-east-1"),
    form=AnswerForm(paths="parent", empty_pages=True),
)

accounts, ous = st.sampled_from(ACCOUNTS), st.sampled_from(OUS)
changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(Move, account=accounts, ou=ous),
    st.builds(Join, account=accounts, ou=ous),
    st.builds(Leave, account=accounts),
    st.builds(ChangeState, account=accounts, state=st.sampled_from(STATES)),
    st.builds(
        ChangeRegion,
        account=accounts,
        region=st.sampled_from(PLAN.regions),
        status=st.sampled_from(STATUSES),
    ),
)


def everything(asked: Service, operation: str, key: str, **params: Any) -> list[Any]:
    found: list[Any] = []
    token: dict[str, object] = {}
    while True:
        body: Any = asked.dispatch(operation, MANAGEMENT, "us-east-1", {**params, **token}).body
        found += body[key]
        if "NextToken" not in body:
            return found
        token = {"NextToken": body["NextToken"]}


def walk(asked: Service, parent: str, way: str) -> dict[str, str]:
    """Give the path of ids of each account below, as somebody finds it who lists level by level."""
    here = {a["Id"]: way for a in everything(asked, "ListAccountsForParent", "Accounts", ParentId=parent)}
    units = everything(asked, "ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=parent)
    below = [walk(asked, unit["Id"], f"{way}{unit['Id']}/") for unit in units]
    found = here.copy()
    for each in below:
        assert not found.keys() & each.keys()
        found |= each
    return found


@given(st.lists(changes, max_size=30))
@settings(max_examples=50, deadline=None)
def test_a_walk_down_the_tree_finds_whom_the_list_has_where_its_paths_say(made: list[Change]) -> None:
    world = World.organized(PLAN)
    for change in made:
        world.organization.change(change)
    asked = Service(world)
    listed = everything(asked, "ListAccounts", "Accounts")
    (root,) = everything(asked, "ListRoots", "Roots")
    walked = walk(asked, root["Id"], f"{world.organization.id}/{root['Id']}/")
    assert {each["Id"]: each["Paths"] for each in listed} == {each: [way] for each, way in walked.items()}
    assert tuple(each["Id"] for each in listed) == world.organization.members


@given(st.lists(changes, max_size=30))
@settings(max_examples=50, deadline=None)
def test_a_region_is_on_where_it_is_listed_so(made: list[Change]) -> None:
    organization = World.organized(PLAN).organization
    for change in made:
        organization.change(change)
    for account in (MANAGEMENT, *ACCOUNTS):
        for region, status in organization.regions(account).items():
            assert organization.is_on(account, region) is (status in ON)
