"""GetGatewayResponse: one gateway response of a REST API."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import JsonForm, Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.gateway_response import (
    PATH,
    ResponseRequest,
    from_json,
    read_one,
)
from batchgw.errors import EntityNotFound, NotCustomized
from batchgw.model import GatewayResponse
from batchgw.model.completion import complete


@dataclass(frozen=True, slots=True, kw_only=True)
class GetGatewayResponse(ResponseRequest[GatewayResponse]):
    """Read one gateway response."""

    operation = Operation(
        name="GetGatewayResponse",
        method="get_gateway_response",
        http="GET",
        path=PATH,
        form=JsonForm(read=from_json),
    )

    def read(self, answer: Wire, reading: Reading) -> GatewayResponse:
        """Read the gateway response in effect."""
        del reading
        return read_one(self.type, answer)

    def read_absent(self, error: NotCustomized | EntityNotFound, reading: Reading) -> GatewayResponse:
        """Give the default. AWS answers with it, some emulators with a 404."""
        if reading.whole or not isinstance(error, NotCustomized):
            raise error
        return complete({})[self.type]
