"""Everything that is to be known of an operation, in one file each.

A new operation is a new file: a `Request` with its `Operation`. It is then sent through boto3, and the
simulator answers it if it has it. Every wrapper knows it. Its line in `OPERATIONS` lets a file of quotas name
it, and sends it on the fast path if it has a form.
"""

from batchgw.control_plane.operations.create_deployment import CreateDeployment, DeploymentId
from batchgw.control_plane.operations.delete_gateway_response import DeleteGatewayResponse
from batchgw.control_plane.operations.get_gateway_response import GetGatewayResponse
from batchgw.control_plane.operations.get_gateway_responses import GetGatewayResponses
from batchgw.control_plane.operations.get_rest_apis import (
    PAGE_SIZE,
    UNNAMED,
    GetRestApis,
    RestApiPage,
    UnreadableApi,
)
from batchgw.control_plane.operations.put_gateway_response import PutGatewayResponse

__all__ = [
    "NAMES",
    "OPERATIONS",
    "PAGE_SIZE",
    "UNNAMED",
    "CreateDeployment",
    "DeleteGatewayResponse",
    "DeploymentId",
    "GetGatewayResponse",
    "GetGatewayResponses",
    "GetRestApis",
    "PutGatewayResponse",
    "RestApiPage",
    "UnreadableApi",
]

OPERATIONS = (
    CreateDeployment.operation,
    DeleteGatewayResponse.operation,
    GetGatewayResponse.operation,
    GetGatewayResponses.operation,
    GetRestApis.operation,
    PutGatewayResponse.operation,
)
"""The operations that batchgw sends."""

NAMES = frozenset(operation.name for operation in OPERATIONS)
"""Their names at AWS."""
