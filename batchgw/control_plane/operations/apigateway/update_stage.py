"""UpdateStage: put a stage on another deployment; begin, move, promote and end its canary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from batchgw.control_plane.interface import Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.get_stages import STAGE_PATH, Stage, StageRequest

PatchOp = Literal["add", "copy", "remove", "replace"]
"""What a patch operation may do to a stage (developer guide, "patch operations", UpdateStage)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchOperation:
    """One patch operation. `from_` is the path that `copy` copies from."""

    op: PatchOp
    path: str
    value: str | None = None
    from_: str | None = None

    def to_wire(self) -> Wire:
        """Give it in boto3's words."""
        given = {"op": self.op, "path": self.path, "value": self.value, "from": self.from_}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStage(StageRequest[Stage]):
    """Patch one stage: all operations or none. The answer is the stage as it is now.

    An update of any setting also puts a pending `disableExecuteApiEndpoint` of the API into effect, for all
    of its stages (developer guide). A stage that does not exist is never made: that is EntityNotFound.
    """

    operation = Operation(
        name="UpdateStage",
        method="update_stage",
        http="PATCH",
        path=STAGE_PATH,
        writes=True,
        overwrites=True,
    )
    patch: tuple[PatchOperation, ...]

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {
            "restApiId": self.api,
            "stageName": self.stage,
            "patchOperations": [each.to_wire() for each in self.patch],
        }

    def read(self, answer: Wire, reading: Reading) -> Stage:
        """Read the stage as it is now."""
        del reading
        return self.read_stage(answer)
