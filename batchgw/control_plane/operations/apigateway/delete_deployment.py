"""DeleteDeployment: delete a snapshot of a REST API."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.get_deployment import DEPLOYMENT_PATH, DeploymentRequest
from batchgw.control_plane.operations.unreadable import check_deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDeployment(DeploymentRequest[None]):
    """Delete one deployment. Raises EntityNotFound where it is gone, and BadRequest where a stage is on it.

    A deployment never changes, so there is nothing of anybody else's that this could overwrite.
    """

    operation = Operation(
        name="DeleteDeployment",
        method="delete_deployment",
        http="DELETE",
        path=DEPLOYMENT_PATH,
        writes=True,
    )

    def read(self, answer: Wire, reading: Reading) -> None:
        """Check the answer, which is empty."""
        del reading
        check_deleted(answer)
