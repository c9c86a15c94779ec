"""DeleteGatewayResponse: take the customisation of one gateway response away."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import JsonForm, Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.gateway_response import PATH, ResponseRequest
from batchgw.control_plane.operations.unreadable import check_deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteGatewayResponse(ResponseRequest[None]):
    """Take a customisation away. Raises NotCustomized when there is none."""

    operation = Operation(
        name="DeleteGatewayResponse",
        method="delete_gateway_response",
        http="DELETE",
        path=PATH,
        writes=True,
        overwrites=True,
        form=JsonForm(),
    )

    def read(self, answer: Wire, reading: Reading) -> None:
        """Check the answer, which is empty."""
        del reading
        check_deleted(answer)
