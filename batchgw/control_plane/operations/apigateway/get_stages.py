"""GetStages: the stages of a REST API, and the deployment that each shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batchgw.control_plane.interface import ApiRequest, Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.create_deployment import DeploymentId
from batchgw.control_plane.operations.checks import is_id, is_text
from batchgw.control_plane.operations.listing import listed
from batchgw.control_plane.operations.unreadable import unreadable_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage. `updated` is when it was last changed, in seconds since the epoch; None where AWS says not."""

    name: str
    deployment: DeploymentId | None
    description: str = ""
    updated: float | None = None


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
        return tuple([_stage(item) for item in listed(answer, "item")])


def _stage(item: Any) -> Stage:
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
    )
