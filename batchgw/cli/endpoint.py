"""Where the calls go: to AWS, or to an address of the user's own, whose quotas are other ones."""

from __future__ import annotations

from urllib.parse import urlsplit

from batchgw.cli.options import ConnectionFlags
from batchgw.control_plane.aws.addresses import without_secrets
from batchgw.control_plane.aws.session import configured_endpoints, open_session

AWS = ""
"""The endpoint that is AWS itself."""

_OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
"""Hosts that lead to AWS's own quotas, whichever way: regional, FIPS, a VPC endpoint."""


def endpoint_of(flags: ConnectionFlags) -> str:
    """Give the address of API Gateway, `AWS` for AWS itself: a flag, else a variable, else the profile."""
    url = flags.endpoint_url
    if not url:
        url, _ = next(configured_endpoints(open_session(flags.profile), "api_gateway"), (AWS, ""))
    if not url:
        return AWS
    host = urlsplit(url).hostname or ""
    return AWS if host.endswith(_OF_AWS) else without_secrets(url).rstrip("/")
