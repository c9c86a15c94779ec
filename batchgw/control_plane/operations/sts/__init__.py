"""Operations of STS that are requests of the seam. The others are questions about keys (`aws.sts`)."""

from batchgw.control_plane.operations.sts.get_caller_identity import GetCallerIdentity

__all__ = ["OPERATIONS", "GetCallerIdentity"]

OPERATIONS = (GetCallerIdentity.operation,)
"""Those that batchgw sends."""
