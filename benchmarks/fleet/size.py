"""How large an organisation is, and the ids in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batchgw.model import ResponseType, Settings
from batchgw.policy.loader import load_policy
from batchgw.simulator.world.organization.regions import REGIONS
from batchgw.simulator.world.world import account_id

ROLE = "batchgw"
"""The role in every account."""

POLICY = "version: 1\nuse: [cors, security-headers]\n"
"""What every API is to be. The server's answers follow from it, so that most APIs are as desired."""

OF, AS_WANTED = 15, 11
"""Of fifteen REST APIs so many are as the policy wants them: the first ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """An organisation: each of its accounts has `apis` REST APIs in each of some regions."""

    accounts: int
    regions: int
    apis: int

    @property
    def scopes(self) -> int:
        """The number of account-regions."""
        return self.accounts * self.regions

    @property
    def reads(self) -> int:
        """Calls of a check: a page of REST APIs in each account-region, and the responses of each API."""
        return self.scopes * (1 + self.apis)

    @property
    def drifted(self) -> int:
        """How many REST APIs are not as the policy wants them."""
        return self.scopes * sum(number % OF >= AS_WANTED for number in range(self.apis))

    @property
    def account_ids(self) -> Sequence[str]:
        """The ids of the accounts. None of them is that of the base credentials."""
        return [account_id(1 + number) for number in range(self.accounts)]

    @property
    def region_names(self) -> Sequence[str]:
        """The names of the regions."""
        return REGIONS[: self.regions]

    def arguments(self) -> list[str]:
        """The size for another process's command line."""
        return [str(self.accounts), str(self.regions), str(self.apis)]

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> Size:
        """Read what `arguments` gave."""
        accounts, regions, apis = map(int, arguments)
        return cls(accounts=accounts, regions=regions, apis=apis)


def wanted() -> Mapping[ResponseType, Settings]:
    """What the policy customises."""
    rules = load_policy("policy.yaml", text=POLICY).policy.desired.rules
    return {kind: rule.settings for kind, rule in rules.items() if rule.settings is not None}


def keys(account: str) -> dict[str, str]:
    """The keys of an account's role, as boto3 names them. Their id tells the server the account."""
    return {
        "aws_access_key_id": f"ASIA{account}",
        "aws_secret_access_key": "s" * 40,
        "aws_session_token": "t" * 360,
    }
