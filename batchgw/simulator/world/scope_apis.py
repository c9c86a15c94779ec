"""One account in one region: its REST APIs.

Only changes are stored; the rest is computed from the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from batchgw.simulator.reply import not_found
from batchgw.simulator.world.api_state import Attributes, Detail, Resource
from batchgw.simulator.world.customisation import NOTHING, Customisation
from batchgw.simulator.world.customisation_pool import CustomisationPool, CustomisationsByApi
from batchgw.simulator.world.generated import GeneratedApi, Proportions
from batchgw.simulator.world.identifiers import Identifiers, mixed
from batchgw.simulator.world.owners import Owner, StackResource

CAPACITY = 10_000_000
"""APIs that a scope can have. So API ids of different scopes are never equal."""


class ScopeApis:
    """REST APIs by number in the order of creation: first the generated ones, then those created since.

    A number is an API's index in its scope. `require` and `numbers` give numbers.
    """

    def __init__(
        self,
        *,
        account: str,
        region: str,
        index: int,
        generated: int = 0,
        seed: int = 0,
        ids: Identifiers,
        proportions: Proportions,
        pool: CustomisationPool,
    ) -> None:
        """`index` is the scope's in the world, `ids` are the world's API ids, `pool` its customisations."""
        if generated > CAPACITY:
            raise ValueError(f"a scope has at most {CAPACITY} APIs, not {generated}")
        self.account = account
        self.region = region
        self._first = index * CAPACITY
        self._generated = generated
        self._next = generated
        self._seed = seed
        self._ids = ids
        self._roots = Identifiers(length=10, seed=mixed(seed, 1))
        self._inner = Identifiers(length=6, seed=mixed(seed, 2))
        self._proportions = proportions
        self._customised = CustomisationsByApi(pool, expected=generated)
        self._details: dict[int, Detail] = {}
        self._deleted: set[int] = set()
        self._unwritten: set[int] = set()  # APIs whose customisation is not changed, whatever is put

    def __len__(self) -> int:
        return self._next - len(self._deleted)

    def require(self, api: str) -> int:
        """The API's number. Raises the service's refusal when there is none of that id."""
        found = self._ids.number(api)
        number = -1 if found is None else found - self._first
        if not 0 <= number < self._next or number in self._deleted:
            raise not_found(f"Invalid API identifier specified {self.account}:{api}")
        return number

    def numbers(self, start: int = 0) -> Iterator[int]:
        """Numbers of the APIs there are, from `start` on."""
        return (n for n in range(start, self._next) if n not in self._deleted)

    def id(self, number: int) -> str:
        """The API's id."""
        return self._ids.of(self._first + number)

    def customisation(self, number: int) -> Customisation:
        """The API's own gateway responses."""
        found = self._customised.get(number)
        if found is not None:
            return found
        return self._generated_api(number).customisation if number < self._generated else NOTHING

    def customise(self, number: int, customisation: Customisation) -> None:
        """Put other gateway responses in the place of the API's own."""
        if number not in self._unwritten:
            self._customised.set(number, customisation)

    @contextmanager
    def not_writing(self, number: int) -> Iterator[None]:
        """Ignore changes of an API's customisation inside the block, without an error."""
        self._unwritten.add(number)
        try:
            yield
        finally:
            self._unwritten.discard(number)

    def attributes(self, number: int) -> Attributes:
        """What GetRestApi answers."""
        detail = self._details.get(number)
        return self._generated_api(number).attributes if detail is None else detail.attributes

    def owner(self, number: int) -> Owner | None:
        """What manages the API; None for one that was created since, or that nothing manages."""
        return self._generated_api(number).owner if number < self._generated else None

    def stack_resources(self, number: int) -> tuple[StackResource, ...]:
        """All resources of the stack that the API belongs to; none without a stack."""
        owner = self.owner(number)
        if owner is None or owner.stack is None:
            return ()
        born = self._generated_api(number).detail(self.root(number), self._inner)
        return owner.resources(
            self.id(number), {name: stage.deployment for name, stage in born.stages.items()}
        )

    def root(self, number: int) -> str:
        """The id of its root resource."""
        return self._roots.of(self._first + number)

    def detail(self, number: int) -> Detail:
        """Resources, deployments and stages. Call `keep` after a change; before, they are computed."""
        found = self._details.get(number)
        return self._generated_api(number).detail(self.root(number), self._inner) if found is None else found

    def keep(self, number: int, detail: Detail) -> None:
        """Store changed resources, deployments and stages."""
        self._details[number] = detail

    def inner_id(self, number: int, detail: Detail) -> str:
        """A new id inside the API (a deployment, a resource)."""
        detail.numbered += 1
        return self._inner.of(self._generated_api(number).inner_number(detail.numbered))

    def create(self, attributes: Attributes) -> int:
        """Add an API without methods; return its number."""
        number = self._next
        self._next += 1
        root = self.root(number)
        self.keep(
            number, Detail(attributes=attributes, root=root, resources={root: Resource(id=root, path="/")})
        )
        return number

    def delete(self, number: int) -> None:
        """Take an API away for good."""
        self._deleted.add(number)
        self._customised.clear(number)
        self._details.pop(number, None)

    def _generated_api(self, number: int) -> GeneratedApi:
        return GeneratedApi(
            seed=self._seed,
            number=self._first + number,
            index=number,
            of=self._generated,
            proportions=self._proportions,
            account=self.account,
            region=self.region,
        )
