"""The task, three types on each API, its deployment, and two stages moved to it; and its shortest time.

There are two quotas: all calls take a token of the total, and a deployment takes one of its own quota, too.

- The slower lane: of n deployments the first leaves at 0, because its bucket holds one token, and each of the
  others when the next token is there. With a token in 5 s the n-th leaves at 5 (n - 1) s: for 200 APIs at
  995 s. `lanes.bound.earliest` also counts the puts that must be made before it.
- The faster lane: n (3 + 1 + 2) calls must leave, 40 of them at once, and then 10 a second: for 200 APIs
  (1,200 - 40) / 10 = 116 s.

The run ends when both are through, so the larger of the two is the bound. Latency is left out, and all calls
that only look: what batchgw reads before and after, Terraform's reads.
"""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.model import AccountId, Desired, Policy, Region, ResponseType, Rule, Settings, Targets
from batchgw.model.deploy import NAME, Deploy
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import TOTAL, QuotaRules
from batchgw.simulator.world.api_state import Deployment, Stage
from batchgw.simulator.world.customisation import NOTHING
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.scope_apis import ScopeApis
from batchgw.simulator.world.world import World
from benchmarks.lanes.bound import DEPLOYMENTS, earliest

TYPES = (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX, ResponseType.WAF_FILTERED)
STAGES = ("blue", "prod")
SETTINGS = Settings(parameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"})

_PLAIN = Proportions(customised=0, exempt=0, canary=0, behind=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """All `apis` are in one account-region. The same seed gives the same ids and latencies."""

    apis: int = 200
    seed: int = 1000

    @property
    def bound(self) -> float:
        """The shortest possible time in seconds."""
        deployed = earliest(apis=self.apis, puts=len(TYPES), total=TOTAL, deployments=DEPLOYMENTS)
        calls = self.apis * (len(TYPES) + 1 + len(STAGES))
        return max(deployed, (calls - TOTAL.burst) / TOTAL.rate)

    def world(self) -> World:
        """No API has anything customised. Both stages of each show the deployment before."""
        world = World.generate(apis=self.apis, accounts=1, regions=1, seed=self.seed, proportions=_PLAIN)
        (apis,) = world.scopes()
        for number in apis.numbers():
            _stage(apis, number)
        return world

    def service(self, world: World) -> SimulatedControlPlane:
        """Simulate a world, with AWS's quotas, its latency, and full buckets."""
        return simulate(
            world, quota=QuotaRules(seed=self.seed), latency=Latency(seed=self.seed), seed=self.seed
        )


def policy(world: World) -> Policy:
    """What batchgw is told."""
    return Policy(
        desired=Desired(
            rules={kind: Rule(settings=SETTINGS) for kind in TYPES}, parts={NAME: Deploy(stages=STAGES)}
        ),
        targets=Targets(
            accounts=tuple(AccountId(account) for account in world.accounts),
            regions=tuple(Region(region) for region in world.regions),
        ),
    )


def not_live(world: World) -> int:
    """Count the stages that do not show what was asked for."""
    return sum(
        any(stored.deployments[stage.deployment].gateway_responses.own.get(kind) is None for kind in TYPES)
        for apis in world.scopes()
        for stored in (apis.detail(number) for number in apis.numbers())
        for stage in stored.stages.values()
    )


def _stage(apis: ScopeApis, number: int) -> None:
    """Give an API one deployment, and the two stages."""
    detail = apis.detail(number)
    made = detail.attributes.created
    deployment = Deployment(
        id=f"first{number:05}",
        created=made,
        gateway_responses=NOTHING,
        paths=detail.paths,
        attributes=detail.attributes,
    )
    detail.deployments = {deployment.id: deployment}
    detail.stages = {
        name: Stage(name=name, deployment=deployment.id, created=made, updated=made) for name in STAGES
    }
    apis.keep(number, detail)
