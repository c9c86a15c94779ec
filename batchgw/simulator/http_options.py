"""What a simulated world over HTTP is made of, as options; and the record that tells clients where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from batchgw.errors import UsageError
from batchgw.simulator import fault_script
from batchgw.simulator.engine import Engine
from batchgw.simulator.faults import FaultScript
from batchgw.simulator.latency import Latency
from batchgw.simulator.quota import TOTAL, UNLIMITED, Neighbour, QuotaRules, Quotas, Rate, Scoping
from batchgw.simulator.service import Service
from batchgw.simulator.statistics import Statistics
from batchgw.simulator.sts import Trust
from batchgw.simulator.world import World

ROLE_NAME = "OrganizationBatchgw"
"""The role that can be assumed in every account, unless another is named."""

WRITE_LOG = 100_000
"""Writes the statistics remember, newest last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """A world, what limits it, and where it is served.

    Attributes:
        apis: REST APIs in all, spread evenly over accounts x regions.
        accounts: how many accounts; the first manages the organisation.
        regions: how many regions every account has.
        seed: the same seed gives the same world, keys, latencies and faults.
        rate: calls/second each scope takes, all operations together.
        burst: calls at once.
        no_throttle: no quota at all, the operations' own ones included.
        quota_scope: what has its own quota.
        refused_consume: whether a refused call takes a token all the same.
        neighbour: calls/second that somebody else makes in every scope.
        latency: median in seconds, 0 for none.
        latency_p99: 99th percentile in seconds.
        faults: a fault script (YAML or JSON).
        denied: accounts whose identities have no API Gateway permission.
        no_auth: let any key pass: a 12-digit one is the account, any other means the first account.
        role_name: the role that can be assumed in every account.
        external_id: what that role asks for, if anything.
        refused_roles: accounts whose role trusts nobody.
        session: seconds a role's credentials live, whatever was asked for; None to grant what was asked for.
        port: 0 picks a free one.
        max_seconds: stop by itself after that long; None never.
        certfile: certificate chain (PEM) to serve over TLS with.
        keyfile: its private key, when it is in a file of its own.
    """

    apis: int = 600
    accounts: int = 3
    regions: int = 2
    seed: int = 7
    rate: float = TOTAL.rate
    burst: float = TOTAL.burst
    no_throttle: bool = False
    quota_scope: Scoping = "account-region"
    refused_consume: bool = False
    neighbour: float = 0.0
    latency: float = 0.11
    latency_p99: float = 0.2
    faults: Path | None = None
    denied: frozenset[str] = frozenset()
    no_auth: bool = False
    role_name: str = ROLE_NAME
    external_id: str | None = None
    refused_roles: frozenset[str] = frozenset()
    session: float | None = None
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
    """Make the world (unless it is given) and everything that can befall a call in it.

    Raises UsageError for options that cannot be.
    """
    try:
        return Engine(
            Service(_make_world(options) if world is None else world, trust=_trust(options)),
            quotas=Quotas(_quota_rules(options)),
            latency=Latency(median=options.latency, p99=options.latency_p99, seed=options.seed),
            faults=_fault_script(options),
            statistics=Statistics(write_log=WRITE_LOG),
            denied=options.denied,
            seed=options.seed,
        )
    except ValueError as error:
        raise UsageError(f"No such world can be simulated: {error}.") from None


def _make_world(options: ServeOptions) -> World:
    return World.generate(
        apis=options.apis, accounts=options.accounts, regions=options.regions, seed=options.seed
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
    return QuotaRules(
        total=Rate(rate=options.rate, burst=options.burst),
        scoping=options.quota_scope,
        refusals="consuming" if options.refused_consume else "free",
        neighbour=Neighbour(rate=options.neighbour) if options.neighbour else None,
        seed=options.seed,
    )


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
