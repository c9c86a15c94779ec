"""The two-lane bound: no run that makes all puts and deploys every API can end earlier.

There are `apis` APIs, each with `puts` puts and a deployment after them. All calls take tokens from the total
quota; deployments also take tokens from CreateDeployment's own quota. The j-th deployment, of any API,
is sent at the earliest when

- the total has had tokens for all that must be sent before: j deployments, and the puts of j APIs;
- the quota of deployments has a token left after the j - 1 deployments before it.

The last deployment ends the run, because everything else has been sent by then. Latency is left out, and so
is that an API takes one write at a time. Therefore no run quite reaches the bound.
"""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.simulator.traffic.quota import PER_OPERATION, TOTAL, Rate

DEPLOYMENTS = PER_OPERATION["CreateDeployment"]
"""One in 5 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The calls to make, and the quotas of the one account-region.

    `scale` multiplies both rates and divides the latency.
    """

    apis: int = 20
    puts: int = 10
    scale: float = 1.0

    @property
    def calls(self) -> int:
        """Puts and deployments."""
        return self.apis * (self.puts + 1)

    @property
    def total(self) -> Rate:
        """The quota of all calls together."""
        return TOTAL.scaled(self.scale)

    @property
    def deployments(self) -> Rate:
        """The quota of deployments."""
        return DEPLOYMENTS.scaled(self.scale)

    @property
    def bound(self) -> float:
        """The earliest finish in seconds."""
        return earliest(apis=self.apis, puts=self.puts, total=self.total, deployments=self.deployments)


def earliest(*, apis: int, puts: int, total: Rate, deployments: Rate) -> float:
    """When the last deployment is sent at the earliest, in seconds. Both buckets are full at 0."""
    now, level = 0.0, deployments.burst
    for number in range(1, apis + 1):
        ready = max(now, (number * (puts + 1) - total.burst) / total.rate)
        level = min(deployments.burst, level + (ready - now) * deployments.rate)
        now = ready + max(0.0, 1 - level) / deployments.rate
        level = max(level, 1.0) - 1
    return now
