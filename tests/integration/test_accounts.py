"""Several accounts: by a role, or by the keys of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import batchgw
from batchgw import Event
from batchgw.control_plane.aws import Access, connect
from batchgw.control_plane.operations.organizations import ListAccounts
from batchgw.events import CredentialsRefreshed, ReachedDirectly
from batchgw.journal import open_journal
from batchgw.model import AccountId, Region, RoleLink, Scope, UnreadScope
from tests.integration import fleet as fleets
from tests.integration.emulator import IRELAND, REGIONS, Emulator, Keys
from tests.integration.fleet import EXPECTED, POLICY, WRITES, Fleet
from tests.integration.permits import change_trust, make_role, trusting
from tests.integration.session import connected, paced, pending, policy

pytestmark = pytest.mark.asyncio

ROLE = "OrganizationBatchgw"


class Assumed:
    """Remembers for which accounts credentials were fetched, and which accounts needed none."""

    def __init__(self) -> None:
        self.accounts: list[str] = []
        self.direct: list[str] = []

    def notify(self, event: Event) -> None:
        if isinstance(event, CredentialsRefreshed):
            self.accounts.append(event.account)
        if isinstance(event, ReachedDirectly):
            self.direct.append(event.account)


def in_accounts(*accounts: str) -> str:
    """The policy, aimed at accounts reached by the role."""
    listed = ", ".join(f'"{account}"' for account in accounts)
    return POLICY.replace("targets:\n", f"targets:\n  accounts: [{listed}]\n  role: {ROLE}\n")


def members(emulator: Emulator, *names: str) -> list[str]:
    """Make accounts in an organisation, each with the role."""
    organizations = emulator.client("organizations")
    if emulator.name == "moto":  # on MiniStack there is one from the start
        organizations.create_organization(FeatureSet="ALL")
    statuses = [
        organizations.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]
        for name in names
    ]
    accounts = [status["AccountId"] for status in statuses]
    for account in accounts if emulator.name == "ministack" else ():  # moto assumes any role
        make_role(emulator, emulator.inside(account), ROLE)
    return accounts


async def test_two_accounts_of_an_organisation_are_brought_to_policy_and_the_third_is_not(
    emulator: Emulator, tmp_path: Path
) -> None:
    """The keys of the management account assume the role. It has APIs too, but is no target."""
    orders, billing = members(emulator, "orders", "billing")
    untouched = fleets.launch(emulator)
    targets = [fleets.launch(emulator, emulator.inside(account)) for account in (orders, billing)]
    assumed = Assumed()
    aimed = policy(in_accounts(orders, billing))

    async with connected(emulator, role=ROLE, observer=assumed) as plane:
        session = paced(plane)
        with await batchgw.plan(aimed, plane=session) as plan:
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary = await batchgw.apply(plan, plane=session, journal=journal)
        with await batchgw.check(aimed, plane=session) as checked:
            assert pending(checked) == {}

    assert {(s.scope.account, s.scope.region): s.tally.applied for s in summary.scopes} == {
        (account, region): WRITES / 2 for account in (orders, billing) for region in REGIONS
    }
    assert (summary.expected, summary.exit_code) == (2 * EXPECTED, 0)
    assert [fleet.state() for fleet in targets] == [Fleet.after()] * 2
    assert untouched.state() == Fleet.before()
    assert sorted(assumed.accounts) == sorted((orders, billing)), "one AssumeRole per account"


async def test_a_chain_with_tags_and_session_policies_reaches_the_account_and_the_organisation(
    emulator: Emulator,
) -> None:
    """MiniStack checks who may assume what, and what a session may do. Moto reads the parameters alone."""
    orders, billing = members(emulator, "orders", "billing")
    fleets.launch(emulator, emulator.inside(orders))
    if emulator.name == "ministack":
        make_role(emulator, emulator.inside(billing), "Hub")
        make_role(emulator, emulator.keys, "Reader")
        from_hub = trusting(f"arn:aws:iam::{billing}:role/Hub")
        change_trust(emulator, emulator.inside(orders), ROLE, trust=from_hub)
    hub = RoleLink(
        role=f"arn:aws:iam::{billing}:role/Hub",
        external_id="hub-7",
        session_tags={"team": "edge", "cost centre": "42"},
        source_identity="alice",
    )
    assumed = Assumed()
    async with connect(
        endpoint_url=emulator.url,
        region=IRELAND,
        role=ROLE,
        roles=(hub,),
        organization_roles=(RoleLink(role="Reader"),),
        access=Access.READ,
        observer=assumed,
    ) as plane:
        with await batchgw.check(policy(in_accounts(orders)), plane=paced(plane)) as checked:
            assert checked.totals.complete
            assert pending(checked)
        listed = await plane.send(
            ListAccounts(scope=Scope(account=AccountId(orders), region=Region(IRELAND)))
        )
    assert {orders, billing} <= {account.id for account in listed.items}
    assert assumed.accounts == [billing, orders, emulator.account]


@pytest.fixture
def checking_moto(only_moto: Emulator) -> Iterator[Emulator]:
    """Give moto with a user who has no permission. From now on it checks permissions."""
    iam = only_moto.client("iam")
    iam.create_user(UserName="nobody")
    given = iam.create_access_key(UserName="nobody")["AccessKey"]
    keys = Keys(access_key_id=given["AccessKeyId"], secret_access_key=given["SecretAccessKey"])
    only_moto.post("/moto-api/reset-auth", b"0")
    try:
        yield Emulator(name="moto", url=only_moto.url, account=only_moto.account, keys=keys)
    finally:
        only_moto.post("/moto-api/reset-auth", b"inf")


async def test_a_role_that_may_not_be_assumed_leaves_its_account_unread(
    checking_moto: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in checking_moto.keys.environment.items():
        monkeypatch.setenv(name, value)
    async with connected(checking_moto, role=ROLE) as plane:
        with await batchgw.plan(policy(in_accounts("222222222222")), plane=paced(plane)) as plan:
            items = list(plan.items())
    assert not plan.totals.complete
    unread = [item for item in items if isinstance(item, UnreadScope)]
    assert len(unread) == len(items)
    assert {item.scope.region for item in unread} == set(REGIONS)
    for item in unread:
        assert item.code == "CredentialsUnavailable"
        assert "cannot assume arn:aws:iam::222222222222:role/OrganizationBatchgw" in item.message
        assert "user/nobody is not authorized to perform: sts:AssumeRole" in item.message


async def test_each_key_of_ministack_is_an_account_of_its_own(
    only_ministack: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The root of one account is at work. The second account is unchanged."""
    keys = [Keys(access_key_id=account) for account in ("111111111111", "222222222222")]
    first, second = (fleets.launch(only_ministack, each) for each in keys)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    async with connected(only_ministack) as plane:
        assert await plane.current_account() == AccountId("111111111111")
        session = paced(plane)
        with await batchgw.plan(policy(POLICY), plane=session) as plan:
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary = await batchgw.apply(plan, plane=session, journal=journal)
    assert summary.total.applied == WRITES
    assert first.state() == Fleet.after()
    assert second.state() == Fleet.before()


async def test_the_own_account_of_ministack_is_reached_without_the_role(
    only_ministack: Emulator, tmp_path: Path
) -> None:
    fleet = fleets.launch(only_ministack)
    assumed = Assumed()
    aimed = policy(in_accounts(only_ministack.account))
    async with connected(only_ministack, role=ROLE, observer=assumed) as plane:
        session = paced(plane)
        with await batchgw.plan(aimed, plane=session) as plan:
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                await batchgw.apply(plan, plane=session, journal=journal)
    assert fleet.state() == Fleet.after()
    assert assumed.accounts == []
    assert assumed.direct == [only_ministack.account], "told once"
