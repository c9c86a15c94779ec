"""What the data plane serves of an API at one moment: frozen, so that it can reach callers later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchgw.simulator.world.api_state import Canary, Deployment, Detail, Stage
from batchgw.simulator.world.scope_apis import ScopeApis

STRICT = "STRICT"
"""The endpoint access mode in which callers that come another way than the API's own are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedDeployment:
    """A deployment, and the stage's variables beside it."""

    deployment: Deployment
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedStage:
    """A stage: its own deployment, and its canary's with the percent of requests that it gets."""

    main: ServedDeployment
    canary: ServedDeployment | None = None
    percent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedApi:
    """An API with its stages. A closed one refuses every request from where this world's callers are."""

    account: str
    region: str
    closed: bool
    stages: Mapping[str, ServedStage]


def served(apis: ScopeApis, number: int) -> ServedApi:
    """Take it from an API as it is now."""
    detail = apis.detail(number)
    of = detail.attributes
    return ServedApi(
        account=apis.account,
        region=apis.region,
        closed=detail.endpoint_disabled or of.endpoint_type == "PRIVATE" or of.endpoint_access_mode == STRICT,
        stages={name: _stage(detail, stage) for name, stage in detail.stages.items()},
    )


def _stage(detail: Detail, stage: Stage) -> ServedStage:
    main = _deployed(detail, stage.deployment, stage.variables)
    if stage.canary is None:
        return ServedStage(main=main)
    canary: Canary = stage.canary
    return ServedStage(
        main=main,
        canary=_deployed(detail, canary.deployment, {**stage.variables, **canary.overrides}),
        percent=canary.percent,
    )


def _deployed(detail: Detail, deployment: str, variables: Mapping[str, str]) -> ServedDeployment:
    return ServedDeployment(deployment=detail.deployments[deployment], variables=dict(variables))
