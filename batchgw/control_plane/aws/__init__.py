"""AWS behind the control plane's seam: `connect` opens it."""

import logging

from batchgw.control_plane.aws.connection import connect
from batchgw.control_plane.aws.credentials.session_policy import Access
from batchgw.control_plane.aws.plane import AwsControlPlane

# What aiobotocore warns of comes out as our errors. Where nobody configures logging, Python would print it
# too, with a traceback: botocore itself guards against that in the same way.
logging.getLogger("aiobotocore").addHandler(logging.NullHandler())

__all__ = ["Access", "AwsControlPlane", "connect"]
