"""Operations of API Gateway."""

from batchgw.control_plane.operations.apigateway.create_deployment import CreateDeployment, DeploymentId
from batchgw.control_plane.operations.apigateway.delete_deployment import DeleteDeployment
from batchgw.control_plane.operations.apigateway.delete_gateway_response import DeleteGatewayResponse
from batchgw.control_plane.operations.apigateway.get_deployment import (
    Deployment,
    GetApiSummary,
    GetDeployment,
    Methods,
    MethodSummary,
)
from batchgw.control_plane.operations.apigateway.get_deployments import GetDeployments
from batchgw.control_plane.operations.apigateway.get_export import ExportedApi, GetExport
from batchgw.control_plane.operations.apigateway.get_gateway_response import GetGatewayResponse
from batchgw.control_plane.operations.apigateway.get_gateway_responses import GetGatewayResponses
from batchgw.control_plane.operations.apigateway.get_resources import GetResources, Resource
from batchgw.control_plane.operations.apigateway.get_rest_apis import (
    PAGE_SIZE,
    UNNAMED,
    GetRestApis,
    RestApiPage,
    UnreadableApi,
)
from batchgw.control_plane.operations.apigateway.get_stage import GetStage
from batchgw.control_plane.operations.apigateway.get_stages import Canary, GetStages, Stage
from batchgw.control_plane.operations.apigateway.put_gateway_response import PutGatewayResponse
from batchgw.control_plane.operations.apigateway.update_stage import PatchOperation, UpdateStage

__all__ = [
    "OPERATIONS",
    "PAGE_SIZE",
    "UNNAMED",
    "Canary",
    "CreateDeployment",
    "DeleteDeployment",
    "DeleteGatewayResponse",
    "Deployment",
    "DeploymentId",
    "ExportedApi",
    "GetApiSummary",
    "GetDeployment",
    "GetDeployments",
    "GetExport",
    "GetGatewayResponse",
    "GetGatewayResponses",
    "GetResources",
    "GetRestApis",
    "GetStage",
    "GetStages",
    "MethodSummary",
    "Methods",
    "PatchOperation",
    "PutGatewayResponse",
    "Resource",
    "RestApiPage",
    "Stage",
    "UnreadableApi",
    "UpdateStage",
]

OPERATIONS = (
    CreateDeployment.operation,
    DeleteDeployment.operation,
    DeleteGatewayResponse.operation,
    GetDeployment.operation,
    GetDeployments.operation,
    GetExport.operation,
    GetGatewayResponse.operation,
    GetGatewayResponses.operation,
    GetResources.operation,
    GetRestApis.operation,
    GetStage.operation,
    GetStages.operation,
    PutGatewayResponse.operation,
    UpdateStage.operation,
)
"""Those that batchgw sends."""
