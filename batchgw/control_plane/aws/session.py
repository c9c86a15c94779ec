"""What the user's AWS configuration says: profile, region, authorities; and a session that follows it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ProfileNotFound, UnknownRegionError

from batchgw.errors import UsageError
from batchgw.model import Region


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
            f"the AWS configuration cannot be used: {str(error).rstrip('.')}. See ~/.aws/config and "
            "~/.aws/credentials (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE) and the AWS_* variables."
        ) from error


def configured_region(session: AioSession) -> Region | None:
    """Give the default region: AWS_REGION (as newer SDKs read), AWS_DEFAULT_REGION, the profile's."""
    region = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    return Region(region) if region else None


def configured_ca_bundle(session: AioSession) -> str | None:
    """Give the file of trusted authorities: AWS_CA_BUNDLE, the profile's ca_bundle, REQUESTS_CA_BUNDLE."""
    bundle = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    return str(bundle) if bundle else None


def check_endpoint_url(url: str | None) -> None:
    """Raise UsageError for what is no address of a server."""
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"not an endpoint URL: {url!r}. Give scheme and host, as in http://127.0.0.1:4566")


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
