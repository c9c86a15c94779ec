"""Where the calls go: to AWS, or to an address of the user's own, whose quotas are other ones."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from batchgw.cli.options import ConnectionFlags
from batchgw.control_plane.aws.session import open_session, without_user

AWS = ""
"""The endpoint that is AWS itself."""

_OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
"""Hosts that lead to AWS's own quotas, whichever way: regional, FIPS, a VPC endpoint."""


def endpoint_of(flags: ConnectionFlags) -> str:
    """Give the address of API Gateway, `AWS` for AWS itself: a flag, else a variable, else the profile."""
    url = flags.endpoint_url or next(filter(None, _configured(flags.profile)), None)
    if not url:
        return AWS
    host = urlsplit(url).hostname or ""
    return AWS if host.endswith(_OF_AWS) else without_user(url).rstrip("/")


def _configured(profile: str | None) -> Iterator[str | None]:
    """Give what applies to API Gateway, in botocore's order."""
    session = open_session(profile)
    settings: Mapping[str, Any] = session.get_scoped_config()
    ignored = os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or settings.get(
        "ignore_configured_endpoint_urls", ""
    )
    if str(ignored).casefold() == "true":
        return
    yield os.environ.get("AWS_ENDPOINT_URL_API_GATEWAY")
    yield os.environ.get("AWS_ENDPOINT_URL")
    services = session.full_config.get("services", {}).get(settings.get("services"), {})
    yield services.get("api_gateway", {}).get("endpoint_url")
    yield settings.get("endpoint_url")
