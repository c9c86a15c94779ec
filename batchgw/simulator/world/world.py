"""A simulated world: accounts x regions, and the REST APIs in them. The same seed gives the same world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.service_models import partition
from batchgw.simulator.world.customisation_pool import CustomisationPool
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.identifiers import Identifiers
from batchgw.simulator.world.keys import KeyRing
from batchgw.simulator.world.organization.organization import Organization
from batchgw.simulator.world.organization.plan import OrganizationPlan, flat
from batchgw.simulator.world.organization.regions import first_regions
from batchgw.simulator.world.organization.states import AccountState
from batchgw.simulator.world.scope_apis import CAPACITY, ScopeApis
from batchgw.simulator.world.signals.script import Signals


class World:
    """Accounts, regions and their APIs, isolated from one another.

    Attributes:
        accounts: ids of all there are.
        regions: where some account has APIs; which of them an account has, its organisation knows.
        seed: decides everything that is generated.
        keys: the accounts' access keys.
        organization: who is where in it; all accounts right under its root, unless it is given.
        signals: what CloudWatch and Systems Manager say; nothing, until it is scripted.
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
        account_status: Mapping[str, AccountState] | None = None,
        organization: OrganizationPlan | None = None,
    ) -> None:
        """`apis` are spread evenly over accounts x regions; the first scopes take the remainder.

        `disabled` are (account, region) pairs that are off, `account_status` the states of accounts that are
        not ACTIVE. An `organization` says both itself. Its accounts and regions are the world's, and `apis`
        are spread over the regions that are on. Raises ValueError for a world that cannot be.
        """
        plan = organization or flat(accounts, regions, disabled=disabled, states=account_status)
        self.accounts = tuple(account.id for account in plan.accounts)
        self.regions = plan.all_regions
        if not self.accounts or not self.regions or apis < 0:
            raise ValueError("a world needs accounts, regions, and a number of APIs that is not negative")
        self.seed = seed
        self.keys = KeyRing(self.accounts, seed=seed, partition=partition(self.regions[0]))
        self.organization = Organization(plan, seed=seed)
        self.signals = Signals()
        everywhere = [(account, region) for account in self.accounts for region in self.regions]
        settled = [scope for scope in everywhere if organization is None or self.organization.is_on(*scope)]
        self._ids = Identifiers(length=10, seed=self.seed)
        self._scopes = self._make_scopes(everywhere, settled, apis, proportions or Proportions())
        self._in_order = tuple(self._scopes.values())

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
        return cls(
            accounts=[account_id(n) for n in range(accounts)],
            regions=first_regions(regions),
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

    @classmethod
    def organized(
        cls,
        plan: OrganizationPlan,
        *,
        apis: int = 0,
        seed: int = 7,
        proportions: Proportions | None = None,
    ) -> World:
        """Make a world of an organisation's accounts and regions. Raises ValueError if it cannot be."""
        return cls(accounts=(), regions=(), apis=apis, seed=seed, proportions=proportions, organization=plan)

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
        if apis is None or not self.organization.is_on(account, region):
            raise ServiceFault(
                "UnrecognizedClientException",
                403,
                "The security token included in the request is invalid.",
                modelled=False,
            )
        return apis

    def tags(self, account: str, region: str, api: str) -> Mapping[str, str]:
        """Give the tags of an API; none where there is no such API."""
        try:
            apis = self.scope(account, region)
            return apis.attributes(apis.require(api)).tags
        except ServiceFault:
            return {}

    def home(self, api: str) -> ScopeApis | None:
        """Give the scope in which an API of that id is, was or could be; None for no id of this world."""
        number = self._ids.number(api)
        index = -1 if number is None else number // CAPACITY
        return self._in_order[index] if 0 <= index < len(self._in_order) else None

    def _make_scopes(
        self,
        scopes: Sequence[tuple[str, str]],
        settled: Sequence[tuple[str, str]],
        apis: int,
        proportions: Proportions,
    ) -> dict[tuple[str, str], ScopeApis]:
        """Make all scopes, and spread the APIs over the `settled` ones."""
        share, rest = divmod(apis, max(len(settled), 1))
        counts = {scope: share + (place < rest) for place, scope in enumerate(settled)}
        pool = CustomisationPool()
        return {
            (account, region): ScopeApis(
                account=account,
                region=region,
                index=index,
                generated=counts.get((account, region), 0),
                seed=self.seed,
                ids=self._ids,
                proportions=proportions,
                pool=pool,
            )
            for index, (account, region) in enumerate(scopes)
        }


def account_id(number: int) -> str:
    """Account ids by number, from 0: 111111111111, 222222222222, ... then 100000000010, ..."""
    return str(number + 1) * 12 if number < 9 else f"1{number + 1:011d}"  # noqa: PLR2004 - one digit
