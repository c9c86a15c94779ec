"""Operations of Account Management."""

from batchgw.control_plane.operations.account.list_regions import ListRegions

__all__ = ["OPERATIONS", "ListRegions"]

OPERATIONS = (ListRegions.operation,)
"""Those that batchgw sends."""
