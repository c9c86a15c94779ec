"""How many calls the server accepts: what is limited, and every scope's buckets.

No clock here either: the caller passes the time, in seconds since the world began, never earlier than before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from batchgw.simulator.traffic.bucket import STEADY, Bucket, Hosts, Rate, Schedule
from batchgw.simulator.traffic.neighbour import Caller, Calls, Neighbour, Watch

__all__ = [
    "PER_OPERATION",
    "PER_SERVICE",
    "TOTAL",
    "UNLIMITED",
    "Bucket",
    "Neighbour",
    "QuotaRules",
    "Quotas",
    "Rate",
    "Schedule",
    "Scoping",
]

Scoping = Literal["account-region", "account"]
"""What has buckets of its own. AWS documents "per account"; users report per account and region."""

TOTAL = Rate(rate=10, burst=40)
"""All API Gateway management operations together (developer guide, quotas)."""

PER_OPERATION: Mapping[str, Rate] = {
    "CreateDeployment": Rate(rate=1 / 5, burst=1),
    "CreateResource": Rate(rate=5, burst=5),
    "CreateRestApi": Rate(rate=1 / 3, burst=1),
    "CreateRestApi:EDGE": Rate(rate=1 / 30, burst=1),
    "DeleteResource": Rate(rate=5, burst=5),
    "DeleteRestApi": Rate(rate=1 / 30, burst=1),
    "GetResources": Rate(rate=5 / 2, burst=5),
    "PutRestApi": Rate(rate=1, burst=1),
    "UpdateAccount": Rate(rate=1 / 20, burst=1),
    "UpdateUsagePlan": Rate(rate=1 / 20, burst=1),
}
"""Operations with a quota of their own beside the total (developer guide, quotas)."""

PER_SERVICE: Mapping[str, Rate] = {
    "account": Rate(rate=5, burst=5),
    "cloudwatch": Rate(rate=9, burst=9),
    "organizations": Rate(rate=20, burst=100),
}
"""What other services take of an account. That of Account Management is documented (API reference: five a
second of each caller account). So is that of CloudWatch's DescribeAlarms (user guide, service quotas: nine a
second). That of Organizations is not published: this is more than anybody reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRules:
    """What is limited, and how.

    Attributes:
        total: all operations of a scope together; None for no limit.
        per_operation: operations that have a bucket of their own too.
        per_service: other services that have a bucket, by botocore's name.
        scoping: what has its own buckets.
        refusals: whether a refused call consumes tokens.
        retry_after: Retry-After of refusals, in seconds; None for none.
        neighbour: other callers' traffic, in every scope.
        schedule: how the total's rate changes over time.
        hosts: over how many hosts, each with its part of rate and burst, the total is spread.
        seed: what the times of the neighbour's calls and the choice of hosts follow from.
    """

    total: Rate | None = TOTAL
    per_operation: Mapping[str, Rate] = field(default_factory=lambda: PER_OPERATION)
    per_service: Mapping[str, Rate] = field(default_factory=lambda: PER_SERVICE)
    scoping: Scoping = "account-region"
    refusals: Literal["free", "consuming"] = "free"
    retry_after: float | None = None
    neighbour: Caller | None = None
    schedule: Schedule = STEADY
    hosts: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.hosts < 1 or (self.total is not None and self.total.burst < self.hosts):
            raise ValueError(f"there must be 1 to `burst` hosts, not {self.hosts}: each needs a whole token")

    def scaled(self, factor: float) -> QuotaRules:
        """The same rules with every bucket filled `factor` times as fast.

        Bursts, neighbours and the schedule stay as they are.
        """
        return replace(
            self,
            total=None if self.total is None else self.total.scaled(factor),
            per_operation={name: rate.scaled(factor) for name, rate in self.per_operation.items()},
            per_service={name: rate.scaled(factor) for name, rate in self.per_service.items()},
        )


UNLIMITED = QuotaRules(total=None, per_operation={}, per_service={})
"""No quota at all."""


class _Scope:
    """The buckets of one account or account-region: made when first needed, full at time 0."""

    __slots__ = ("_name", "_owns", "_rules", "neighbour", "total")

    def __init__(self, name: str, rules: QuotaRules) -> None:
        self._name = name
        self._rules = rules
        self._owns: dict[str, Bucket] = {}
        self.total: Hosts | None = None
        self.neighbour: Calls | None = None

    def open_total(self, watch: Watch | None) -> None:
        """Make the total's bucket, and let the neighbour call from now on."""
        rules = self._rules
        if rules.total is None:
            return
        self.total = Hosts(
            rules.total, count=rules.hosts, schedule=rules.schedule, seed=f"{rules.seed}/{self._name}/hosts"
        )
        if rules.neighbour is not None:
            self.neighbour = Calls(rules.neighbour, scope=self._name, seed=rules.seed)
            self.neighbour.watch = watch

    def admit(self, operation: str, now: float, *, counted: bool, service: str) -> bool:
        consuming = self._rules.refusals == "consuming"
        total = None
        if counted and self.total is not None:
            if self.neighbour is not None:
                self.neighbour.make_until(now, self.total, consuming=consuming)
            total = self.total.pick()
        own = self._own(operation, self._rules.per_operation)
        of_service = None if counted else self._own(service, self._rules.per_service)
        taken = (
            (total is None or total.has_token(now))
            and (own is None or own.has_token(now))
            and (of_service is None or of_service.has_token(now))
        )
        if taken or consuming:
            for bucket in (total, own, of_service):
                if bucket is not None:
                    bucket.take(now)
        return taken

    def _own(self, name: str, rates: Mapping[str, Rate]) -> Bucket | None:
        """The bucket of an operation or of a service, where it has one."""
        rate = rates.get(name)
        if rate is None:
            return None
        own = self._owns.get(name)
        if own is None:
            own = self._owns[name] = Bucket(rate, 0.0)
        return own


class Quotas:
    """All buckets of a world."""

    def __init__(self, rules: QuotaRules | None = None) -> None:
        self.rules = rules or QuotaRules()
        self._scopes: dict[str, _Scope] = {}
        self._found: dict[tuple[str, str], _Scope] = {}
        self._watch: Watch | None = None

    def watch(self, on_call: Watch) -> None:
        """Run `on_call` for every call that a neighbour makes from now on."""
        self._watch = on_call
        for scope in self._scopes.values():
            if scope.neighbour is not None:
                scope.neighbour.watch = on_call

    def admit(
        self,
        account: str,
        region: str,
        operation: str,
        now: float,
        *,
        counted: bool = True,
        service: str = "",
    ) -> bool:
        """Tell whether a call is accepted, and take its tokens: from all its buckets, or from none.

        Calls to another `service` are not `counted` in the total; they may have a quota of their own.
        """
        scope = self._found.get((account, region)) or self._open(account, region)
        if counted and scope.total is None:
            scope.open_total(self._watch)
        return scope.admit(operation, now, counted=counted, service=service)

    def neighbours(self) -> dict[str, dict[str, int]]:
        """The other callers' accepted and refused calls, by scope."""
        return {
            name: {"accepted": scope.neighbour.accepted, "refused": scope.neighbour.refused}
            for name, scope in self._scopes.items()
            if scope.neighbour is not None
        }

    def given_up(self) -> int:
        """Calls that the other callers have given up, in all scopes."""
        return sum(scope.neighbour.lost for scope in self._scopes.values() if scope.neighbour is not None)

    def level(self, account: str, region: str) -> float | None:
        """Tokens left in a scope's total at its last call; None where nobody called yet."""
        scope = self._scopes.get(self._name(account, region))
        return None if scope is None or scope.total is None else scope.total.level

    def restart(self) -> None:
        """Start again at time 0, with full buckets and before the neighbour's first call."""
        self._scopes.clear()
        self._found.clear()

    def _open(self, account: str, region: str) -> _Scope:
        name = self._name(account, region)
        scope = self._scopes.get(name)
        if scope is None:
            scope = self._scopes[name] = _Scope(name, self.rules)
        self._found[account, region] = scope
        return scope

    def _name(self, account: str, region: str) -> str:
        return account if self.rules.scoping == "account" else f"{account}/{region}"
