"""Generated APIs as they were at the start, computed from the seed and a number at each call.

The proportions are those of an organisation that grew: most APIs have nothing customised, some have CORS
headers on one family, a few have an error format of their own. Some are not tagged, and some stages serve an
older configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from batchgw.model import ResponseType, Settings
from batchgw.simulator.world.api_state import Attributes, Canary, Deployment, Detail, Resource, Stage
from batchgw.simulator.world.customisation import NOTHING, Customisation, customisation
from batchgw.simulator.world.identifiers import Identifiers, mixed
from batchgw.simulator.world.owners import KINDS, Owner

EPOCH = 1_577_836_800.0
"""The oldest API was created on 2020-01-01."""

_SPAN = 5 * 365 * 86_400  # seconds over which a scope's APIs were created

_DOMAINS = (
    "orders", "payments", "customers", "catalog", "shipping", "billing", "search", "identity",
    "inventory", "reports", "partners", "notifications", "pricing", "returns", "loyalty", "fraud",
)  # fmt: skip
_KINDS = ("api", "service", "gateway", "webhooks", "bff", "v2")
_TEAMS = ("checkout", "platform", "growth", "logistics", "finance", "data", "mobile", "core")
_TIERS = ("public", "public", "public", "internal", "internal", "partner")
_ENDPOINTS = ("REGIONAL",) * 16 + ("EDGE",) * 3 + ("PRIVATE",)
_LAYOUTS = (("prod",),) * 10 + (("dev", "prod"),) * 5 + (("test", "prod"),) * 3 + ((),) * 2

_CORS = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}
_ENVELOPE = {
    "application/json": '{"error":{"message":$context.error.messageString,"id":"$context.requestId"}}'
}

CUSTOMISED: tuple[Customisation, ...] = (
    customisation({ResponseType.DEFAULT_4XX: Settings(parameters=_CORS)}),
    customisation(
        {t: Settings(parameters=_CORS) for t in (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX)}
    ),
    customisation(
        {
            ResponseType.UNAUTHORIZED: Settings(
                status_code="401", parameters={"gatewayresponse.header.WWW-Authenticate": "'Bearer'"}
            )
        }
    ),
    customisation(
        {ResponseType.MISSING_AUTHENTICATION_TOKEN: Settings(status_code="404", templates=_ENVELOPE)}
    ),
    customisation(
        {
            ResponseType.DEFAULT_4XX: Settings(parameters=_CORS, templates=_ENVELOPE),
            ResponseType.DEFAULT_5XX: Settings(parameters=_CORS, templates=_ENVELOPE),
            ResponseType.THROTTLED: Settings(parameters={"gatewayresponse.header.Retry-After": "'1'"}),
        }
    ),
    customisation({ResponseType.ACCESS_DENIED: Settings(status_code="404")}),
)
"""The ways in which generated APIs are customised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportions:
    """Shares in 0..1 of a scope's APIs.

    `customised` have gateway responses of their own, `exempt` the tag batchgw:exempt, `canary` a canary on
    prod, `behind` stages deployed before the customisation was made, `owned` a tool that manages them.
    """

    customised: float = 0.3
    exempt: float = 0.02
    canary: float = 0.02
    behind: float = 0.1
    owned: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.customised, self.exempt, self.canary, self.behind, self.owned)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"shares must be between 0 and 1: {self}")


class GeneratedApi:
    """One generated API, as it was before anybody changed it. It is computed, not stored."""

    def __init__(
        self,
        *,
        seed: int,
        number: int,
        index: int,
        of: int,
        proportions: Proportions,
        account: str = "",
        region: str = "",
    ) -> None:
        """`number` is the API's in the world, `index` in its scope of `of` generated APIs."""
        self._bits = mixed(seed, number)
        self._number = number
        self._index = index
        self._of = max(of, 1)
        self._proportions = proportions
        self._account = account
        self._region = region

    def _pick(self, what: int, options: int) -> int:
        return mixed(self._bits, what) % options

    def _happens(self, what: int, share: float) -> bool:
        return mixed(self._bits, what) < share * 2**64

    @property
    def name(self) -> str:
        """Such as orders-api-0017."""
        domain = _DOMAINS[self._pick(1, len(_DOMAINS))]
        return f"{domain}-{_KINDS[self._pick(2, len(_KINDS))]}-{self._index + 1:04d}"

    @property
    def created(self) -> float:
        """Seconds since the epoch, rising with the index."""
        return EPOCH + self._index * _SPAN // self._of + self._pick(3, max(_SPAN // self._of, 1))

    @property
    def owner(self) -> Owner | None:
        """What manages it; None for nothing that could be told."""
        share = self._proportions.owned
        if not share or not self._happens(14, share):
            return None
        return Owner(
            kind=KINDS[self._pick(15, len(KINDS))],
            api=self.name,
            account=self._account,
            region=self._region,
            bits=self._bits,
        )

    @property
    def tags(self) -> Mapping[str, str]:
        """Tier and team for most, nothing for a few; and what its owner puts on it."""
        owner = self.owner
        if owner is None:
            return self._own_tags
        return {**self._own_tags, **owner.tags}

    @property
    def _own_tags(self) -> Mapping[str, str]:
        if self._happens(4, 0.04):
            return MappingProxyType({})
        tags = {"tier": _TIERS[self._pick(5, len(_TIERS))], "team": _TEAMS[self._pick(6, len(_TEAMS))]}
        if self._happens(7, self._proportions.exempt):
            tags["batchgw:exempt"] = "true"
        return tags

    @property
    def endpoint_type(self) -> str:
        """REGIONAL, EDGE or PRIVATE."""
        return _ENDPOINTS[self._pick(8, len(_ENDPOINTS))]

    @property
    def customisation(self) -> Customisation:
        """Its gateway responses at the start."""
        if not self._happens(9, self._proportions.customised):
            return NOTHING
        return CUSTOMISED[self._pick(10, len(CUSTOMISED))]

    @property
    def attributes(self) -> Attributes:
        """What GetRestApi answers."""
        endpoint = self.endpoint_type
        return Attributes(
            name=self.name,
            created=self.created,
            description=f"Generated API {self._index + 1}",
            tags=self.tags,
            endpoint_type=endpoint,
            ip_address_type="dualstack" if endpoint == "PRIVATE" else "ipv4",
        )

    def detail(self, root: str, inner: Identifiers) -> Detail:
        """Resources, deployments and stages. `inner` numbers what is inside."""
        return _Inside(self, root, inner).detail

    def inner_number(self, count: int) -> int:
        """Where the API's `count`-th inner id lies in the space of inner ids."""
        return self._bits + count

    @property
    def layout(self) -> tuple[str, ...]:
        """Names of its stages."""
        return _LAYOUTS[self._pick(11, len(_LAYOUTS))]

    @property
    def has_canary(self) -> bool:
        """Whether prod runs a canary."""
        return self._happens(12, self._proportions.canary)

    @property
    def is_behind(self) -> bool:
        """Whether its stages were deployed before it was customised."""
        return self._happens(13, self._proportions.behind)


class _Inside:
    """The resources, deployments and stages of a generated API: two mocks, a deployment per stage."""

    def __init__(self, birth: GeneratedApi, root: str, inner: Identifiers) -> None:
        self._birth = birth
        self._root = root
        self._inner = inner
        self._numbered = 0

    def _id(self) -> str:
        self._numbered += 1
        return self._inner.of(self._birth.inner_number(self._numbered))

    @cached_property
    def detail(self) -> Detail:
        birth = self._birth
        items = birth.name.partition("-")[0]
        child = Resource(
            id=self._id(), path=f"/{items}", parent=self._root, part=items, methods=_mock("GET", "POST")
        )
        root = Resource(id=self._root, path="/", methods=_mock("GET"))
        detail = Detail(
            attributes=birth.attributes, root=self._root, resources={r.id: r for r in (root, child)}
        )
        for age, stage in enumerate(birth.layout, start=1):
            self._deploy(detail, stage, birth.created + age * 86_400)
        detail.numbered = self._numbered
        return detail

    def _deploy(self, detail: Detail, stage: str, when: float) -> None:
        birth = self._birth
        deployment = Deployment(
            id=self._id(),
            created=when,
            gateway_responses=NOTHING if birth.is_behind else birth.customisation,
            paths=detail.paths,
            attributes=detail.attributes,
            description=None if birth.owner is None else birth.owner.deployment_description,
        )
        detail.deployments[deployment.id] = deployment
        canary = None
        if stage == "prod" and birth.has_canary:
            canary = Canary(deployment=deployment.id, percent=10.0)
        detail.stages[stage] = Stage(
            name=stage, deployment=deployment.id, created=when, updated=when, canary=canary
        )


def _mock(*verbs: str) -> dict[str, dict[str, object]]:
    return {
        verb: {
            "httpMethod": verb,
            "authorizationType": "NONE",
            "apiKeyRequired": False,
            "methodIntegration": {
                "type": "MOCK",
                "passthroughBehavior": "WHEN_NO_MATCH",
                "timeoutInMillis": 29000,
            },
        }
        for verb in verbs
    }
