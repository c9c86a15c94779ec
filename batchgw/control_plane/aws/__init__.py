"""AWS behind the control plane's seam: `connect` opens it."""

from batchgw.control_plane.aws.connection import connect
from batchgw.control_plane.aws.plane import AwsControlPlane

__all__ = ["AwsControlPlane", "connect"]
