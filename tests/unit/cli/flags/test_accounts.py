"""What `--account`, `--exclude-account` and `--region enabled` mean, alone and over a policy's targets."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from batchgw.cli.flags.options import ConnectionFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.errors import UsageError
from batchgw.model import (
    AccountId,
    AccountSelection,
    AccountSelector,
    EnabledRegions,
    OuPattern,
    Region,
    Targets,
)
from batchgw.model.fleet.targets import CURRENT

ONE, TWO = AccountId("111111111111"), AccountId("222222222222")
EVERYTHING = AccountSelection(everything=True)
LISTED = Targets(accounts=(ONE, TWO), regions=(Region("eu-west-1"),))
ORGANIZATION = Targets(
    organization=EVERYTHING, enabled_regions=EnabledRegions(exclude=(Region("us-east-1"),))
)


def ou(text: str) -> AccountSelector:
    return AccountSelector(ou=OuPattern.parse(text))


def of(account: AccountId) -> AccountSelector:
    return AccountSelector(id=account)


def chosen(
    targets: Targets, account: Sequence[str] = (), exclude: Sequence[str] = (), region: Sequence[str] = ()
) -> Targets:
    flags = SelectionFlags(account=[*account], exclude_account=[*exclude], region=[*region])
    return chosen_targets(targets, flags, ConnectionFlags())


MEANINGS: list[tuple[Targets, list[str], list[str], tuple[AccountId, ...], AccountSelection | None]] = [
    (LISTED, [], [], (ONE, TWO), None),
    (LISTED, ["organization"], [], (), EVERYTHING),
    (
        LISTED,
        ["/Prod/**", "ou-ab12-00000001"],
        [],
        (),
        AccountSelection(include=(ou("/Prod/**"), ou("ou-ab12-00000001"))),
    ),
    (LISTED, [ONE, "r-ab12"], [], (), AccountSelection(include=(of(ONE), ou("r-ab12")))),
    (LISTED, [], [TWO], (ONE,), None),
    (LISTED, [], ["/Sandbox"], (), AccountSelection(include=(of(ONE), of(TWO)), exclude=(ou("/Sandbox"),))),
    (
        LISTED,
        ["organization"],
        [ONE, "/Prod"],
        (),
        AccountSelection(everything=True, exclude=(of(ONE), ou("/Prod"))),
    ),
    (ORGANIZATION, [], ["current"], (), AccountSelection(everything=True, exclude=(of(CURRENT),))),
    (ORGANIZATION, [ONE, "current"], [], (ONE, CURRENT), None),
    (ORGANIZATION, ["current"], [], (), None),
]


@pytest.mark.parametrize(("targets", "account", "exclude", "accounts", "organization"), MEANINGS)
def test_accounts_are_a_list_or_a_part_of_the_organisation(
    targets: Targets,
    account: list[str],
    exclude: list[str],
    accounts: tuple[AccountId, ...],
    organization: AccountSelection | None,
) -> None:
    found = chosen(targets, account, exclude)
    assert (found.accounts, found.organization) == (accounts, organization)


def test_a_selector_says_which_flag_or_variable_it_is_from(monkeypatch: pytest.MonkeyPatch) -> None:
    found = chosen(LISTED, ["/Prod"]).organization
    assert found is not None
    assert found.include[0].where == "--account"
    monkeypatch.setenv("BATCHGW_ACCOUNT", "/Prod")
    found = chosen(LISTED, ["/Prod"]).organization
    assert found is not None
    assert found.include[0].where == "BATCHGW_ACCOUNT"


def test_enabled_regions_are_each_accounts_own() -> None:
    """What the policy says of their order, and which to leave out, stays."""
    assert chosen(LISTED, region=["enabled"]).enabled_regions == EnabledRegions()
    assert chosen(LISTED, region=["enabled"]).regions == ()
    assert chosen(ORGANIZATION, region=["enabled"]) == ORGANIZATION
    listed = chosen(ORGANIZATION, region=["eu-west-1"])
    assert (listed.regions, listed.enabled_regions) == (("eu-west-1",), None)


@pytest.mark.parametrize(
    ("account", "exclude", "region", "said"),
    [
        (["prod"], [], [], "--account prod is not twelve digits, and not `current`, `organization`, the id"),
        (["organization", "/Prod"], [], [], "--account organization means every account: leave out /Prod"),
        ([], ["organization"], [], "--exclude-account leaves out every account"),
        ([], [ONE, TWO], [], "--exclude-account leaves out every account"),
        ([], ["333333333333"], [], "--exclude-account 333333333333: not among the accounts"),
        ([], ["ou-1"], [], "--exclude-account ou-1 is not twelve digits"),
        (["current"], [ONE], [], "--exclude-account needs accounts"),
        ([], [], ["enabled", "eu-west-1"], "--region enabled means all that an account has enabled"),
    ],
)
def test_what_cannot_be_meant_is_said(
    account: list[str], exclude: list[str], region: list[str], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(LISTED, account, exclude, region)
    assert said in str(caught.value)
