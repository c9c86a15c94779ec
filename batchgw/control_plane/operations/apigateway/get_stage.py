"""GetStage: one stage of a REST API."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.get_stages import STAGE_PATH, Stage, StageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class GetStage(StageRequest[Stage]):
    """Read one stage. Raises EntityNotFound where the API has none of the name."""

    operation = Operation(name="GetStage", method="get_stage", http="GET", path=STAGE_PATH)

    def read(self, answer: Wire, reading: Reading) -> Stage:
        """Read the stage."""
        del reading
        return self.read_stage(answer)
