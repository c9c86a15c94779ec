"""What is asked of the organisation gives equal records over HTTP and in process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from batchgw.control_plane.aws import connect
from batchgw.control_plane.interface import ControlPlane, Request
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
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import AccessDenied, CallError, EntityNotFound, OrganizationNotInUse
from batchgw.model import AccountId, Region, Scope
from batchgw.model.fleet.organization import Account
from batchgw.simulator.over_http.options import ServeOptions
from batchgw.simulator.over_http.serve import running
from batchgw.simulator.plane import simulate
from batchgw.simulator.world.organization.plan import AccountPlan, AnswerForm, OrganizationPlan
from batchgw.simulator.world.world import World, account_id
from batchgw.throttle.quota import SERVICES, Quota
from tests.conformance.aws.stub import only_test_configuration

FAST = Pace(services={name: Quota(1000, 1000) for name in SERVICES})
OPTIONS = ServeOptions(no_throttle=True, latency=0.0, latency_p99=0.0)
MANAGEMENT, TEAM = account_id(0), AccountId(account_id(1))
HERE = Scope(account=AccountId(MANAGEMENT), region=Region("eu-west-1"))


def world(form: AnswerForm) -> World:
    accounts = (
        AccountPlan(id=MANAGEMENT, name="management"),
        AccountPlan(id=TEAM, name="team one", ou=("Prod", "Pay/ments"), tags={"tier": "gold", "x": ""}),
        *(AccountPlan(id=account_id(n), name=f"n{n}", ou=("Prod",), state="SUSPENDED") for n in range(2, 25)),
        AccountPlan(id=account_id(25), name="outside", member=False),
    )
    return World.organized(OrganizationPlan(accounts=accounts, regions=("eu-west-1", "us-east-1"), form=form))


async def pages(plane: ControlPlane, ask: Callable[[str | None], Request[Page[object]]]) -> list[object]:
    """Give the entries of all pages, each page followed by its number of entries."""
    found: list[object] = []
    token: str | None = None
    while True:
        page = await plane.send(ask(token))
        found += [*page.items, len(page.items)]
        token = page.token
        if token is None:
            return found


async def refusal(plane: ControlPlane, request: Request[object]) -> tuple[type[CallError], str]:
    with pytest.raises(CallError) as caught:
        await plane.send(request)
    return type(caught.value), caught.value.code


async def right_below(plane: ControlPlane, parent: str) -> list[object]:
    """Give the OUs and the accounts in a root or an OU."""

    def units(token: str | None) -> ListOrganizationalUnitsForParent:
        return ListOrganizationalUnitsForParent(scope=HERE, parent=parent, token=token)

    def accounts(token: str | None) -> ListAccountsForParent:
        return ListAccountsForParent(scope=HERE, parent=parent, token=token)

    return [*await pages(plane, units), *await pages(plane, accounts)]


async def everything(plane: ControlPlane) -> list[object]:
    """Walk the whole organisation, and meet some refusals."""
    found: list[object] = [await plane.send(DescribeOrganization(scope=HERE))]
    found += await pages(plane, lambda token: ListAccounts(scope=HERE, token=token))
    found += await pages(plane, lambda token: ListRoots(scope=HERE, token=token))
    parents = [each.id for each in found if isinstance(each, Unit)]
    while parents:
        found += (below := await right_below(plane, parents.pop(0)))
        parents += [each.id for each in below if isinstance(each, Unit)]
    found += await pages(plane, lambda token: ListTagsForResource(scope=HERE, resource=TEAM, token=token))
    found.append(await refusal(plane, ListTagsForResource(scope=HERE, resource="100000000099")))
    found.append(await refusal(plane, ListAccountsForParent(scope=HERE, parent="r-zzzz")))
    return found


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "form",
    [
        AnswerForm(),
        AnswerForm(empty_pages=True, paths="parent", status=False),
        AnswerForm(paths="none", state=False),
    ],
)
async def test_both_planes_tell_the_same_of_the_organisation(
    form: AnswerForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_test_configuration(monkeypatch)
    there = world(form)
    near = await everything(PacedControlPlane(simulate(there), pace=FAST))
    with running(OPTIONS, world=there) as ready:
        key = ready.keys[MANAGEMENT]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["secret_access_key"])
        async with connect(endpoint_url=ready.endpoint, role=ready.role_name) as plane:
            assert await everything(plane) == near
    assert near[0] == Organization(id=there.organization.id, management_account=AccountId(MANAGEMENT))
    team = next(each for each in near if isinstance(each, Account) and each.id == TEAM)
    assert (team.name, team.state) == ("team one", "ACTIVE")
    assert len(team.ou_ids) == (0 if form.paths == "none" else 3), "the root and two OUs"
    members = [each.id for each in near if isinstance(each, Account)]
    assert len(members) == 2 * 25, "each once in the list of all, and once in that of its parent"
    assert ("tier", "gold") in near
    assert near[-2:] == [
        (EntityNotFound, "TargetNotFoundException"),
        (EntityNotFound, "ParentNotFoundException"),
    ]


@pytest.mark.asyncio
async def test_who_may_not_read_the_organisation_is_told_so_by_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that manages nothing, and an account outside."""
    only_test_configuration(monkeypatch)
    there = world(AnswerForm())
    with running(OPTIONS, world=there) as ready:
        for account, kind in ((TEAM, AccessDenied), (account_id(25), OrganizationNotInUse)):
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", ready.keys[account]["access_key_id"])
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ready.keys[account]["secret_access_key"])
            async with connect(endpoint_url=ready.endpoint) as plane:
                with pytest.raises(kind, match=r"organization: \{role: \.\.\.\}"):
                    await plane.send(ListAccounts(scope=HERE))
