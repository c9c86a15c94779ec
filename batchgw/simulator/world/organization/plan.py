"""An organisation as it is at the start, as plain records: what a file says, or what is generated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from batchgw.simulator.world.organization.changes import ChangeRegion, ScheduledChange
from batchgw.simulator.world.organization.paths import Names
from batchgw.simulator.world.organization.regions import RegionStatus
from batchgw.simulator.world.organization.states import AccountState

PathsForm = Literal["account", "parent", "none"]
"""How `Paths` of an account ends: with the account's own id, with that of its OU; or it is not there."""

PATHS_FORMS: Final[tuple[PathsForm, ...]] = get_args(PathsForm)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlan:
    """An account.

    Attributes:
        id: twelve digits.
        name: what the organisation calls it.
        ou: where it stands; empty under the root.
        state: of the account.
        tags: of the account, as Organizations has them.
        regions: what is otherwise than in the other accounts.
        member: whether it is in the organisation at the start. One that is not can join later.
    """

    id: str
    name: str
    ou: Names = ()
    state: AccountState = "ACTIVE"
    tags: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, RegionStatus] = field(default_factory=dict)
    member: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForm:
    """How Organizations answers, which differs by endpoint and by time.

    Attributes:
        state: whether an account has `State`. Older endpoints have none.
        status: whether it has `Status`, which is due to disappear.
        paths: whether it has `Paths`, and how they end. OUs then have `Path`.
        empty_pages: whether an empty page with a token comes before each page that has something in it.
    """

    state: bool = True
    status: bool = True
    paths: PathsForm = "account"
    empty_pages: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationPlan:
    """An organisation.

    Attributes:
        accounts: of the world, members or not; none of them twice.
        management: the account that manages it; "" means the first one.
        ous: OUs there are beside those that accounts stand in.
        regions: that every account has, unless it says otherwise.
        delegated: accounts that may ask Organizations and Account Management as the management account may.
        trusted_access: whether Account Management answers about other accounts.
        form: how Organizations answers.
        changes: what changes in it, and when.
    """

    accounts: tuple[AccountPlan, ...]
    regions: tuple[str, ...]
    management: str = ""
    ous: tuple[Names, ...] = ()
    delegated: frozenset[str] = frozenset()
    trusted_access: bool = True
    form: AnswerForm = field(default_factory=AnswerForm)
    changes: tuple[ScheduledChange, ...] = ()

    @property
    def all_regions(self) -> tuple[str, ...]:
        """The regions that some account has, or may have at some time: those that are named anywhere."""
        own = (region for account in self.accounts for region in account.regions)
        later = (c.change.region for c in self.changes if isinstance(c.change, ChangeRegion))
        return tuple(dict.fromkeys((*self.regions, *own, *later)))


def flat(
    accounts: Sequence[str],
    regions: Sequence[str],
    *,
    disabled: Iterable[tuple[str, str]] = (),
    states: Mapping[str, AccountState] | None = None,
) -> OrganizationPlan:
    """Make an organisation without OUs, its accounts called account-1 and so on.

    `disabled` are (account, region) pairs that are off, `states` those of accounts that are not ACTIVE.
    """
    off: dict[str, dict[str, RegionStatus]] = {}
    for account, region in disabled:
        off.setdefault(account, {})[region] = "DISABLED"
    return OrganizationPlan(
        accounts=tuple(
            AccountPlan(
                id=account,
                name=f"account-{number}",
                state=(states or {}).get(account, "ACTIVE"),
                regions=off.get(account, {}),
            )
            for number, account in enumerate(accounts, start=1)
        ),
        regions=tuple(regions),
    )
