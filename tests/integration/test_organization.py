"""An organisation in small, on both emulators: found, planned and brought to policy. boto3 tells if so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

import batchgw
from batchgw.discovery.estate import Estate
from batchgw.journal import open_journal
from batchgw.model import Action, PlannedApi, RestApi, SkippedScope, UnreadApi, UnreadScope
from batchgw.model.response_change import responses
from tests.integration import company as companies
from tests.integration.company import BEFORE, MANAGEMENT, MEMBERS, ROLE, Company
from tests.integration.emulator import IRELAND, Emulator
from tests.integration.session import connected, paced, policy

pytestmark = pytest.mark.asyncio

POLICY = f"""\
version: 1
targets:
  accounts: organization
  regions: enabled
  role: {ROLE}
responses:
  DEFAULT_4XX: {{headers: {{X-Test: "1"}}}}
rules:
  - name: prod
    match: {{ou: /Prod/**}}
    responses:
      THROTTLED: default
"""

ON = {"ENABLED", "ENABLED_BY_DEFAULT", "opted-in", "opt-in-not-required"}
"""How Account Management and EC2 call a region that is on."""

AFTER: Mapping[str, set[str]] = {
    MANAGEMENT: {"THROTTLED", "DEFAULT_4XX"},
    "pay": {"DEFAULT_4XX"},
    "shop": {"DEFAULT_4XX"},
    "new": {"DEFAULT_4XX"},
    "play": {"THROTTLED", "DEFAULT_4XX"},
    "old": BEFORE,
}
"""What the APIs of each account have customised after an apply. "old" is closed."""


def unreadable(emulator: Emulator) -> set[str]:
    """Give the accounts whose role cannot be assumed: moto assumes those that are not there as well."""
    return set() if emulator.name == "moto" else {name for name, member in MEMBERS.items() if not member.role}


def after(company: Company) -> dict[tuple[str, str], set[str]]:
    """Give what `customised` is when all that can be reached is as the policy says."""
    unread = unreadable(company.emulator)
    return {(name, region): BEFORE if name in unread else AFTER[name] for name, region in company.apis}


def off(company: Company) -> dict[tuple[str, str], str]:
    """Give what is rightly not looked into, and why."""
    regions = {
        (company.ids[name], region): status
        for name in company.ids
        if name != "old"
        for region, status in company.regions(name).items()
        if status not in ON
    }
    return {**regions, (company.ids["old"], "*"): "SUSPENDED"}


def on(company: Company, names: Iterable[str]) -> set[tuple[str, str]]:
    """Give the account-regions that are on."""
    return {
        (company.ids[name], region)
        for name in names
        for region, status in company.regions(name).items()
        if status in ON
    }


async def test_every_account_region_and_api_is_found_where_it_is(emulator: Emulator) -> None:
    """By names of OUs, one with a slash in it, and with the regions that each account tells."""
    company = companies.found(emulator)
    estate = Estate()
    targets = policy(POLICY.replace("accounts: organization", "accounts: [/**]")).targets
    async with (
        connected(emulator, role=ROLE) as plane,
        batchgw.discover(targets, plane=paced(plane), estate=estate) as found,
    ):
        items = [item async for item in found]

    lost = unreadable(emulator)
    apis = {(i.scope.account, i.scope.region, i.id) for i in items if isinstance(i, RestApi)}
    assert apis == {
        (company.ids[name], region, api)
        for (name, region), api in company.apis.items()
        if name not in {*lost, "old"}
    }
    skipped = {(i.scope.account, i.scope.region): i.code for i in items if isinstance(i, SkippedScope)}
    assert skipped == off(company)
    unread = {(i.scope.account, i.scope.region) for i in items if isinstance(i, UnreadScope)}
    assert unread == on(company, lost)
    assert len(items) == len(apis) + len(skipped) + len(unread), "each is told once, and nothing else"
    assert found_accounts(estate) == company.accounts()
    who = "ec2:DescribeRegions" if emulator.name == "moto" else "account:ListRegions"
    assert estate.regions == {company.ids[name]: who for name in company.ids if name != "old"}


def found_accounts(estate: Estate) -> dict[str, tuple[str, tuple[str, ...], tuple[str, ...], str]]:
    """Give what was found of each account: its name, where it is, and its state."""
    return {a.id: (a.name, a.ou, a.ou_ids, a.state) for a in estate.accounts.values()}


async def test_a_plan_of_the_organisation_is_carried_out_target_by_target(
    emulator: Emulator, tmp_path: Path
) -> None:
    company = companies.found(emulator)
    aimed = policy(POLICY)
    lost = unreadable(emulator)
    async with connected(emulator, role=ROLE) as plane:
        session = paced(plane)
        with await batchgw.plan(aimed, plane=session) as plan:
            told = {(scope.account, scope.region) for scope in plan.totals.scopes}
            assert told == {*on(company, company.ids.keys() - {"old"}), *off(company)}
            planned = {
                (i.api.scope.account, i.api.scope.region): {
                    c.type.value: c.action for c in responses(i.changes)
                }
                for i in plan.items()
                if isinstance(i, PlannedApi)
            }
            assert planned == {
                (company.ids[name], region): {"DEFAULT_4XX": Action.CREATE}
                | ({"THROTTLED": Action.RESET} if company.in_prod(name) else {})
                for name, region in company.apis
                if name not in {*lost, "old"}
            }
            assert plan.totals.complete == (not lost)
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary = await batchgw.apply(plan, plane=session, journal=journal)
        assert summary.total.applied == sum(map(len, planned.values()))
        assert company.customised() == after(company)
        with await batchgw.check(aimed, plane=session) as checked:
            assert not [i for i in checked.items() if isinstance(i, PlannedApi) and i.pending]


@pytest.mark.parametrize(
    ("accounts", "names"),
    [
        ("[/Prod/**]", {"pay", "shop", "new"}),
        ("[/Prod/Payments, '/Prod/Web\\/Shop']", {"pay", "shop"}),
        ("[SANDBOX]", {"play", "old"}),
        ("[{tags: {tier: gold}}]", {"pay", "play", "old"}),
        ("[{tags: {tier: gold}, ou: /Sandbox}]", {"play", "old"}),
        ("{include: organization, exclude: [/Prod/*, {id: MANAGEMENT}]}", {"new", "play", "old"}),
        ("{include: [{name: p*}], exclude: [SANDBOX]}", {"pay"}),
    ],
)
async def test_selectors_mean_the_accounts_that_the_emulator_has_there(
    emulator: Emulator, accounts: str, names: set[str]
) -> None:
    company = companies.found(emulator)
    estate = Estate()
    meant = accounts.replace("SANDBOX", company.ous["Sandbox",]).replace(
        "MANAGEMENT", f'"{emulator.account}"'
    )
    text = POLICY.replace("accounts: organization", f"accounts: {meant}")
    targets = policy(text.replace("regions: enabled", f"regions: [{IRELAND}]")).targets
    async with (
        connected(emulator, role=ROLE) as plane,
        batchgw.discover(targets, plane=paced(plane), estate=estate) as found,
    ):
        items = [item async for item in found]
    assert not any(isinstance(item, UnreadApi) for item in items)
    told = {company.name(item.scope.account) for item in items if not isinstance(item, UnreadApi)}
    assert told == names
    assert {company.name(account) for account in estate.accounts} == names
    assert estate.selected is not None
    assert estate.selected.unmatched == ()
