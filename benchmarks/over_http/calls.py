"""A call as the benchmarks' server logged it, and the paths under which the server gives its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

LOAD = "/_batchgw/bench/load"
"""GET: the server's time and CPU seconds, and its event loop's largest delay since the last GET."""

STATE = "/_batchgw/bench/state"
"""POST {"accounts": [...], "since": seconds, "type": ..., "put": {...}}: calls, and APIs not as asked."""

OK, REFUSED, CUT = "ok", "refused", "cut"
"""Outcomes of a call. Any other outcome is AWS's error code."""

OTHER_SERVICES = ("AssumeRole", "GetCallerIdentity", "ListAccounts", "DescribeOrganization")
"""Operations of other services, which API Gateway's quota does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall:
    """A call from its arrival to its answer, in seconds since the server began."""

    arrived: float
    answered: float
    operation: str
    account: str
    region: str
    api: str
    outcome: str

    @property
    def counted(self) -> bool:
        """Whether API Gateway's quota counts it."""
        return self.operation not in OTHER_SERVICES

    def to_json(self) -> list[Any]:
        """Render as a list without names: there are thousands of calls."""
        return [
            self.arrived,
            self.answered,
            self.operation,
            self.account,
            self.region,
            self.api,
            self.outcome,
        ]

    @classmethod
    def from_json(cls, row: Sequence[Any]) -> Self:
        """Read what `to_json` wrote."""
        arrived, answered, operation, account, region, api, outcome = row
        return cls(
            arrived=arrived,
            answered=answered,
            operation=operation,
            account=account,
            region=region,
            api=api,
            outcome=outcome,
        )
