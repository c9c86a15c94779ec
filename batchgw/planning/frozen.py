"""What was known of accounts and their regions when a plan was made, kept with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from batchgw.model import Account, AccountId
from batchgw.model.shape import JSON, items, moment, record, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenAccounts:
    """The accounts that were meant, as the organisation described them.

    Attributes:
        accounts: by their ids; none where the organisation was not asked.
        regions: who said which regions an account has enabled, such as "account:ListRegions".
        as_of: when the organisation was asked, in seconds since the epoch; None where it was not.
    """

    accounts: Mapping[AccountId, Account] = field(default_factory=dict)
    regions: Mapping[AccountId, str] = field(default_factory=dict)
    as_of: float | None = None

    def to_json(self) -> dict[str, JSON]:
        """Render for machines, without what there is none of."""
        found: dict[str, JSON] = {
            "accounts": [_account_to_json(account) for account in self.accounts.values()],
            "regions": {str(account): who for account, who in self.regions.items()},
            "as_of": self.as_of,
        }
        return {key: value for key, value in found.items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> FrozenAccounts:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        accounts = [_account(record(each)) for each in items(data.get("accounts", []))]
        as_of = data.get("as_of")
        return cls(
            accounts={account.id: account for account in accounts},
            regions={AccountId(key): value for key, value in texts(data.get("regions", {})).items()},
            as_of=None if as_of is None else moment(as_of),
        )


def _account_to_json(account: Account) -> dict[str, JSON]:
    """Render an account, with its tags where somebody asked for them: rules may have."""
    return {**account.to_json(), **({} if account.tags is None else {"tags": dict(account.tags)})}


def _account(data: Mapping[str, JSON]) -> Account:
    tags = data.get("tags")
    return replace(Account.from_json(data), tags=None if tags is None else texts(tags))
