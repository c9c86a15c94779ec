"""Opening and closing the way to AWS: configuration, pool, clients, credentials, tied together once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
from ssl import SSLContext
from typing import Any
from uuid import uuid4

from aiobotocore.session import AioSession
from botocore.exceptions import ProxyConnectionError
from yarl import URL

from batchgw.concurrency.background_tasks import BackgroundTasks
from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.aws.addresses import check_endpoint_url, leads_to_aws
from batchgw.control_plane.aws.assumed_role import Assuming, role_chain
from batchgw.control_plane.aws.clients import Clients, Services
from batchgw.control_plane.aws.connections import CALL_TIMEOUT, ConnectionPool, proxy_for, session_class
from batchgw.control_plane.aws.credentials.base_keys import BaseCredentials, Owner
from batchgw.control_plane.aws.credentials.chain import use_chain
from batchgw.control_plane.aws.credentials.organization import OrganizationCredentials
from batchgw.control_plane.aws.credentials.owners import Owners
from batchgw.control_plane.aws.credentials.role_chain import check_chain
from batchgw.control_plane.aws.credentials.session_policy import Access, organization_policy, session_policy
from batchgw.control_plane.aws.credentials.settings import (
    PooledConfig,
    check_endpoints,
    configured_ca_bundle,
    configured_endpoints,
    configured_region,
    known_regions,
    open_session,
    partition_of,
    region_named,
)
from batchgw.control_plane.aws.plane import AwsControlPlane
from batchgw.control_plane.aws.scope_credentials import ScopeCredentials
from batchgw.control_plane.aws.sts.client import StsClient
from batchgw.control_plane.aws.sts.questions import Sts
from batchgw.control_plane.aws.sts.region_check import RegionCheck
from batchgw.control_plane.aws.sts.regions import FORMAL_REGION, StsRegions
from batchgw.control_plane.aws.tls import spare_buffers, tls_context
from batchgw.control_plane.tries import ATTEMPTS
from batchgw.errors import UsageError
from batchgw.events import NullObserver, Observer
from batchgw.model import Region, RoleLink
from batchgw.throttle.quota import STS, Quota

MOST_CONNECTIONS = 1024
"""Connections at once, all scopes together: 2,000 calls/s, more than a process makes on its core, at half a
second of latency (Little's law). One takes 110 KB. More than these would only wait for the core."""

OTHER_FILES = 128
"""File descriptors kept for everything else, where there are so many."""

FEWEST_FILES = 64
"""File descriptors that a process needs at least: 16 of them are for connections, and an apply has had 14
open beside its sockets."""

CONNECT_TIMEOUT = 10.0
"""Seconds for the connection and its TLS handshake."""

READ_TIMEOUT = 30.0
"""Seconds without a byte of the answer. The control plane answers in under one."""


def affordable_connections() -> int:
    """Give as many connections as the process may have files open, up to `MOST_CONNECTIONS`.

    `OTHER_FILES` are left for the rest; where there are few, three quarters of them. Raises UsageError where
    there are too few to work with.
    """
    allowed, _ = getrlimit(RLIMIT_NOFILE)
    if allowed == RLIM_INFINITY:
        return MOST_CONNECTIONS
    if allowed < FEWEST_FILES:
        raise UsageError(
            f"this process may have {allowed} files open, and needs {FEWEST_FILES} at least: "
            "raise that limit with `ulimit -n 1024`."
        )
    return min(MOST_CONNECTIONS, max(allowed - OTHER_FILES, allowed // 4))


@asynccontextmanager
async def connect(
    *,
    profile: str | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
    role: str | None = None,
    external_id: str | None = None,
    session_tags: Mapping[str, str] | None = None,
    source_identity: str | None = None,
    roles: Sequence[RoleLink] = (),
    organization_roles: Sequence[RoleLink] = (),
    access: Access | None = None,
    session_name: str | Callable[[], str] | None = None,
    ca_bundle: str | None = None,
    max_connections: int | None = None,
    fast_path: bool = True,
    read_timeout: float = READ_TIMEOUT,
    connect_timeout: float = CONNECT_TIMEOUT,
    call_timeout: float = CALL_TIMEOUT,
    attempts: int = ATTEMPTS,
    sts_rate: float = STS.rate,
    sts_burst: float = STS.burst,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> AsyncIterator[AwsControlPlane]:
    """Open the control plane of AWS, or of whatever answers at an endpoint URL.

    What is not given comes from where every AWS tool takes it: AWS_PROFILE and the config files,
    AWS_REGION, AWS_ENDPOINT_URL (and ..._API_GATEWAY, ..._STS, ...), AWS_CA_BUNDLE, HTTPS_PROXY.

    Args:
        profile: the AWS profile of the base credentials.
        region: where STS is asked, and `AwsControlPlane.region`. Calls go to the region of their scope.
            `current_account` is not about a scope: outside the commercial partition it needs a region.
        endpoint_url: the address of API Gateway, and of each other service unless a variable of its own, such
            as AWS_ENDPOINT_URL_STS, names another. There, and where the environment or the profile names an
            address, a type of gateway response that an answer leaves out is not customised; AWS itself leaves
            none out.
        role: a role to assume in every account: a name, or an ARN with the account left open.
        external_id: what the role's trust policy may ask for.
        session_tags: tags of the role's sessions.
        source_identity: who is behind the role's sessions.
        roles: a chain: the links before `role`, which is the last one. Each is assumed with the keys of the
            link before it, once for all accounts of a partition. Without `role`, the last of these is the
            last link.
        organization_roles: the chain by which the organisation is read; the base credentials, where it is
            empty. The last of them can do nothing else.
        access: bounds what the sessions of the last role may do, by a session policy; None: whatever the role
            may do. Nothing bounds the base credentials, which reach their own account without a role.
        session_name: of the roles' sessions, which CloudTrail shows; made acceptable to STS. A function is
            asked each time. By default "batchgw-" and a random part.
        ca_bundle: a file of PEM certificates, trusted in place of the usual authorities.
        max_connections: bound of the pool. It grows with what the limiters let be under way (Little's law),
            so it is there for a process's file descriptors: as many as these allow, if it is not given.
        fast_path: send the most frequent operations around botocore, where it is seen to write the same.
        read_timeout: seconds without a byte of an answer.
        connect_timeout: seconds to connect.
        call_timeout: seconds of a whole call: an answer that comes more slowly is given up.
        attempts: bound on attempts of a call to STS; throttles do not count.
        sts_rate: calls/second to STS, at most.
        sts_burst: calls to STS at once after a rest.
        observer: is told of renewed credentials, of calls to STS that are made again, and of types of gateway
            responses that nobody knows yet.
        stop: ends what waits for STS, with Stopped: the one that `PacedControlPlane` is given.

    Raises:
        UsageError: a profile, a file, a role or a URL that cannot be used.
        CredentialsUnavailable: there are no credentials.
    """
    last = RoleLink(
        role=role or "",
        external_id=external_id,
        session_tags=session_tags or {},
        source_identity=source_identity,
    )
    chain = (*roles, last) if role else roles
    _check_given(endpoint_url, chain, organization_roles)
    async with AsyncExitStack() as stack:
        session = open_session(profile)
        check_endpoints(session)
        pool = _pool(
            tls_context(ca_bundle or configured_ca_bundle(session)),
            max_connections=max_connections,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            call_timeout=call_timeout,
        )
        _use_pool(session, await stack.enter_async_context(pool))
        home = region_named(region, "the region given") if region else configured_region(session)
        _check_proxy(session, endpoint_url, home or FORMAL_REGION)
        owners = Owners(lambda keys, region: sts.account(region, keys))
        base = _base_credentials(session, pool, profile, home or FORMAL_REGION, owner=owners.of, stop=stop)
        await base.found()  # no credentials: better said now than by every scope
        clients = Clients(stack, session, pool, await known_regions(session), fast_path)
        gateway = await clients.gateway(endpoint_url)
        services = Services(clients, endpoint_url)
        sts_regions = StsRegions(home, lambda somewhere: partition_of(session, somewhere))
        sts_client = StsClient(
            await services.client("sts"),
            base,
            always_on=sts_regions.always_on,
            attempts=attempts,
            pace=_sts_pace(sts_rate, sts_burst),
            observer=observer,
            stop=stop,
        )
        sts = Sts(sts_client)
        assuming = Assuming(
            sts=sts,
            regions=sts_regions,
            session_name=_session_name(session_name),
            background=(await stack.enter_async_context(BackgroundTasks())).start,
            observer=observer or NullObserver(),
        )
        policy = None if access is None else partial(session_policy, access)
        credentials = ScopeCredentials(
            base,
            sts_regions,
            role=role_chain(chain, assuming, base, each_account=True, policy=policy),
            observer=observer or NullObserver(),
            narrowed=access is Access.READ,
        )
        reader = role_chain(
            organization_roles, assuming, base, each_account=False, policy=organization_policy
        )
        yield AwsControlPlane(
            gateway,
            credentials,
            services=services.client,
            organization=OrganizationCredentials(
                reader.for_scope if reader else lambda _scope: base, sts_regions.sts_region
            ),
            region_check=RegionCheck(lambda keys, region: sts.account(region, keys), sts_regions),
            region=home,
            identity=lambda: sts.identity,
            observer=observer,
            emulated=_own_endpoint(session, endpoint_url),
        )


def _check_given(endpoint_url: str | None, *chains: Sequence[RoleLink]) -> None:
    if endpoint_url is not None:
        check_endpoint_url(endpoint_url, "--endpoint-url (or AWS_ENDPOINT_URL)")
    for chain in chains:
        check_chain(chain)


def _pool(
    tls: SSLContext,
    *,
    max_connections: int | None,
    connect_timeout: float,
    read_timeout: float,
    call_timeout: float,
) -> ConnectionPool:
    spare_buffers()
    return ConnectionPool(
        tls=tls,
        max_connections=max_connections or affordable_connections(),
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        call_timeout=call_timeout,
    )


def _own_endpoint(session: AioSession, endpoint_url: str | None) -> bool:
    """Tell whether calls go to an address that is not AWS's."""
    configured = next((url for url, _ in configured_endpoints(session, "api_gateway")), None)
    url = endpoint_url or configured
    return url is not None and not leads_to_aws(url)


def _sts_pace(rate: float, burst: float) -> Quota:
    try:
        return Quota(rate, burst)
    except ValueError as error:
        raise UsageError(f"the pace of STS: {error}.") from error


def _session_name(name: str | Callable[[], str] | None) -> Callable[[], str]:
    if callable(name):
        return name
    given = name or f"batchgw-{uuid4().hex[:8]}"
    return lambda: given


def _use_pool(session: AioSession, pool: ConnectionPool) -> None:
    session.set_default_client_config(PooledConfig(session_class(pool)))


def _check_proxy(session: AioSession, endpoint_url: str | None, region: Region) -> None:
    """Raise UsageError for a proxy that no call could go through: better said now than by every scope."""
    configured = (url for url, _ in configured_endpoints(session, "api_gateway"))
    url = endpoint_url or next(configured, f"https://apigateway.{region}.amazonaws.com")
    try:
        proxy_for(URL(url))
    except ProxyConnectionError as error:
        raise error.kwargs["error"] from None


def _base_credentials(
    session: AioSession,
    pool: ConnectionPool,
    profile: str | None,
    region: Region,
    *,
    owner: Owner,
    stop: StopSignal | None,
) -> BaseCredentials:
    first = [session]

    async def load() -> Any:
        """Walk the chain, first in the given session. Later in new ones: a session keeps what it found."""
        walker = first.pop() if first else open_session(profile)
        _use_pool(walker, pool)
        use_chain(walker, region)
        return await walker.get_credentials()

    name = profile or os.environ.get("AWS_PROFILE")
    return BaseCredentials(load, owner=owner, profile=name, stop=stop)
