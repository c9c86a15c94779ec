"""PutGatewayResponse: customise one gateway response of a REST API."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import JsonForm, Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.gateway_response import (
    PATH,
    ResponseRequest,
    from_json,
    read_one,
)
from batchgw.model import GatewayResponse, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PutGatewayResponse(ResponseRequest[GatewayResponse]):
    """Replace one gateway response whole; the answer is what is now in effect."""

    operation = Operation(
        name="PutGatewayResponse",
        method="put_gateway_response",
        http="PUT",
        path=PATH,
        writes=True,
        overwrites=True,
        form=JsonForm(
            body=frozenset({"statusCode", "responseParameters", "responseTemplates"}), read=from_json
        ),
    )
    settings: Settings

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"restApiId": self.api, "responseType": self.type.value, **self.settings.to_json()}

    def read(self, answer: Wire, reading: Reading) -> GatewayResponse:
        """Read the gateway response that is now in effect."""
        del reading
        return read_one(self.type, answer)
