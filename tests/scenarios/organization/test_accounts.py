"""Every account of an organisation is found, in its place, and each selector means what the world says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.discovery.scope_search import Needs
from batchgw.errors import AccessDenied
from batchgw.model import Account, AccountId, AccountSelection, AccountSelector, OuPattern
from batchgw.simulator.plane import SimulatedControlPlane
from batchgw.simulator.world.organization.generated import generated
from batchgw.simulator.world.organization.plan import AnswerForm, OrganizationPlan, PathsForm
from batchgw.simulator.world.organization.states import status_of
from batchgw.simulator.world.world import account_id
from tests.scenarios.organization.found import EVERYTHING, found, plane_of

REGION = "eu-west-1"
ACCOUNTS = [account_id(n) for n in range(60)]
PLAN = generated(ACCOUNTS, (REGION, "us-east-1"))
NAMES = Needs(account=True)


def in_the_world(plane: SimulatedControlPlane) -> dict[str, Account]:
    """Every member, as the world has it."""
    organization = plane.engine.service.world.organization
    accounts: dict[str, Account] = {}
    for member in organization.members:
        unit, account = organization.unit_of(member), organization.account(member)
        assert unit is not None
        way = [each.id for each in organization.tree.upwards(unit)]
        accounts[member] = Account(
            id=AccountId(member),
            name=account.name,
            state=account.state,
            ou=tuple(unit.names),
            ou_ids=tuple(way[::-1]),
        )
    return accounts


def formed(form: AnswerForm) -> OrganizationPlan:
    return replace(PLAN, form=form)


FORMS = [
    AnswerForm(),
    AnswerForm(paths="parent"),
    AnswerForm(paths="none"),
    AnswerForm(state=False),
    AnswerForm(status=False),
    AnswerForm(empty_pages=True),
    AnswerForm(paths="none", empty_pages=True, state=False),
]


@pytest.mark.parametrize("form", FORMS)
def test_every_account_is_found_where_it_is(form: AnswerForm) -> None:
    """OUs are five deep, with slashes and spaces in their names. Paths or states may be left out.

    Where there is no State, Status tells less: accounts that are not yet active are suspended there.
    """
    plane = plane_of(formed(form))
    all_found = found(plane, regions=[REGION], needs=NAMES)
    world = in_the_world(plane)
    if not form.state:
        world = {each: replace(a, state=status_of(a.state)) for each, a in world.items()}  # type: ignore[arg-type]
    assert all_found.estate.accounts == world
    active = {each for each, account in world.items() if account.state == "ACTIVE"}
    assert {scope.account for scope in all_found.scopes} == active
    assert len(all_found.scopes) == len(active)
    assert all_found.skips == {
        (each, "*"): account.state for each, account in world.items() if each not in active
    }
    assert len(set(all_found.skips.values())) == (4 if form.state else 2)
    selected = all_found.estate.selected
    assert selected is not None
    assert (selected.found, selected.selected, selected.skipped, selected.unmatched) == (
        len(ACCOUNTS),
        len(active),
        len(ACCOUNTS) - len(active),
        (),
    )
    assert all_found.unread == []


def ou(text: str) -> AccountSelector:
    return AccountSelector(ou=OuPattern.parse(text))


DEEP = r"/Prod/Payments/Cards\/Wallets/EU West/Blue"
SELECTIONS = [
    AccountSelection(include=(ou("/Prod"),)),
    AccountSelection(include=(ou("/Prod/**"),), exclude=(ou("/*/Payments"),)),
    AccountSelection(include=(ou(DEEP),)),
    AccountSelection(include=(ou("/**/EU*"), ou("/Non Prod/Test"))),
    AccountSelection(include=(AccountSelector(id=AccountId(ACCOUNTS[5])), AccountSelector(name="finance-*"))),
    AccountSelection(everything=True, exclude=(AccountSelector(tags={"team": "growth"}),)),
    AccountSelection(include=(AccountSelector(ou=OuPattern.parse("/Prod"), tags={"team": "*"}),)),
]


@pytest.mark.parametrize("paths", ["account", "none"])
@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_selection_means_what_the_world_says(selection: AccountSelection, paths: PathsForm) -> None:
    plane = plane_of(formed(AnswerForm(paths=paths)))
    organization = plane.engine.service.world.organization
    tagged = {
        each: replace(account, tags=dict(organization.account(each).tags))
        for each, account in in_the_world(plane).items()
    }
    meant = {each for each, account in tagged.items() if selection.matches(account)}
    assert meant
    chosen = found(plane, selection, regions=[REGION])
    assert set(chosen.estate.accounts) == meant
    assert {scope.account for scope in chosen.scopes} == {
        each for each in meant if tagged[each].state == "ACTIVE"
    }


def test_by_the_id_of_an_ou_no_name_is_asked() -> None:
    plane = plane_of(PLAN)
    unit = plane.engine.service.world.organization.tree.at(("Prod",))
    chosen = found(plane, AccountSelection(include=(ou(unit.id),)), regions=[REGION])
    world = in_the_world(plane)
    assert set(chosen.estate.accounts) == {each for each, a in world.items() if a.ou[:1] == ("Prod",)}
    assert "ListOrganizationalUnitsForParent" not in chosen.calls


def test_what_is_not_needed_is_not_asked() -> None:
    """Sixty accounts are three pages; names, one for the root and each OU with OUs below it."""
    plain = found(plane_of(PLAN), regions=[REGION])
    assert plain.calls == {"GetCallerIdentity": 1, "DescribeOrganization": 1, "ListAccounts": 3}
    named = found(plane_of(PLAN), regions=[REGION], needs=NAMES)
    assert named.calls == {
        **plain.calls,
        "ListOrganizationalUnitsForParent": 1 + 5,
    }
    blue = AccountSelection(include=(AccountSelector(ou=OuPattern.parse(DEEP), tags={"stage": "Prod"}),))
    tagged = found(plane_of(PLAN), blue, regions=[REGION])
    in_blue = [n for n in range(1, 60) if n % 9 == 4]
    assert tagged.calls == {**named.calls, "ListTagsForResource": len(in_blue)}


def test_the_first_account_is_looked_into_while_others_are_listed() -> None:
    """A thousand accounts are 50 pages, at one and a half a second."""
    many = found(plane_of(generated([account_id(n) for n in range(1_000)], (REGION,))), regions=[REGION])
    assert len(many.estate.accounts) == 1_000
    assert many.first < 3
    assert 30 < many.seconds < 40


def test_a_selector_that_matches_nothing_is_told_by_its_place() -> None:
    nothing = AccountSelector(id=AccountId("987654321098"), where="policy.yaml:4:7")
    selection = AccountSelection(
        include=(ou("/Sandbox"), nothing), exclude=(replace(ou("/former"), where="policy.yaml:6:7"),)
    )
    selected = found(plane_of(PLAN), selection, regions=[REGION]).estate.selected
    assert selected is not None
    assert [str(each) for each in selected.unmatched] == [
        "policy.yaml:4:7: account 987654321098 matches no account",
        "policy.yaml:6:7: OU /former matches no account; the case of letters counts, and there is /Former",
    ]


def test_a_list_that_is_refused_half_way_is_no_organisation() -> None:
    """Accounts that are silently missing would pass for accounts without APIs."""
    script = [{"match": {"operation": "ListAccounts", "nth": 2}, "fault": "access_denied"}]
    with pytest.raises(AccessDenied):
        found(plane_of(PLAN, script=script), EVERYTHING, regions=[REGION])
