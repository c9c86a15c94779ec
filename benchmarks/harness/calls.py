"""A call as the benchmarks' server logged it, and the paths under which the log is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

WATCH = "/_batchgw/bench/watch"
"""GET: the server's time and CPU seconds, and how late its event loop was at most since the last GET."""

STATE = "/_batchgw/bench/state"
"""POST {"accounts": [...], "since": seconds, "type": ..., "put": {...}}: calls, and APIs not as asked."""

OK, REFUSED, CUT = "ok", "refused", "cut"
"""Outcomes of a call; any other is AWS's code of an error."""

ELSEWHERE = ("AssumeRole", "GetCallerIdentity", "ListAccounts", "DescribeOrganization")
"""Operations of other services, which no quota of API Gateway knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall:
    """A call from its arrival to its answer, in seconds since the server began."""

    arrived: float
    left: float
    operation: str
    account: str
    region: str
    api: str
    outcome: str

    @property
    def counted(self) -> bool:
        """Whether API Gateway's quota counts it."""
        return self.operation not in ELSEWHERE

    def to_json(self) -> list[Any]:
        """Render as a row: there are thousands."""
        return [
            self.arrived,
            self.left,
            self.operation,
            self.account,
            self.region,
            self.api,
            self.outcome,
        ]

    @classmethod
    def from_json(cls, row: Sequence[Any]) -> Self:
        """Read what `to_json` wrote."""
        arrived, left, operation, account, region, api, outcome = row
        return cls(
            arrived=arrived,
            left=left,
            operation=operation,
            account=account,
            region=region,
            api=api,
            outcome=outcome,
        )
