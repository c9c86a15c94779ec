"""An organisation for any number of accounts, such as one that grew: the same number gives the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from batchgw.simulator.world.organization.paths import names_of
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.organization.regions import RegionStatus
from batchgw.simulator.world.organization.states import AccountState

_OUS: Final = tuple(
    names_of(path)
    for path in (
        "/Prod",
        "/Prod/Payments",
        r"/Prod/Payments/Cards\/Wallets",
        r"/Prod/Payments/Cards\/Wallets/EU West",
        r"/Prod/Payments/Cards\/Wallets/EU West/Blue",
        "/Prod/Orders",
        "/Non Prod",
        "/Non Prod/Test",
        "/Sandbox",
    )
)
_TEAMS = ("checkout", "platform", "growth", "logistics", "finance")
_NOT_ACTIVE: Final[dict[int, AccountState]] = {
    13: "SUSPENDED",
    17: "CLOSED",
    19: "PENDING_CLOSURE",
    23: "PENDING_ACTIVATION",
}
"""Every 13th account is suspended, and so on."""

_OPTED: Final[dict[int, RegionStatus]] = {11: "ENABLING", 10: "DISABLING", 4: "ENABLED"}
"""Every 4th account has opted in to one more region, every 10th is leaving it, every 11th is entering it."""

_MORE = "eu-south-1"


def generated(accounts: Sequence[str], regions: Sequence[str]) -> OrganizationPlan:
    """Make an organisation of accounts, the first of which manages it.

    The others stand in OUs nested up to five deep, with slashes and spaces in their names. Most have tags.
    Some are not ACTIVE, and some have one region more than `regions`. Another OU is empty.
    """
    return OrganizationPlan(
        accounts=tuple(_account(number, account) for number, account in enumerate(accounts)),
        regions=tuple(regions),
        ous=(names_of("/Former"),),
    )


def _account(number: int, account: str) -> AccountPlan:
    if number == 0:
        return AccountPlan(id=account, name="management")
    ou = _OUS[number % len(_OUS)]
    team = _TEAMS[number % len(_TEAMS)]
    region = next((status for every, status in _OPTED.items() if number % every == 0), None)
    return AccountPlan(
        id=account,
        name=f"{team}-{number:04d}",
        ou=ou,
        state=next((state for every, state in _NOT_ACTIVE.items() if number % every == 0), "ACTIVE"),
        tags={} if number % 7 == 0 else {"team": team, "stage": ou[0]},
        regions={} if region is None else {_MORE: region},
    )
