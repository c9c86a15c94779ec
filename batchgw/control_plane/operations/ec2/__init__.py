"""Operations of EC2."""

from batchgw.control_plane.operations.ec2.describe_regions import DescribeRegions

__all__ = ["OPERATIONS", "DescribeRegions"]

OPERATIONS = (DescribeRegions.operation,)
"""Those that batchgw sends."""
