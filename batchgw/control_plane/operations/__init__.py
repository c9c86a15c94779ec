"""Everything that is to be known of an operation, in one file each, in the folder of its service.

A new operation is a new file: a `Request` with its `Operation`. It is then sent through boto3, and the
simulator answers it if it has it. Every wrapper knows it. Its line in `OPERATIONS` of its service's folder
lets a file of quotas name it, if it is one of API Gateway, and sends it on the fast path if it has a form.
"""

from batchgw.control_plane.interface import Operation
from batchgw.control_plane.operations import (
    account,
    apigateway,
    cloudformation,
    cloudwatch,
    ec2,
    organizations,
    ssm,
    sts,
)
from batchgw.control_plane.operations.apigateway import (
    PAGE_SIZE,
    UNNAMED,
    Canary,
    CreateDeployment,
    DeleteDeployment,
    DeleteGatewayResponse,
    Deployment,
    DeploymentId,
    ExportedApi,
    GetApiSummary,
    GetDeployment,
    GetDeployments,
    GetExport,
    GetGatewayResponse,
    GetGatewayResponses,
    GetResources,
    GetRestApis,
    GetStage,
    GetStages,
    Methods,
    MethodSummary,
    PatchOperation,
    PutGatewayResponse,
    Resource,
    RestApiPage,
    Stage,
    UnreadableApi,
    UpdateStage,
)

__all__ = [
    "NAMES",
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

OPERATIONS: tuple[Operation, ...] = tuple(
    operation
    for service in (apigateway, organizations, account, ec2, cloudformation, cloudwatch, ssm, sts)
    for operation in service.OPERATIONS
)
"""The operations that batchgw sends, of every service."""

NAMES = frozenset(operation.name for operation in apigateway.OPERATIONS)
"""The names at AWS of those of API Gateway: a file of quotas may name them."""
