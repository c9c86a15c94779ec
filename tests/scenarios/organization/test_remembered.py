"""What was found of an organisation is used again for a while, and never longer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.discovery.organization.recollection import Remembering
from batchgw.discovery.scope_search import Needs
from batchgw.journal import Fact, FactKind
from batchgw.model import AccountId, AccountSelection, AccountSelector, OuPattern
from batchgw.model.shape import items, record
from batchgw.simulator.plane import SimulatedControlPlane
from batchgw.simulator.world.organization.changes import Join, Leave, Move
from batchgw.simulator.world.organization.generated import generated
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.world import account_id
from tests.scenarios.organization.found import Found, found, plane_of, without
from tests.unit.journal.in_memory import Data, InMemoryJournal

ACCOUNTS = [account_id(n) for n in range(30)]
PLAN = generated(ACCOUNTS, ("eu-west-1",))
LATER = AccountPlan(id="987654321098", name="later", member=False)
WITH_LATER = replace(PLAN, accounts=(*PLAN.accounts, LATER))
TAGGED = AccountSelection(include=(AccountSelector(ou=OuPattern.parse("/Prod"), tags={"team": "*"}),))
NOON = 1_795_348_800.0


class Wall:
    """A clock that moves when it is told to, and a journal that remembers."""

    def __init__(self) -> None:
        self.now = NOON
        self.journal = InMemoryJournal(Data(), lambda: self.now)

    def remembering(self, max_age: float = 3_600.0) -> Remembering:
        return Remembering(
            open=lambda reader: self.journal.organization_memory(reader=reader),
            max_age=max_age,
            clock=lambda: self.now,
        )


def asked(result: Found) -> set[str]:
    return set(result.calls) - {"GetCallerIdentity", "DescribeOrganization", "AssumeRole"}


def looked(
    plane: SimulatedControlPlane, wall: Wall, max_age: float = 3_600.0, *, tags: bool = False
) -> Found:
    needs = Needs(account=True, tags=tags)
    return found(plane, TAGGED, needs=needs, remembering=wall.remembering(max_age))


def test_within_the_hour_nothing_is_asked_again_and_the_same_is_found() -> None:
    plane, wall = plane_of(PLAN), Wall()
    first = looked(plane, wall)
    wall.now += 3_600
    second = looked(plane, wall)
    assert asked(first) == {
        "ListAccounts",
        "ListOrganizationalUnitsForParent",
        "ListTagsForResource",
        "ListRegions",
    }
    assert asked(second) == set()
    assert second.estate.accounts == first.estate.accounts
    assert second.estate.regions == first.estate.regions
    assert set(second.scopes) == set(first.scopes)
    assert second.skips == first.skips
    assert first.estate.selected is not None
    assert second.estate.selected == replace(first.estate.selected, age=3_600.0)
    assert (first.estate.as_of, second.estate.as_of) == (NOON, NOON)


def test_after_the_hour_all_is_asked_again_and_what_changed_is_found() -> None:
    plane, wall = plane_of(WITH_LATER), Wall()
    world = plane.engine.service.world.organization
    looked(plane, wall)
    moved = next(a.id for a in PLAN.accounts if a.ou[:1] == ("Prod",) and a.state == "ACTIVE" and a.tags)
    world.change(Join(account=LATER.id))
    world.change(Move(account=moved, ou=("Sandbox",)))
    wall.now += 60
    assert moved in looked(plane, wall).estate.accounts
    wall.now += 3_600
    after = looked(plane, wall)
    assert moved not in after.estate.accounts
    assert after.estate.as_of == wall.now
    assert after.estate.selected is not None
    assert after.estate.selected.found == 31


@pytest.mark.parametrize("max_age", [0.0, 30.0])
def test_to_ask_again_is_to_say_how_old_it_may_be(max_age: float) -> None:
    plane, wall = plane_of(PLAN), Wall()
    first = looked(plane, wall)
    wall.now += 60
    again = looked(plane, wall, max_age)
    assert asked(again) == asked(first)
    assert again.estate.as_of == NOON + 60
    wall.now += 60
    assert looked(plane, wall).estate.as_of == NOON + 60


def test_what_is_left_of_an_account_that_is_gone_makes_nothing_look_older() -> None:
    """Its tags and regions are of the time before `--refresh`, and nothing that is told comes of them."""
    plane, wall = plane_of(PLAN), Wall()
    left = next(iter(looked(plane, wall).estate.regions))
    plane.engine.service.world.organization.change(Leave(account=left))
    wall.now += 60
    looked(plane, wall, 0.0)
    wall.now += 60
    again = looked(plane, wall)
    assert left not in again.estate.accounts
    assert again.estate.as_of == NOON + 60


def test_regions_that_are_older_than_the_accounts_count_where_they_are_used() -> None:
    plane, wall = plane_of(PLAN), Wall()
    everywhere = found(plane, remembering=wall.remembering())
    wall.now += 60
    looked(plane, wall, 0.0)
    wall.now += 60
    assert looked(plane, wall).estate.as_of == NOON + 60
    again = found(plane, remembering=wall.remembering())
    assert asked(again) == set()
    assert set(again.scopes) == set(everywhere.scopes)
    assert again.estate.as_of == NOON


def test_what_is_known_is_kept_and_what_is_not_is_asked() -> None:
    """A command that needs no names leaves accounts and regions for one that does."""
    plane, wall = plane_of(PLAN), Wall()
    plain = found(plane, remembering=wall.remembering())
    assert asked(plain) == {"ListAccounts", "ListRegions"}
    named = looked(plane, wall)
    assert asked(named) == {"ListOrganizationalUnitsForParent", "ListTagsForResource"}
    assert asked(looked(plane, wall, tags=True)) == {"ListTagsForResource"}
    assert asked(looked(plane, wall, tags=True)) == set()


def facts(wall: Wall, kind: FactKind) -> dict[str, Fact]:
    """What the one reader has kept."""
    [found] = [facts for (_, of), facts in wall.journal.data.facts.items() if of is kind]
    return found


@pytest.mark.parametrize("gone", ["the list", "an entry"])
def test_a_new_ou_of_a_known_account_is_asked_for(gone: str) -> None:
    """The OUs were listed before it was made: there was nothing right below the one above it, or others."""
    plane, wall = plane_of(replace(PLAN, ous=(*PLAN.ous, ("New",)))), Wall()
    first = found(plane, remembering=wall.remembering(), needs=Needs(account=True))
    units = facts(wall, FactKind.UNIT)
    tree = plane.engine.service.world.organization.tree
    prod = tree.at(("Prod",)).id
    children = dict(record(units[prod].body["children"]))
    del children[tree.at(("Prod", "Orders")).id]
    units[prod] = replace(units[prod], body={"children": children})
    if gone == "the list":
        del units[prod]
    again = found(plane, remembering=wall.remembering(), needs=Needs(account=True))
    assert again.estate.accounts == first.estate.accounts
    assert again.calls["ListOrganizationalUnitsForParent"] == 1
    assert "ListAccounts" not in again.calls


def test_an_account_whose_ou_was_deleted_since_is_looked_for() -> None:
    """It was moved before. All accounts are listed again; in the next hour nobody asks for that again."""
    plane, wall = plane_of(PLAN), Wall()
    first = found(plane, remembering=wall.remembering(), needs=Needs(account=True))
    accounts = facts(wall, FactKind.ACCOUNT)
    body = accounts[ACCOUNTS[5]].body
    [root, *_] = items(body["ou_ids"])
    accounts[ACCOUNTS[5]] = Fact(body={**body, "ou_ids": [root, "ou-abcd-deleted0"]}, at=wall.now)
    again = found(plane, remembering=wall.remembering(), needs=Needs(account=True))
    assert again.estate.accounts == first.estate.accounts
    assert {call: again.calls.get(call) for call in ("ListAccounts", "ListOrganizationalUnitsForParent")} == {
        "ListAccounts": 2,
        "ListOrganizationalUnitsForParent": 1,
    }
    assert asked(found(plane, remembering=wall.remembering(), needs=Needs(account=True))) == set()


def test_a_part_of_the_ous_is_not_taken_for_all_of_them() -> None:
    """The first command asks for one account's way alone, the second for what is missing."""
    plane, wall = plane_of(PLAN), Wall()
    one = AccountSelection(include=(AccountSelector(id=AccountId(ACCOUNTS[1])),))  # /Prod/Payments
    first = found(plane, one, remembering=wall.remembering(), needs=Needs(account=True))
    assert first.calls["ListOrganizationalUnitsForParent"] == 2
    second = found(plane, remembering=wall.remembering(), needs=Needs(account=True))
    alone = found(plane, needs=Needs(account=True))
    assert second.estate.accounts == alone.estate.accounts
    assert (
        second.calls["ListOrganizationalUnitsForParent"]
        == alone.calls["ListOrganizationalUnitsForParent"] - 2
    )
    former = AccountSelection(include=(AccountSelector(ou=OuPattern.parse("/Former/Below")),))
    for seen in ({"ListRoots", "ListOrganizationalUnitsForParent"}, {"ListRoots"}):  # all, for the hint
        told = found(plane, former, remembering=wall.remembering())
        assert asked(told) - {"ListRegions"} == seen


def test_ous_as_an_earlier_version_kept_them_are_asked_again_and_nothing_else_is() -> None:
    """That one kept a fact for each OU, and all of them as one list."""
    plane, wall = plane_of(PLAN), Wall()
    first = looked(plane, wall)
    units = facts(wall, FactKind.UNIT)
    for unit, fact in units.items():
        units[unit] = replace(fact, body={"name": "Prod", "way": ["r-abcd", unit]})
    units["ou-abcd-leaf0000"] = Fact(body={"name": "Leaf", "way": ["r-abcd"]}, at=wall.now)
    again = looked(plane, wall)
    assert again.estate.accounts == first.estate.accounts
    assert asked(again) == {"ListOrganizationalUnitsForParent"}
    assert asked(looked(plane, wall)) == set()


def test_an_account_whose_role_is_missing_is_asked_again() -> None:
    """It may have the role by now."""
    wall = Wall()
    member = ACCOUNTS[1]
    without_role = found(plane_of(PLAN, without(member)), remembering=wall.remembering())
    assert {each.scope.account for each in without_role.unread} == {member}
    now = found(plane_of(PLAN), remembering=wall.remembering())
    assert now.unread == []
    assert now.calls["ListRegions"] == 1


def test_damage_is_what_was_never_known() -> None:
    plane, wall = plane_of(PLAN), Wall()
    first = looked(plane, wall)
    for kind, facts in wall.journal.data.facts.items():
        if kind[1] is FactKind.ACCOUNT:
            name = next(iter(facts))
            facts[name] = replace(facts[name], body={"id": 7})
    again = looked(plane, wall)
    assert asked(again) == asked(first)
    assert again.estate.accounts == first.estate.accounts


def test_another_reader_asks_for_itself() -> None:
    """The world of another management account is another organisation."""
    wall = Wall()
    found(plane_of(PLAN), remembering=wall.remembering())
    other = OrganizationPlan(accounts=PLAN.accounts[1:4], regions=PLAN.regions)
    assert len(found(plane_of(other), remembering=wall.remembering()).estate.accounts) == 3
