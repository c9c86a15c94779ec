"""Operations of CloudFormation."""

from batchgw.control_plane.operations.cloudformation.describe_stack_resources import (
    DescribeStackResources,
    StackResource,
)

__all__ = ["OPERATIONS", "DescribeStackResources", "StackResource"]

OPERATIONS = (DescribeStackResources.operation,)
"""Those that batchgw sends."""
