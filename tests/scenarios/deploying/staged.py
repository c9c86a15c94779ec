"""An estate whose APIs have stages, and a policy that makes some of them live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.interface import ControlPlane, Execution, Request, T, Wrapper
from batchgw.model import Desired, Outcome, RestApiId
from batchgw.model.deploy import NAME, Deploy
from batchgw.simulator.world.api_state import Detail
from batchgw.simulator.world.scope_apis import ScopeApis
from tests.scenarios.estate import DESIRED, Estate

PROD = Deploy(stages=("prod*",))


def deploying(deploy: Deploy, desired: Desired = DESIRED) -> Desired:
    """Give what APIs shall be, and which of their stages are live."""
    return replace(desired, parts={NAME: deploy})


@dataclass
class StagedEstate(Estate):
    """Its policy makes stages live. No API has a canary or an owner, unless a test gives it one."""

    desired: Desired = field(default_factory=lambda: deploying(PROD))

    def __post_init__(self) -> None:
        super().__post_init__()
        for apis in self.world.scopes():
            for number in apis.numbers():
                apis.keep(number, apis.detail(number))  # so that a test can edit it
        for _, detail in self.details():
            for stage in detail.stages.values():
                stage.canary = None

    def details(self) -> Iterator[tuple[RestApiId, Detail]]:
        """Give every API, with its stages and deployments."""
        for apis in self.world.scopes():
            for number in apis.numbers():
                yield RestApiId(apis.id(number)), apis.detail(number)

    def detail(self, api: str) -> Detail:
        return dict(self.details())[RestApiId(api)]

    def scope_of(self, api: str) -> ScopeApis:
        return next(a for a in self.world.scopes() if api in {a.id(n) for n in a.numbers()})

    def shows(self) -> dict[tuple[str, str], str]:
        """What deployment each stage of each API shows."""
        return {
            (api, name): stage.deployment
            for api, detail in self.details()
            for name, stage in detail.stages.items()
        }

    def answers_as_configured(self, api: str, stage: str) -> bool:
        """Whether a stage's deployment holds what the API is configured to now."""
        detail, scope = self.detail(api), self.scope_of(api)
        deployed = detail.deployments[detail.stages[stage].deployment].gateway_responses
        return deployed.own == scope.customisation(scope.require(api)).own

    def snapshots(self, run: str) -> dict[str, list[str]]:
        """What deployments of each API carry a run's description."""
        return {
            api: [d.id for d in detail.deployments.values() if d.description == f"batchgw {run}"]
            for api, detail in self.details()
        }


def state(world: StagedEstate) -> dict[str, Any]:
    """Every API's customisations, and what each of its stages shows. More snapshots may be there."""
    found: dict[str, Any] = {}
    for id_, detail in world.details():
        scope = world.scope_of(id_)
        own = scope.customisation(scope.require(id_)).own
        stages = {
            name: (
                stage.deployment,
                None if stage.canary is None else (stage.canary.deployment, stage.canary.percent),
            )
            for name, stage in detail.stages.items()
        }
        found[id_] = (dict(own), stages)
    return found


def of_stages(outcomes: Iterable[Outcome]) -> dict[tuple[str, str], Outcome]:
    return {(o.api.id, o.target.name): o for o in outcomes if o.target.kind == NAME}


class StoppingAfter(Wrapper):
    """Asks for a stop before the nth write leaves."""

    def __init__(self, inner: ControlPlane, calls: int) -> None:
        super().__init__(inner)
        self._left = calls
        self.stop: StopSignal | None = None

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if request.operation.writes:
            self._left -= 1
            if self._left == 0 and self.stop is not None:
                self.stop.request()
        return await self._inner.send(request, execution)
