"""GetStages: the stages of a REST API, the deployment that each shows, and its canary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batchgw.control_plane.interface import ApiRequest, Operation, Reading, Value, Wire
from batchgw.control_plane.operations.apigateway.create_deployment import DeploymentId
from batchgw.control_plane.operations.checks import is_id, is_text
from batchgw.control_plane.operations.listing import listed
from batchgw.control_plane.operations.unreadable import unreadable_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A stage's canary. `deployment` gets `percent` of the stage's traffic, 0 to 100.

    It stays after a promotion, at 0 %. `deployment` is None where the answer does not name one.
    """

    deployment: DeploymentId | None
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage. `updated` is when it was last changed, in seconds since the epoch; None where AWS says not."""

    name: str
    deployment: DeploymentId | None
    description: str = ""
    updated: float | None = None
    canary: Canary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetStages(ApiRequest[tuple[Stage, ...]]):
    """List the stages of an API: one call, unpaginated."""

    operation = Operation(
        name="GetStages", method="get_stages", http="GET", path="/restapis/{restApiId}/stages"
    )

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"restApiId": self.api}

    def read(self, answer: Wire, reading: Reading) -> tuple[Stage, ...]:
        """Read all stages. The list is called `item` here, in boto3 as on the wire."""
        del reading
        return tuple([read_stage(item) for item in listed(answer, "item")])


STAGE_PATH = "/restapis/{restApiId}/stages/{stageName}"
"""The HTTP path of one stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRequest(ApiRequest[Value]):
    """A call about one stage of a REST API."""

    stage: str

    @property
    def target(self) -> str:
        """The stage."""
        return self.stage

    def params(self) -> Wire:
        """Name the stage."""
        return {"restApiId": self.api, "stageName": self.stage}

    def read_stage(self, answer: Wire) -> Stage:
        """Read the stage. Raises a `CallError` for an answer about another one."""
        found = read_stage(answer)
        if found.name != self.stage:
            raise unreadable_answer(f"it is about stage {found.name}, not about {self.stage}")
        return found


def read_stage(item: Any) -> Stage:
    """Read a stage. Raises a `CallError` for a value that is not as in the service model."""
    members: Wire = item if isinstance(item, dict) else {}
    name, deployment, updated = (members.get(m) for m in ("stageName", "deploymentId", "lastUpdatedDate"))
    if not name or not is_text(name):
        raise unreadable_answer("a stage in it has no name")
    description = members.get("description") or ""
    if not is_text(description, None) or not (deployment is None or is_id(deployment)):
        raise unreadable_answer(f"the description or the deployment of stage {name} is not one")
    return Stage(
        name=name,
        deployment=None if deployment is None else DeploymentId(deployment),
        description=description,
        updated=updated.timestamp() if isinstance(updated, datetime) else None,
        canary=_canary(name, members.get("canarySettings")),
    )


_ALL = 100
"""Percent of a stage's traffic."""


def _canary(stage: str, found: object) -> Canary | None:
    """Read a stage's canary. One without settings is none."""
    if not found:
        return None
    members: Wire = found if isinstance(found, dict) else {"deploymentId": found}
    deployment, percent = members.get("deploymentId"), members.get("percentTraffic") or 0
    if not (deployment is None or is_id(deployment)):
        raise unreadable_answer(f"the deployment of the canary of stage {stage} is not one")
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= _ALL:
        raise unreadable_answer(f"the traffic of the canary of stage {stage} is no percentage")
    return Canary(deployment=None if deployment is None else DeploymentId(deployment), percent=float(percent))
