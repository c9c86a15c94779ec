"""OUs are listed as accounts need their names: each list once, and no account waits for the others' OUs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import product

import pytest

from batchgw import api
from batchgw.control_plane.interface import Execution, Request, T, Wrapper
from batchgw.control_plane.operations.organizations import ListOrganizationalUnitsForParent
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.discovery.estate import Estate
from batchgw.discovery.organization.accounts import AccountList, facts_for
from batchgw.discovery.organization.since import moves_since
from batchgw.discovery.scope_search import Needs
from batchgw.discovery.scopes import find_scopes
from batchgw.errors import EntityNotFound, ServiceFailure
from batchgw.model import (
    Account,
    AccountId,
    AccountSelection,
    AccountSelector,
    Desired,
    OuPattern,
    Policy,
    Region,
    ResponseType,
    Rule,
    Scope,
    Settings,
    Targets,
)
from batchgw.model.fleet.organization import escaped
from batchgw.simulator.plane import SimulatedControlPlane
from batchgw.simulator.world.organization.changes import Move
from batchgw.simulator.world.organization.plan import AccountPlan, AnswerForm, OrganizationPlan, PathsForm
from batchgw.simulator.world.world import account_id
from tests.scenarios.organization.found import EVERYTHING, found, plane_of
from tests.scenarios.organization.test_accounts import in_the_world
from tests.unit.rulebooks import ByName
from tests.virtual import virtually

REGION = Region("eu-west-1")
LISTS = "ListOrganizationalUnitsForParent"
LEAVES = [(f"Unit {a}", f"Part {b}", f"Team {c}") for a, b, c in product(range(4), range(4), range(3))]
EMPTY = [(f"Former {n}", "Team") for n in range(15)]
ACCOUNTS = tuple(
    AccountPlan(id=account_id(n), name=f"account-{n:03d}", ou=LEAVES[n % len(LEAVES)] if n else ())
    for n in range(120)
)
ORGANIZATION = OrganizationPlan(accounts=ACCOUNTS, regions=(REGION,), ous=tuple(EMPTY))
PARENTS = 1 + 4 + 16
"""The root, and the OUs on the way to accounts that have OUs below them. There are `OUS` in all."""

OUS = 4 + 16 + 48 + 2 * 15
PAGES = 6
RULE = Rule(settings=Settings(status_code="429", parameters={"gatewayresponse.header.X": "'x'"}))
DESIRED = Desired(rules={ResponseType.THROTTLED: RULE})


class Logging(Wrapper):
    """Writes down which operations are called, in their order."""

    def __init__(self, inner: SimulatedControlPlane) -> None:
        super().__init__(inner)
        self.log: list[str] = []

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        self.log.append(request.operation.name)
        return await self._inner.send(request, execution)


def ou(path: str) -> AccountSelector:
    return AccountSelector(ou=OuPattern.parse(path))


def path(names: Sequence[str]) -> str:
    return "/" + "/".join(map(escaped, names))


def of(number: int) -> AccountSelector:
    return AccountSelector(id=AccountId(ACCOUNTS[number].id))


def log_of_a_plan(selection: AccountSelection, *, by_ou: bool) -> list[str]:
    """Plan for accounts with an API each; a rule may ask for OUs."""
    logging = Logging(plane_of(ORGANIZATION, apis=len(ACCOUNTS)))
    rulebook = ByName(DESIRED, ou="Unit 1", needs_account=by_ou)
    targets = Targets(organization=selection, regions=(REGION,))

    async def main() -> None:
        policy = Policy(desired=DESIRED, targets=targets, rulebook=rulebook)
        with await api.plan(policy, plane=PacedControlPlane(logging)) as plan:
            assert (plan.totals.complete, plan.totals.nothing) == (True, ())
            frozen = plan.totals.frozen.accounts
        meant = {a.id: a.ou for a in ACCOUNTS if selection.matches(Account(id=AccountId(a.id), ou=a.ou))}
        assert {each.id: each.ou for each in frozen.values()} == meant

    virtually(main)
    return logging.log


BUT_ONE = AccountSelection(everything=True, exclude=(ou("/Unit 3/Part 3/Team 2"),))


@pytest.mark.parametrize(("selection", "by_ou"), [(EVERYTHING, True), (BUT_ONE, False)])
def test_the_first_api_is_read_before_most_accounts_and_ous_are_listed(
    selection: AccountSelection, *, by_ou: bool
) -> None:
    """A rule asks for the names of OUs, or what is left out does. All accounts but one are three deep."""
    log = log_of_a_plan(selection, by_ou=by_ou)
    before = log[: log.index("GetGatewayResponses")]
    assert before.count("ListAccounts") <= 2
    assert before.count(LISTS) <= 4
    assert (log.count("ListAccounts"), log.count(LISTS), log.count("ListRoots")) == (PAGES, PARENTS, 0)


def test_each_list_is_asked_for_once_and_only_on_the_way_of_accounts_that_are_meant() -> None:
    everything = found(plane_of(ORGANIZATION), regions=[REGION], needs=Needs(account=True))
    assert everything.calls[LISTS] == PARENTS
    some = AccountSelection(include=(of(1), of(2), of(4)))  # two in one OU, and one beside it
    few = found(plane_of(ORGANIZATION), some, regions=[REGION], needs=Needs(account=True))
    assert few.calls[LISTS] == 1 + 1 + 2
    assert {a.ou for a in few.estate.accounts.values()} == {LEAVES[1], LEAVES[2], LEAVES[4]}


def calls_before(number: int, selection: AccountSelection, *, needs: Needs | None = None) -> Counter[str]:
    """Count the calls that were made until the account's scope came."""
    logging = Logging(plane_of(ORGANIZATION))
    before: Counter[str] = Counter()

    async def main() -> None:
        targets = Targets(organization=selection, regions=(REGION,))
        looking = find_scopes(PacedControlPlane(logging), targets, estate=Estate(), needs=needs)
        async with looking as scopes:
            async for scope in scopes:
                if isinstance(scope, Scope) and scope.account == ACCOUNTS[number].id:
                    before.update(logging.log)

    virtually(main)
    return before


def test_an_account_about_which_no_name_decides_goes_at_once() -> None:
    """It is named by its id. That its OU is proved by it, and where it is, is asked later."""
    by_id = AccountSelection(include=(ou("/Unit 3"), ou("/Unit 0/Part 2/Team 1"), of(7)))
    assert calls_before(7, by_id)[LISTS] <= 1
    result = found(plane_of(ORGANIZATION), by_id, regions=[REGION])
    assert result.estate.accounts[AccountId(ACCOUNTS[7].id)].ou == LEAVES[7]
    alone = AccountSelection(include=(ou(path(LEAVES[19])), of(19), of(67), of(115)))
    proved = found(plane_of(ORGANIZATION), alone, regions=[REGION])
    assert proved.estate.selected is not None
    assert proved.estate.selected.unmatched == ()
    assert proved.calls[LISTS] == PARENTS  # any account may be in that OU, as far as its id tells


def test_an_account_that_is_left_out_by_its_id_proves_the_ou_it_is_in() -> None:
    team = LEAVES[19]
    others = tuple(of(n) for n in range(len(ACCOUNTS)) if ACCOUNTS[n].ou == team)
    left_out = AccountSelection(everything=True, exclude=(*others, ou(path(team))))
    result = found(plane_of(ORGANIZATION), left_out, regions=[REGION])
    assert result.estate.selected is not None
    assert result.estate.selected.unmatched == ()


def test_an_account_whose_ous_are_named_waits_for_no_others() -> None:
    """It is on the last page, and in the OU of the first account. Before it comes a list for each page."""
    last = next(n for n in reversed(range(len(ACCOUNTS))) if ACCOUNTS[n].ou == LEAVES[1])
    before = calls_before(last, EVERYTHING, needs=Needs(account=True))
    assert last >= 20 * (before["ListAccounts"] - 1)
    assert before[LISTS] <= 3 * before["ListAccounts"] < PARENTS


@pytest.mark.parametrize("paths", ["account", "none"])
def test_an_ou_without_accounts_is_an_error_and_then_all_are_listed(paths: PathsForm) -> None:
    """What there is has to be known to tell what was probably meant."""
    plane = plane_of(replace(ORGANIZATION, form=AnswerForm(paths=paths)))
    selected = found(plane, AccountSelection(include=(ou("/Former 3"),)), regions=[REGION]).estate.selected
    assert selected is not None
    assert [each.hint for each in selected.unmatched] == [
        "; there is such an OU, and no account is in it or below it"
    ]


def test_that_hint_is_made_of_what_is_known_where_the_ous_cannot_be_listed() -> None:
    """The error is told all the same."""
    script = [{"match": {"operation": "ListRoots"}, "fault": "access_denied"}]
    nothing = AccountSelection(include=(ou("/Former 3/Team"),))
    selected = found(plane_of(ORGANIZATION, script=script), nothing, regions=[REGION]).estate.selected
    assert selected is not None
    assert [str(each) for each in selected.unmatched] == [
        "OU /Former 3/Team matches no account; did you mean /Former 3?"
    ]


def test_where_no_places_are_told_accounts_come_while_the_ous_are_walked() -> None:
    plane = plane_of(replace(ORGANIZATION, form=AnswerForm(paths="none")))
    result = found(plane, regions=[REGION], needs=Needs(account=True))
    assert result.estate.accounts == in_the_world(plane)
    assert result.first < result.seconds / 5
    assert result.calls[LISTS] == result.calls["ListAccountsForParent"] == OUS + 1


@pytest.mark.parametrize("paths", ["account", "none"])
@pytest.mark.parametrize("wanted", [1, 50])
def test_who_needs_no_more_accounts_leaves_nothing_open(
    recwarn: pytest.WarningsRecorder, paths: PathsForm, wanted: int
) -> None:
    """Trio warns of a generator that is left to be collected: its end then comes at any time."""
    plane = plane_of(replace(ORGANIZATION, form=AnswerForm(paths=paths)))

    async def main() -> None:
        paced = PacedControlPlane(plane)
        scope = Scope(account=await paced.current_account(), region=REGION)
        async with aclosing(AccountList(paced, scope, facts_for(EVERYTHING, names=True)).all()) as accounts:
            for _ in range(wanted):
                await anext(accounts)

    virtually(main)
    assert [str(each.message) for each in recwarn] == []


def test_a_saved_plan_asks_for_the_names_that_it_shows() -> None:
    """An account has moved to where none is meant. The others' places are compared by ids."""
    plane = plane_of(ORGANIZATION)
    selection = AccountSelection(include=(ou("/Unit 0/Part 0"),))
    before = found(plane, selection, regions=[REGION]).estate.accounts
    moved = next(iter(before))
    plane.engine.service.world.organization.change(Move(account=moved, ou=EMPTY[3]))

    async def main() -> None:
        told = await moves_since(
            PacedControlPlane(plane), tuple(before.values()), selection, home=Region("us-east-1")
        )
        assert [(was.path, now.path) for was, now in told.moved] == [(before[moved].path, "/Former 3/Team")]

    virtually(main)


class Hiding(Logging):
    """Knows nothing of the OUs below one of them."""

    hidden = ""

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if isinstance(request, ListOrganizationalUnitsForParent) and request.parent == self.hidden:
            raise EntityNotFound("there is no such OU")
        return await super().send(request, execution)


def test_an_ou_that_is_in_no_list_is_told_when_all_other_accounts_were_given() -> None:
    """It was deleted, and yet accounts are said to be in it, twice. A part of an organisation is not one."""
    plane = plane_of(ORGANIZATION)
    hiding = Hiding(plane)
    hiding.hidden = plane.engine.service.world.organization.tree.at(LEAVES[1][:2]).id
    given: set[str] = set()

    async def main() -> None:
        paced = PacedControlPlane(hiding)
        scope = Scope(account=await paced.current_account(), region=REGION)
        async for account in AccountList(paced, scope, facts_for(EVERYTHING, names=True)).all():
            given.add(account.id)

    with pytest.raises(ServiceFailure, match="and no list of OUs has that"):
        virtually(main)
    assert given == {each.id for each in ACCOUNTS if each.ou[:2] != LEAVES[1][:2]}
    assert hiding.log.count("ListAccounts") == 2 * PAGES
