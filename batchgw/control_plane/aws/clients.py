"""Opens botocore's clients: one for each service, for all accounts and regions.

That of API Gateway is opened at start-up. Those of the others are opened when they are first asked for, in a
thread: to read the model of EC2 takes 50 ms, and a client is made of it in 10 more.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import platform
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aioboto3
import anyio
import anyio.to_thread
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession

from batchgw.control_plane.aws import wire
from batchgw.control_plane.aws.botocore_signer import SIGNATURE_VERSION
from batchgw.control_plane.aws.client import TargetedClient
from batchgw.control_plane.aws.connections import ConnectionPool
from batchgw.control_plane.aws.credentials.settings import readable_configuration
from batchgw.control_plane.aws.fast_path import FastPath
from batchgw.control_plane.aws.sts import query_form
from batchgw.control_plane.aws.sts.regions import FORMAL_REGION
from batchgw.control_plane.aws.wire import Format
from batchgw.version import VERSION

USER_AGENT = f"batchgw/{VERSION} python/{platform.python_version()}"
"""Fixed, because botocore otherwise builds it twice per call (a sixth of a call's CPU)."""

_WORTHLESS_KEYS = {"aws_access_key_id": "no-target", "aws_secret_access_key": "no-target"}
"""What signs a call that no target reached: nothing must happen then, least of all in the wrong account."""

_SUFFIXES: Mapping[str, Callable[..., Any]] = {".json": open, ".json.gz": gzip.open}
"""Of the files of botocore's models, in its order, and how each is opened."""


class _Models:
    """Reads the files of models as botocore's own reader does, and lets other threads run meanwhile.

    That one is C code from the beginning of a file to its end. Here Python makes each object of the file.
    """

    def exists(self, file_path: str) -> bool:
        """Tell whether there is such a file, with one of the suffixes."""
        return any(Path(file_path + suffix).is_file() for suffix in _SUFFIXES)

    def load_file(self, file_path: str) -> Any:
        """Read it; None if there is none."""
        for suffix, opened in _SUFFIXES.items():
            if Path(file_path + suffix).is_file():
                with opened(file_path + suffix, "rb") as file:
                    return _in_query(json.loads(file.read().decode(), object_pairs_hook=_made))
        return None


_QUERY = "query"


def _in_query(model: Any) -> Any:
    """Let botocore speak the query protocol to a service that knows it and others.

    Newer versions would speak CBOR to CloudWatch, which neither the simulator nor most emulators read.
    """
    metadata = model.get("metadata", {})
    if _QUERY in metadata.get("protocols", ()):
        metadata.update(protocol=_QUERY, protocols=[_QUERY])
    return model


def _made(members: list[tuple[str, Any]]) -> OrderedDict[str, Any]:
    return OrderedDict(members)


@dataclass(frozen=True, slots=True)
class Clients:
    """Opens clients.

    Attributes:
        stack: closes them.
        session: botocore's, with the user's configuration.
        pool: sends their requests.
        regions: those that botocore knows.
        fast_path: whether the most frequent operations are sent around botocore.
    """

    stack: AsyncExitStack
    session: AioSession
    pool: ConnectionPool
    regions: frozenset[str]
    fast_path: bool

    async def gateway(self, endpoint_url: str | None) -> TargetedClient:
        """Open that of API Gateway. Nothing else is done yet, so it is opened in the event loop."""
        with readable_configuration():
            opening = self._client("apigateway", endpoint_url, SIGNATURE_VERSION)
            return self._targeted(await self.stack.enter_async_context(opening), wire.FORMS)

    async def other(self, service: str, endpoint_url: str | None) -> TargetedClient:
        """Open that of another service, which is at the same address unless it has one of its own."""
        url = None if os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") else endpoint_url
        opening, client = await anyio.to_thread.run_sync(partial(self._opened, service, url))
        self.stack.push_async_exit(opening)
        return self._targeted(client, query_form.FORMATS if service == "sts" else {})

    def _opened(self, service: str, url: str | None) -> tuple[Any, Any]:
        """Open one in a thread. A client belongs to no event loop: it is the pool that sends."""
        self.session.get_component("data_loader").file_loader = _Models()
        with readable_configuration():
            opening = self._client(service, url)
            return opening, asyncio.run(opening.__aenter__())

    def _client(self, service: str, endpoint_url: str | None, signature_version: str | None = None) -> Any:
        config = AioConfig(  # merged into the session's default, which holds the pool
            user_agent=USER_AGENT,
            signature_version=signature_version,
            retries={"total_max_attempts": 1, "mode": "standard"},  # batchgw owns every retry
            parameter_validation=False,  # the policy was validated, and the service validates again
        )
        return aioboto3.Session(botocore_session=self.session).client(
            service, region_name=FORMAL_REGION, endpoint_url=endpoint_url, config=config, **_WORTHLESS_KEYS
        )

    def _targeted(self, client: Any, formats: Mapping[str, Format]) -> TargetedClient:
        """Add what chooses the target. `formats` are those of operations that may go around botocore."""
        fast_path = FastPath(client, self.pool, formats) if self.fast_path else None
        return TargetedClient(client, self.regions, fast_path)


class Services:
    """The clients of the services beside API Gateway. One is opened when it is first asked for."""

    def __init__(self, clients: Clients, endpoint_url: str | None) -> None:
        self._clients = clients
        self._endpoint_url = endpoint_url
        self._open: dict[str, TargetedClient] = {}
        self._opening = anyio.Lock()

    async def client(self, service: str) -> TargetedClient:
        """Give the client of a service, by botocore's name."""
        found = self._open.get(service)
        if found is not None:
            return found
        async with self._opening:
            if service not in self._open:
                self._open[service] = await self._clients.other(service, self._endpoint_url)
            return self._open[service]
