"""What each operation of API Gateway does: a module a resource, with a table of its operations."""

from collections.abc import Mapping

from batchgw.simulator.operations.apigateway import (
    deployments,
    export,
    gateway_responses,
    resources,
    rest_apis,
    stages,
)
from batchgw.simulator.operations.operation import Operation

OPERATIONS: Mapping[str, Operation] = {
    **rest_apis.OPERATIONS,
    **gateway_responses.OPERATIONS,
    **resources.OPERATIONS,
    **deployments.OPERATIONS,
    **stages.OPERATIONS,
    **export.OPERATIONS,
}
"""Of all modules, by AWS's names."""
