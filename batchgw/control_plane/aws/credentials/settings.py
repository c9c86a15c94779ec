"""What the user's AWS configuration says: profile, region, authorities; and a session that follows it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ProfileNotFound, UnknownRegionError

from batchgw.control_plane.aws.addresses import check_endpoint_url
from batchgw.control_plane.aws.credentials.bounded_files import check_files
from batchgw.control_plane.aws.credentials.unreadable import unreadable
from batchgw.errors import UsageError
from batchgw.model import Region
from batchgw.model.scope import is_region
from batchgw.redaction import redacted


class PooledConfig(AioConfig):  # type: ignore[misc, unused-ignore] # untyped where no stubs are installed
    """A configuration whose HTTP session class survives a merge: aiobotocore's own `merge` drops it.

    As a session's default it reaches the clients botocore makes for itself, too (SSO, a profile's role).
    """

    def __init__(self, session_class: type, **settings: Any) -> None:
        super().__init__(http_session_cls=session_class, **settings)
        self.session_class = session_class

    def merge(self, other_config: Any) -> Any:
        """Merge as botocore does, and keep the HTTP session class."""
        merged: Any = super().merge(other_config)
        merged.http_session_cls = self.session_class
        return merged


def open_session(profile: str | None) -> AioSession:
    """Make a session. Raises UsageError for a profile that does not exist, and for unreadable files."""
    check_files()
    with readable_configuration():
        session = AioSession(profile=profile)
        session.get_scoped_config()  # reads the files now, so that their errors show here
        return session


@contextmanager
def readable_configuration() -> Iterator[None]:
    """Turn what botocore finds wrong with the user's files and variables into a UsageError."""
    try:
        yield
    except ProfileNotFound as error:
        profile = error.kwargs["profile"]
        raise UsageError(
            f"there is no AWS profile named {profile!r}. `aws configure list-profiles` shows those there "
            "are; choose one with --profile or AWS_PROFILE."
        ) from error
    except (BotoCoreError, ValueError, OSError) as error:
        raise UsageError(
            f"the AWS configuration cannot be used: {redacted(unreadable(error))}. See ~/.aws/config and "
            "~/.aws/credentials (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE) and the AWS_* variables."
        ) from error


def configured_region(session: AioSession) -> Region | None:
    """Give the default region: AWS_REGION (as newer SDKs read), AWS_DEFAULT_REGION, the profile's."""
    for source in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if region := os.environ.get(source):
            return region_named(region, source)
    region = session.get_config_variable("region")
    return region_named(region, "`region` of the AWS profile") if region else None


def region_named(text: str, source: str) -> Region:
    """Give a region. Raises UsageError for what is none: it would become part of a host's name."""
    if not is_region(text):
        raise UsageError(f"not a region in {source}: {text!r}. Write one such as eu-west-1.")
    return Region(text)


def configured_ca_bundle(session: AioSession) -> str | None:
    """Give the file of trusted authorities: AWS_CA_BUNDLE, the profile's ca_bundle, REQUESTS_CA_BUNDLE."""
    bundle = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    return str(bundle) if bundle else None


def configured_endpoints(session: AioSession, service: str) -> Iterator[tuple[str, str]]:
    """Give the endpoints that are configured for a service, in botocore's order, and where each is written.

    The service is called as in variables and files: api_gateway, sts, organizations.
    """
    settings: Mapping[str, Any] = session.get_scoped_config()
    ignored = os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or settings.get(
        "ignore_configured_endpoint_urls", ""
    )
    if str(ignored).casefold() == "true":
        return
    for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
        if url := os.environ.get(name):
            yield url, name
    services = session.full_config.get("services", {}).get(settings.get("services"), {})
    of_service = services.get(service, {})
    if isinstance(of_service, Mapping) and (url := of_service.get("endpoint_url")):
        yield url, f"endpoint_url of {service} in [services {settings.get('services')}]"
    if url := settings.get("endpoint_url"):
        yield url, "endpoint_url of the profile"


_SERVICES = (
    "api_gateway",
    "sts",
    "organizations",
    "account",
    "ec2",
    "cloudformation",
    "cloudwatch",
    "ssm",
)
"""The services that batchgw asks, as they are called in variables and files."""


def check_endpoints(session: AioSession) -> None:
    """Raise UsageError for an endpoint in variables or files that cannot be used, as `check_endpoint_url`."""
    for service in _SERVICES:
        for url, source in configured_endpoints(session, service):
            check_endpoint_url(str(url), source)


async def known_regions(session: Any) -> frozenset[str]:
    """Give the regions of every partition in which this botocore knows API Gateway."""
    regions: set[str] = set()
    for partition in session.get_available_partitions():
        regions.update(await session.get_available_regions("apigateway", partition_name=partition))
    return frozenset(regions)


def partition_of(session: AioSession, region: Region) -> str:
    """Give the partition a region lies in. One that botocore does not know counts as `aws`."""
    try:
        return str(session.get_partition_for_region(region))
    except UnknownRegionError:
        return "aws"
