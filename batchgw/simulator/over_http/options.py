"""What a simulated world over HTTP is made of, as options; and the record that tells clients where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from batchgw.errors import UsageError
from batchgw.simulator.engine import Engine
from batchgw.simulator.operations.service import Service
from batchgw.simulator.traffic import fault_script
from batchgw.simulator.traffic.faults import FaultScript
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import (
    PER_OPERATION,
    TOTAL,
    UNLIMITED,
    Neighbour,
    QuotaRules,
    Quotas,
    Rate,
    Schedule,
    Scoping,
)
from batchgw.simulator.traffic.statistics import Statistics
from batchgw.simulator.traffic.timeline import Timeline
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World

ROLE_NAME = "OrganizationBatchgw"
"""The role that can be assumed in every account, unless another is named."""

_GROWN = Proportions()

WRITE_LOG = 100_000
"""Writes the statistics remember, newest last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """A world, what limits it, and where it is served.

    Attributes:
        apis: REST APIs in all, spread evenly over accounts x regions.
        accounts: how many accounts; the first manages the organisation.
        regions: how many regions every account has.
        customised: share of the APIs that have gateway responses of their own, 0 to 1.
        exempt: share that has the tag batchgw:exempt.
        canary: share that has a canary on prod.
        behind: share whose stages were deployed before they were customised.
        seed: the same seed gives the same world, keys, latencies and faults.
        rate: calls/second each scope takes, all operations together.
        burst: calls at once.
        no_throttle: no quota at all, the operations' own ones included.
        quota_scope: what has its own quota.
        refused_consume: whether a refused call takes a token all the same.
        quota_scale: what the rate of every quota is multiplied with; bursts stay.
        quota_hosts: hosts over which the total is spread, each with its part.
        operation_quota: quotas of operations in the place of AWS's; None for none of its own.
        rate_step: from each of the seconds on, what the total's rate is multiplied with.
        retry_after: seconds that refusals by quota ask to wait; None for refusals that do not say.
        neighbour: calls/second that somebody else makes in every scope.
        neighbour_on: seconds for which they call before they pause; 0 for those who never do.
        neighbour_off: seconds for which they pause.
        latency: median in seconds, 0 for none.
        latency_p99: 99th percentile in seconds.
        faults: a fault script (YAML or JSON).
        denied: accounts whose identities have no API Gateway permission.
        no_auth: let any key pass: a 12-digit one is the account, any other means the first account.
        role_name: the role that can be assumed in every account.
        external_id: what that role asks for, if anything.
        refused_roles: accounts whose role trusts nobody.
        session: seconds a role's credentials live, whatever was asked for; None to grant what was asked for.
        timeline: count calls over time, for plots.
        port: 0 picks a free one.
        max_seconds: stop by itself after that long; None never.
        certfile: certificate chain (PEM) to serve over TLS with.
        keyfile: its private key, when it is in a file of its own.
    """

    apis: int = 600
    accounts: int = 3
    regions: int = 2
    customised: float = _GROWN.customised
    exempt: float = _GROWN.exempt
    canary: float = _GROWN.canary
    behind: float = _GROWN.behind
    seed: int = 7
    rate: float = TOTAL.rate
    burst: float = TOTAL.burst
    no_throttle: bool = False
    quota_scope: Scoping = "account-region"
    refused_consume: bool = False
    quota_scale: float = 1.0
    quota_hosts: int = 1
    operation_quota: Mapping[str, Rate | None] = field(default_factory=dict)
    rate_step: tuple[tuple[float, float], ...] = ()
    retry_after: float | None = None
    neighbour: float = 0.0
    neighbour_on: float = 0.0
    neighbour_off: float = 0.0
    latency: float = 0.11
    latency_p99: float = 0.2
    faults: Path | None = None
    denied: frozenset[str] = frozenset()
    no_auth: bool = False
    role_name: str = ROLE_NAME
    external_id: str | None = None
    refused_roles: frozenset[str] = frozenset()
    session: float | None = None
    timeline: bool = False
    port: int = 0
    max_seconds: float | None = None
    certfile: Path | None = None
    keyfile: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyInfo:
    """Where the world is and how to get in. The keys are worth nothing anywhere else."""

    endpoint: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    keys: Mapping[str, Mapping[str, str]]  # account -> access_key_id, secret_access_key
    role_name: str
    management_account: str
    auth: bool

    def to_json(self) -> dict[str, object]:
        """Render as the one line that is printed when the server is ready."""
        return asdict(self)

    @classmethod
    def of(cls, world: World, options: ServeOptions, endpoint: str) -> ReadyInfo:
        """Describe a world that is served at an endpoint."""
        keys = {account: world.keys.long_term(account) for account in world.accounts}
        return cls(
            endpoint=endpoint,
            accounts=world.accounts,
            regions=world.regions,
            keys={
                account: {"access_key_id": k.access_key_id, "secret_access_key": k.secret_access_key}
                for account, k in keys.items()
            },
            role_name=options.role_name,
            management_account=world.accounts[0],
            auth=not options.no_auth,
        )


def make_engine(options: ServeOptions, world: World | None = None) -> Engine:
    """Make the engine: the world (unless it is given), its quotas, latency and faults.

    Raises UsageError for options that cannot be.
    """
    try:
        return Engine(
            Service(_make_world(options) if world is None else world, trust=_trust(options)),
            quotas=Quotas(_quota_rules(options)),
            latency=Latency(median=options.latency, p99=options.latency_p99, seed=options.seed),
            faults=_fault_script(options),
            statistics=Statistics(write_log=WRITE_LOG, timeline=Timeline() if options.timeline else None),
            denied=options.denied,
            seed=options.seed,
        )
    except ValueError as error:
        raise UsageError(f"No such world can be simulated: {error}.") from None


def _make_world(options: ServeOptions) -> World:
    proportions = Proportions(
        customised=options.customised, exempt=options.exempt, canary=options.canary, behind=options.behind
    )
    return World.generate(
        apis=options.apis,
        accounts=options.accounts,
        regions=options.regions,
        seed=options.seed,
        proportions=proportions,
    )


def _trust(options: ServeOptions) -> Trust:
    ids = {} if options.external_id is None else {options.role_name: options.external_id}
    return Trust(
        roles=frozenset({options.role_name}),
        external_ids=ids,
        refused=options.refused_roles,
        session=options.session,
    )


def _quota_rules(options: ServeOptions) -> QuotaRules:
    if options.no_throttle:
        return UNLIMITED
    if options.quota_scale <= 0:
        raise ValueError(f"quotas can be scaled by what is above 0, not by {options.quota_scale:g}")
    quotas = {**PER_OPERATION, **options.operation_quota}
    return QuotaRules(
        total=Rate(rate=options.rate, burst=options.burst),
        per_operation={operation: rate for operation, rate in quotas.items() if rate is not None},
        scoping=options.quota_scope,
        refusals="consuming" if options.refused_consume else "free",
        retry_after=options.retry_after,
        neighbour=_neighbour(options),
        schedule=Schedule(steps=options.rate_step),
        hosts=options.quota_hosts,
        seed=options.seed,
    ).scaled(options.quota_scale)


def _neighbour(options: ServeOptions) -> Neighbour | None:
    on, off = options.neighbour_on, options.neighbour_off
    if (on > 0) is not (off > 0):
        raise ValueError("a neighbour with pauses needs both, the seconds it is on and the seconds it is off")
    if on > 0 and not options.neighbour:
        raise ValueError("a neighbour with pauses needs some rate, too")
    return Neighbour(rate=options.neighbour, on=on, off=off) if options.neighbour else None


def _fault_script(options: ServeOptions) -> FaultScript | None:
    if options.faults is None:
        return None
    try:
        script = YAML(typ="safe").load(options.faults.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The fault script {options.faults} cannot be read: {error.strerror}.") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"The fault script {options.faults} is neither YAML nor JSON: {error}") from None
    return fault_script.parse(script or [], seed=options.seed)
