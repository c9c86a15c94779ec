"""Where the calls go: to AWS, or to another endpoint, which has quotas of its own."""

from __future__ import annotations

from batchgw.cli.flags.options import ConnectionFlags
from batchgw.control_plane.aws.addresses import leads_to_aws
from batchgw.control_plane.aws.credentials.settings import configured_endpoints, open_session
from batchgw.redaction import bare_url

AWS = ""
"""The endpoint that is AWS itself."""


def endpoint_of(flags: ConnectionFlags) -> str:
    """Give the address of API Gateway, `AWS` for AWS itself: a flag, else a variable, else the profile."""
    url = flags.endpoint_url
    if not url:
        url, _ = next(configured_endpoints(open_session(flags.profile), "api_gateway"), (AWS, ""))
    return AWS if not url or leads_to_aws(url) else bare_url(url).rstrip("/")
