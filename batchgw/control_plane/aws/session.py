"""What the user's AWS configuration says: profile, region, authorities; and a session that follows it."""

from __future__ import annotations

import os
import re
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
    """Raise UsageError for what is no address of a server, and for one with a user or a password in it."""
    if url is None:
        return
    if not _is_address(url):
        shown = repr(url) if "@" not in url else "it is not shown, for there may be a password in it"
        raise UsageError(f"not an endpoint URL: {shown}. Give scheme and host, as in http://127.0.0.1:4566")
    if (bare := without_user(url)) != url:
        raise UsageError(
            f"the endpoint URL {bare} was given with a user or a password. They cannot be sent, because a "
            "call to AWS carries its signature in that place: leave them out of --endpoint-url and of "
            "AWS_ENDPOINT_URL."
        )


def without_user(url: str) -> str:
    """Give a URL without the user and the password in front of its host."""
    return _USER.sub("", url)


_USER = re.compile(r"(?<=://)[^/?#]*@")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, half of an IPv6 address
        return False


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
