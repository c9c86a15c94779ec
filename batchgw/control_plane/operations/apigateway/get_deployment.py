"""GetDeployment: what somebody wrote on a deployment, and when it was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from batchgw.control_plane.interface import ApiRequest, Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.create_deployment import DeploymentId
from batchgw.control_plane.operations.checks import is_id, is_text
from batchgw.control_plane.operations.unreadable import unreadable_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment. `created` is seconds since the epoch, when known."""

    id: DeploymentId
    description: str = ""
    created: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDeployment(ApiRequest[Deployment]):
    """Read one deployment of an API. Raises EntityNotFound where it was deleted."""

    operation = Operation(
        name="GetDeployment",
        method="get_deployment",
        http="GET",
        path="/restapis/{restApiId}/deployments/{deploymentId}",
    )
    deployment: DeploymentId

    @property
    def target(self) -> str:
        """The deployment."""
        return self.deployment

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"restApiId": self.api, "deploymentId": self.deployment}

    def read(self, answer: Wire, reading: Reading) -> Deployment:
        """Read it. Raises a `CallError` for an answer about another deployment."""
        del reading
        found, description, created = (answer.get(m) for m in ("id", "description", "createdDate"))
        if not is_id(found) or found != self.deployment:
            raise unreadable_answer(f"it is not about deployment {self.deployment}")
        if description is not None and not is_text(description, None):
            raise unreadable_answer(f"the description of deployment {found} is not a text that can be kept")
        return Deployment(
            id=DeploymentId(found),
            description=description or "",
            created=created.timestamp() if isinstance(created, datetime) else None,
        )
