"""Whatever an organisation looks like, each account comes once, in its place, and a selection means the same.

The model is the whole world, looked through for each account.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchgw.control_plane.interface import Execution, Request, T, Wrapper
from batchgw.control_plane.operations.listing import Page
from batchgw.control_plane.operations.organizations import ListAccounts
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.discovery.estate import Estate
from batchgw.discovery.scope_search import Needs
from batchgw.discovery.scopes import find_scopes
from batchgw.model import (
    Account,
    AccountId,
    AccountSelection,
    AccountSelector,
    OuPattern,
    Region,
    Scope,
    Targets,
)
from batchgw.model.fleet.organization import escaped
from batchgw.simulator.world.organization.plan import AccountPlan, AnswerForm, OrganizationPlan
from batchgw.simulator.world.world import account_id
from tests.scenarios.organization.found import plane_of
from tests.scenarios.organization.test_accounts import in_the_world
from tests.virtual import virtually

REGION = Region("eu-west-1")
NAMES = ["Prod", "A/B", "x y\\", "*"]
OUS = st.lists(st.sampled_from(NAMES), max_size=3).map(tuple)
TAGS = st.dictionaries(st.just("team"), st.sampled_from("ab"))
SEGMENTS = st.lists(st.sampled_from([*map(escaped, NAMES), "**"]), min_size=1, max_size=3)
PLACES = SEGMENTS.map(lambda names: OuPattern.parse("/" + "/".join(names)))
IDS = st.integers(0, 15).map(lambda number: AccountId(account_id(number)))
GLOBS = st.sampled_from(["account-1*", "*"])
SELECTORS = st.one_of(
    st.builds(AccountSelector, ou=PLACES),
    st.builds(AccountSelector, id=IDS),
    st.builds(AccountSelector, name=GLOBS, ou=st.none() | PLACES, tags=TAGS),
)
EXCLUDED = st.lists(SELECTORS, max_size=2).map(tuple)
SELECTIONS = st.one_of(
    EXCLUDED.map(lambda each: AccountSelection(everything=True, exclude=each)),
    st.builds(
        AccountSelection, include=st.lists(SELECTORS, min_size=1, max_size=3).map(tuple), exclude=EXCLUDED
    ),
)
WANTED = st.sampled_from([Needs(), Needs(tags=True), Needs(account=True), Needs(account=True, tags=True)])


@dataclass(frozen=True)
class Case:
    """An organisation; of which accounts it does not say where they are; what is meant, and wanted of it."""

    plan: OrganizationPlan
    without_paths: frozenset[str]
    selection: AccountSelection
    needs: Needs


@st.composite
def cases(draw: st.DrawFn) -> Case:
    accounts = tuple(
        AccountPlan(
            id=account_id(number),
            name=f"account-{number}",
            ou=draw(OUS),
            state=draw(st.sampled_from(["ACTIVE", "ACTIVE", "SUSPENDED"])),
            tags=draw(TAGS),
        )
        for number in range(draw(st.integers(1, 25)))
    )
    form = AnswerForm(empty_pages=draw(st.booleans()))
    ous = draw(st.lists(OUS.filter(bool), max_size=3).map(tuple))
    return Case(
        plan=OrganizationPlan(accounts=accounts, regions=(REGION,), ous=ous, form=form),
        without_paths=draw(st.frozensets(st.sampled_from([each.id for each in accounts]))),
        selection=draw(SELECTIONS),
        needs=draw(WANTED),
    )


class Forgetting(Wrapper):
    """Does not say where some accounts are."""

    def __init__(self, inner: Any, accounts: frozenset[str]) -> None:
        super().__init__(inner)
        self._accounts = accounts

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        answer: Any = await self._inner.send(request, execution)
        if isinstance(request, ListAccounts):
            shown = (replace(each, ou_ids=()) if each.id in self._accounts else each for each in answer.items)
            answer = Page(items=tuple(shown), token=answer.token)
        return answer  # type: ignore[no-any-return]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_each_account_that_is_meant_comes_once_and_in_its_place(case: Case) -> None:
    plane = plane_of(case.plan)
    tags = {each.id: each.tags for each in case.plan.accounts}
    world = {each: replace(a, tags=tags[each]) for each, a in in_the_world(plane).items()}
    estate, came = Estate(), list[object]()

    async def main() -> None:
        paced = PacedControlPlane(Forgetting(plane, case.without_paths))
        targets = Targets(organization=case.selection, regions=(REGION,))
        async with find_scopes(paced, targets, estate=estate, needs=case.needs) as scopes:
            came.extend([each async for each in scopes])

    virtually(main)
    meant = {each: account for each, account in world.items() if case.selection.matches(account)}
    assert estate.accounts.keys() == meant.keys()
    scopes = [each for each in came if isinstance(each, Scope)]
    active = [AccountId(each) for each, account in meant.items() if account.state == "ACTIVE"]
    assert sorted(scopes) == sorted(Scope(account=each, region=REGION) for each in active)
    assert len(came) == len(meant)  # the others are skipped as a whole
    if case.needs.account or case.selection.needs_names:
        assert _places(estate.accounts) == _places(meant)
    if case.needs.tags:
        assert {each: account.tags for each, account in estate.accounts.items()} == {
            each: account.tags for each, account in meant.items()
        }
    assert estate.selected is not None
    selectors = (*case.selection.include, *case.selection.exclude)
    idle = [str(each) for each in selectors if not any(map(each.matches, world.values()))]
    assert [each.selector for each in estate.selected.unmatched] == idle


def _places(accounts: Any) -> dict[str, tuple[object, object]]:
    found: dict[str, Account] = dict(accounts)
    return {each: (account.ou, account.ou_ids) for each, account in found.items()}
