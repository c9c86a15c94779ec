"""A simulated world: accounts x regions, and the REST APIs in them. The same seed gives the same world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.customisation_pool import CustomisationPool
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.identifiers import Identifiers
from batchgw.simulator.world.keys import KeyRing
from batchgw.simulator.world.scope_apis import ScopeApis

REGIONS = (
    "eu-west-1", "us-east-1", "eu-central-1", "us-west-2", "ap-southeast-1", "ap-northeast-1", "us-east-2",
    "eu-west-2", "ap-south-1", "ca-central-1", "eu-north-1", "sa-east-1", "ap-southeast-2", "eu-west-3",
    "us-west-1", "ap-northeast-2", "ap-northeast-3",
)  # fmt: skip
"""Regions in the order in which a world takes them: the 17 that are enabled in every account."""


class World:
    """Accounts, regions and their APIs, isolated from one another.

    Attributes:
        accounts: ids; the first is the organisation's management account.
        regions: the regions every account has, unless it is in `disabled`.
        seed: decides everything that is generated.
        keys: the accounts' access keys.
        disabled: (account, region) pairs that are not enabled.
        account_status: ListAccounts' status of accounts that are not ACTIVE.
    """

    def __init__(
        self,
        *,
        accounts: Sequence[str],
        regions: Sequence[str],
        apis: int = 0,
        seed: int = 7,
        proportions: Proportions | None = None,
        disabled: frozenset[tuple[str, str]] = frozenset(),
        account_status: Mapping[str, str] | None = None,
    ) -> None:
        """`apis` are spread evenly over accounts x regions; the first scopes take the remainder."""
        if not accounts or not regions or apis < 0:
            raise ValueError("a world needs accounts, regions, and a number of APIs that is not negative")
        self.accounts = tuple(accounts)
        self.regions = tuple(regions)
        self.seed = seed
        self.keys = KeyRing(self.accounts, seed=seed)
        self.disabled = disabled
        self.account_status = dict(account_status or {})
        self._scopes = self._make_scopes(apis, proportions or Proportions())

    @classmethod
    def generate(
        cls,
        *,
        apis: int = 600,
        accounts: int = 3,
        regions: int = 2,
        seed: int = 7,
        proportions: Proportions | None = None,
    ) -> World:
        """Make a world of `apis` REST APIs in all. Raises ValueError for more regions than there are."""
        if not 1 <= regions <= len(REGIONS):
            raise ValueError(f"between 1 and {len(REGIONS)} regions can be simulated, not {regions}")
        return cls(
            accounts=[account_id(n) for n in range(accounts)],
            regions=REGIONS[:regions],
            apis=apis,
            seed=seed,
            proportions=proportions,
        )

    @classmethod
    def empty(
        cls,
        *,
        accounts: Sequence[str] = ("111111111111",),
        regions: Sequence[str] = ("eu-west-1",),
        seed: int = 7,
    ) -> World:
        """Make a world without APIs."""
        return cls(accounts=accounts, regions=regions, seed=seed)

    def __len__(self) -> int:
        return sum(len(apis) for apis in self._scopes.values())

    def scopes(self) -> Iterator[ScopeApis]:
        """Every account in every region, account by account."""
        return iter(self._scopes.values())

    def scope(self, account: str, region: str) -> ScopeApis:
        """The APIs of an account in a region.

        Raises:
            ServiceFault: the account is unknown, or has not enabled the region; AWS does not tell which.
        """
        apis = self._scopes.get((account, region))
        if apis is None or (account, region) in self.disabled:
            raise ServiceFault(
                "UnrecognizedClientException",
                403,
                "The security token included in the request is invalid.",
                modelled=False,
            )
        return apis

    def _make_scopes(self, apis: int, proportions: Proportions) -> dict[tuple[str, str], ScopeApis]:
        scopes = [(account, region) for account in self.accounts for region in self.regions]
        share, rest = divmod(apis, len(scopes))
        ids = Identifiers(length=10, seed=self.seed)
        pool = CustomisationPool()
        return {
            (account, region): ScopeApis(
                account=account,
                region=region,
                index=index,
                generated=share + (index < rest),
                seed=self.seed,
                ids=ids,
                proportions=proportions,
                pool=pool,
            )
            for index, (account, region) in enumerate(scopes)
        }


def account_id(number: int) -> str:
    """Account ids by number, from 0: 111111111111, 222222222222, ... then 100000000010, ..."""
    return str(number + 1) * 12 if number < 9 else f"1{number + 1:011d}"  # noqa: PLR2004 - one digit
