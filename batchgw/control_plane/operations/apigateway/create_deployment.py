"""CreateDeployment: a snapshot of a REST API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from batchgw.control_plane.interface import ApiRequest, Operation, Reading, Wire
from batchgw.control_plane.operations.checks import is_id
from batchgw.control_plane.operations.unreadable import unreadable_answer

DeploymentId = NewType("DeploymentId", str)
"""API Gateway's id of a deployment, unique within its API: six lower-case letters and digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDeployment(ApiRequest[DeploymentId]):
    """Take a snapshot of a whole API, every pending edit in it, without putting a stage on it.

    There is no `stageName`: AWS would make a stage of a name that does not exist. Made twice, there are two
    snapshots, so one whose answer was lost is looked for among the API's deployments before it is made again.
    """

    operation = Operation(
        name="CreateDeployment",
        method="create_deployment",
        http="POST",
        path="/restapis/{restApiId}/deployments",
        writes=True,
    )
    description: str = ""

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"restApiId": self.api} | ({"description": self.description} if self.description else {})

    def read(self, answer: Wire, reading: Reading) -> DeploymentId:
        """Read the id of the snapshot."""
        del reading
        found = answer.get("id")
        if not is_id(found):
            raise unreadable_answer("the deployment it tells of has no id")
        return DeploymentId(found)
