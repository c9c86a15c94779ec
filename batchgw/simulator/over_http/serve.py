"""Serves a simulated world on loopback, until it is stopped or its time is over."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio
from aiohttp import web
from anyio.abc import TaskStatus
from anyio.from_thread import start_blocking_portal

from batchgw.errors import UsageError
from batchgw.simulator.engine import Engine
from batchgw.simulator.iam.roles import Iam
from batchgw.simulator.over_http.admin import EngineAdmin
from batchgw.simulator.over_http.assembly import make_engine
from batchgw.simulator.over_http.authentication import Authenticator
from batchgw.simulator.over_http.data_plane import HttpDataPlane
from batchgw.simulator.over_http.options import ReadyInfo, ServeOptions
from batchgw.simulator.over_http.server import HttpService, make_server
from batchgw.simulator.world.world import World

__all__ = ["ReadyInfo", "ServeOptions", "running", "serve"]

HOST = "127.0.0.1"
"""Only this machine can connect."""

_LAST_WORDS = 1.0  # seconds that calls in flight have to finish when the server stops


async def serve(
    options: ServeOptions,
    *,
    ready: Callable[[ReadyInfo], None],
    stop: anyio.Event | None = None,
    world: World | None = None,
    iam: Iam | None = None,
) -> None:
    """Serve until `stop` is set or `max_seconds` are over; on asyncio, because aiohttp is.

    Args:
        options: what is served and where.
        ready: is called once, when connections are taken.
        stop: ends it.
        world: a world to serve in the place of a generated one.
        iam: its identities, in the place of those of the options' file.

    Raises:
        UsageError: options that cannot be, a port that is taken, a certificate that cannot be used.
    """
    engine = make_engine(options, world, iam=iam)
    runner = web.ServerRunner(_make_server(engine, options), shutdown_timeout=_LAST_WORDS)
    await runner.setup()
    try:
        port = await _listen(runner, options)
        scheme = "http" if options.certfile is None else "https"
        ready(ReadyInfo.of(engine.service.world, options, f"{scheme}://{HOST}:{port}"))
        with anyio.move_on_after(options.max_seconds):
            await (stop or anyio.Event()).wait()
    finally:
        with anyio.CancelScope(shield=True):
            await runner.cleanup()


@contextmanager
def running(
    options: ServeOptions, *, world: World | None = None, iam: Iam | None = None
) -> Iterator[ReadyInfo]:
    """Serve from a thread of its own for the length of a `with`, for clients that know nothing of async."""
    with start_blocking_portal(backend="asyncio") as portal:
        served, info = portal.start_task(_serve_in_task, options, world, iam)
        try:
            yield info
        finally:
            served.cancel()


async def _serve_in_task(
    options: ServeOptions, world: World | None, iam: Iam | None, *, task_status: TaskStatus[ReadyInfo]
) -> None:
    await serve(options, ready=task_status.started, world=world, iam=iam)


def _make_server(engine: Engine, options: ServeOptions) -> web.Server:
    world = engine.service.world
    gate = Authenticator(world.keys, world.accounts, world.regions, check=not options.no_auth)
    admin = EngineAdmin(engine, seed=options.seed)
    return make_server(HttpService(engine, gate), admin, data_plane=HttpDataPlane(engine))


async def _listen(runner: web.ServerRunner, options: ServeOptions) -> int:
    """Take the port, and answer which it is."""
    site = web.TCPSite(runner, HOST, options.port, ssl_context=_tls(options))
    try:
        await site.start()
    except OSError as error:
        where = f"{HOST}:{options.port}"
        raise UsageError(
            f"The simulator cannot listen on {where} ({error.strerror or error}). "
            "Is another one running there? Choose another port, or port 0 for a free one."
        ) from None
    return int(runner.addresses[0][1])


def _tls(options: ServeOptions) -> ssl.SSLContext | None:
    if options.certfile is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.certfile, options.keyfile)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"The certificate {options.certfile} cannot be used: {error}. It must be a PEM file, with its "
            "private key in it or in a file of its own."
        ) from None
    return context
