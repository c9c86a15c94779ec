"""The two-lane bound: no run that puts all responses and deploys every API can end earlier.

There are `apis` APIs, each with `puts` puts and a deployment once they are made. The put lane is the total,
on which all calls draw; the deploy lane is CreateDeployment's own quota. The j-th deployment, whichever API's
it is, leaves no earlier than

- when the total has had tokens for what must have left by then: j deployments, and the puts of j APIs;
- when the deploy lane has a token, after the j - 1 before it.

The last of them ends the run: by then everything else has left. So the bound is the larger of the put lane's
and the deploy lane's earliest finish, given that an API must be ready before its deployment. Latency, and
that an API takes one write at a time, are left out: no run reaches the bound quite.
"""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.simulator.traffic.quota import PER_OPERATION, TOTAL, Rate

DEPLOYMENTS = PER_OPERATION["CreateDeployment"]
"""One in 5 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be made, and the quotas of the one account-region it is made in.

    `scale` is what both rates are multiplied with, and latency divided by.
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
    """The time at which the last deployment leaves, at the earliest, in seconds from full buckets."""
    now, level = 0.0, deployments.burst
    for number in range(1, apis + 1):
        ready = max(now, (number * (puts + 1) - total.burst) / total.rate)
        level = min(deployments.burst, level + (ready - now) * deployments.rate)
        now = ready + max(0.0, 1 - level) / deployments.rate
        level = max(level, 1.0) - 1
    return now
