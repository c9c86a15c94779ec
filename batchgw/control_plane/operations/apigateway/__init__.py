"""Operations of API Gateway."""

from batchgw.control_plane.operations.apigateway.create_deployment import CreateDeployment, DeploymentId
from batchgw.control_plane.operations.apigateway.delete_gateway_response import DeleteGatewayResponse
from batchgw.control_plane.operations.apigateway.get_deployment import Deployment, GetDeployment
from batchgw.control_plane.operations.apigateway.get_gateway_response import GetGatewayResponse
from batchgw.control_plane.operations.apigateway.get_gateway_responses import GetGatewayResponses
from batchgw.control_plane.operations.apigateway.get_rest_apis import (
    PAGE_SIZE,
    UNNAMED,
    GetRestApis,
    RestApiPage,
    UnreadableApi,
)
from batchgw.control_plane.operations.apigateway.get_stages import GetStages, Stage
from batchgw.control_plane.operations.apigateway.put_gateway_response import PutGatewayResponse

__all__ = [
    "OPERATIONS",
    "PAGE_SIZE",
    "UNNAMED",
    "CreateDeployment",
    "DeleteGatewayResponse",
    "Deployment",
    "DeploymentId",
    "GetDeployment",
    "GetGatewayResponse",
    "GetGatewayResponses",
    "GetRestApis",
    "GetStages",
    "PutGatewayResponse",
    "RestApiPage",
    "Stage",
    "UnreadableApi",
]

OPERATIONS = (
    CreateDeployment.operation,
    DeleteGatewayResponse.operation,
    GetDeployment.operation,
    GetGatewayResponse.operation,
    GetGatewayResponses.operation,
    GetRestApis.operation,
    GetStages.operation,
    PutGatewayResponse.operation,
)
"""Those that batchgw sends."""
