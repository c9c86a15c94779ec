"""What a simulated world over HTTP is made of, as options; and the record that tells clients where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from batchgw.simulator.traffic.quota import (
    TOTAL,
    Rate,
    Scoping,
)
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.world import World

ROLE_NAME = "OrganizationBatchgw"
"""The role that can be assumed in every account, unless another is named."""

_GROWN = Proportions()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """A world, what limits it, and where it is served.

    Attributes:
        apis: REST APIs in all, spread evenly over accounts x regions.
        accounts: how many accounts; the first manages the organisation.
        regions: how many regions every account has.
        organization: a file (YAML or JSON) with the accounts, in the place of `accounts` and `regions`.
        generated_organization: put the accounts into OUs, give them tags, and so on.
        customised: share of the APIs that have gateway responses of their own, 0 to 1.
        exempt: share that has the tag batchgw:exempt.
        canary: share that has a canary on prod.
        behind: share whose stages were deployed before they were customised.
        owned: share that a tool manages: CloudFormation, CDK, SAM, Serverless or Terraform.
        seed: the same seed gives the same world, keys, latencies and faults.
        rate: calls/second each scope takes, all operations together.
        burst: calls at once.
        no_throttle: no quota at all, the operations' own ones included.
        quota_scope: what has its own quota.
        refused_consume: whether a refused call takes a token all the same.
        quota_scale: what the rate of every quota is multiplied with; bursts stay.
        quota_hosts: hosts over which the total is spread, each with its part.
        operation_quota: quotas of operations in the place of AWS's; None for none of its own.
        service_quota: quotas of other services; None for none.
        rate_step: from each of the seconds on, what the total's rate is multiplied with.
        retry_after: seconds that refusals by quota ask to wait; None for refusals that do not say.
        neighbour: calls/second that somebody else makes in every scope.
        neighbour_on: seconds for which they call before they pause; 0 for those who never do.
        neighbour_off: seconds for which they pause.
        latency: median in seconds, 0 for none.
        latency_p99: 99th percentile in seconds.
        propagation: seconds after which a change of a stage reaches the callers of deployed APIs.
        faults: a fault script (YAML or JSON).
        signals: a script of alarms, metrics and calendars (YAML or JSON).
        edits: a script of other people's edits (YAML or JSON).
        denied: accounts whose identities have no API Gateway permission.
        no_auth: let any key pass: a 12-digit one is the account, any other means the first account.
        role_name: the role that can be assumed in every account.
        external_id: what that role asks for, if anything.
        iam: a file (YAML or JSON) with roles, what they may do and whom they trust, and SCPs.
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
    organization: Path | None = None
    generated_organization: bool = False
    customised: float = _GROWN.customised
    exempt: float = _GROWN.exempt
    canary: float = _GROWN.canary
    behind: float = _GROWN.behind
    owned: float = _GROWN.owned
    seed: int = 7
    rate: float = TOTAL.rate
    burst: float = TOTAL.burst
    no_throttle: bool = False
    quota_scope: Scoping = "account-region"
    refused_consume: bool = False
    quota_scale: float = 1.0
    quota_hosts: int = 1
    operation_quota: Mapping[str, Rate | None] = field(default_factory=dict)
    service_quota: Mapping[str, Rate | None] = field(default_factory=dict)
    rate_step: tuple[tuple[float, float], ...] = ()
    retry_after: float | None = None
    neighbour: float = 0.0
    neighbour_on: float = 0.0
    neighbour_off: float = 0.0
    latency: float = 0.11
    latency_p99: float = 0.2
    propagation: float = 0.0
    faults: Path | None = None
    signals: Path | None = None
    edits: Path | None = None
    denied: frozenset[str] = frozenset()
    no_auth: bool = False
    role_name: str = ROLE_NAME
    external_id: str | None = None
    iam: Path | None = None
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
            management_account=world.organization.management,
            auth=not options.no_auth,
        )
