"""The throttled API as the benchmarks serve it: the simulator, and a log of every call.

    python -m benchmarks.over_http.server OPTIONS     (started by `serving`)

Calls, refusals and the final state are read from this server; no contestant is asked about them. It prints
one line of JSON when it is ready, and stops when its standard input ends, or after `max_seconds`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import pickle
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from batchgw.model import ResponseType, Settings
from batchgw.simulator.engine import Engine
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.over_http.admin import EngineAdmin
from batchgw.simulator.over_http.assembly import make_engine
from batchgw.simulator.over_http.authentication import Authenticator
from batchgw.simulator.over_http.call import HttpAnswer, HttpCall
from batchgw.simulator.over_http.options import ReadyInfo, ServeOptions
from batchgw.simulator.over_http.server import HttpService, make_server
from batchgw.simulator.reply import Reply, ServiceFault
from batchgw.simulator.world.customisation import filled
from batchgw.simulator.world.keys import Key
from benchmarks.over_http.calls import CUT, LOAD, OK, REFUSED, STATE, LoggedCall

HOST = "127.0.0.1"
TICK = 0.01  # seconds between two measurements of the event loop's delay
THROTTLES = ("TooManyRequestsException", "Throttling")


class CallLog:
    """Passes calls on to the engine, and logs each with its outcome."""

    def __init__(self, engine: Engine, now: Callable[[], float]) -> None:
        """`now` gives the seconds since the server began."""
        self._engine = engine
        self._now = now
        self.calls: list[LoggedCall] = []

    async def handle(
        self,
        operation: str,
        account: str,
        region: str,
        params: Mapping[str, object],
        *,
        caller: Key | None = None,
    ) -> Reply:
        """Answer a call, and log it when it is answered."""
        arrived, outcome = self._now(), CUT  # a client that closes its connection counts as cut, too
        try:
            reply = await self._engine.handle(operation, account, region, params, caller=caller)
            outcome = OK
        except ServiceFault as fault:
            outcome = REFUSED if fault.code in THROTTLES else fault.code
            raise
        finally:
            api = params.get("restApiId")
            self.calls.append(
                LoggedCall(
                    arrived=arrived,
                    answered=self._now(),
                    operation=operation,
                    account=account,
                    region=region,
                    api=api if isinstance(api, str) else "",
                    outcome=outcome,
                )
            )
        return reply


class BenchmarkAdmin:
    """Answers the simulator's own paths, and those of the benchmarks: log, final state, server load."""

    def __init__(self, engine: Engine, log: CallLog, now: Callable[[], float], options: ServeOptions) -> None:
        self._engine = engine
        self._log = log
        self._now = now
        self._simulator = EngineAdmin(engine, seed=options.seed)
        self.late = 0.0  # the largest delay of the event loop since it was asked last, in seconds

    def answer(self, call: HttpCall) -> HttpAnswer:
        """Answer a request of the harness."""
        if call.path == LOAD:
            return _json(self._load())
        if call.path == STATE:
            return _json(self._state(call.json()))
        return self._simulator.answer(call)

    def _load(self) -> object:
        late, self.late = self.late, 0.0
        return {
            "now": self._now(),
            "cpu": time.process_time(),
            "late": late,
            "neighbours": self._engine.quotas.neighbours(),
        }

    def _state(self, asked: Mapping[str, Any]) -> object:
        """The calls in some accounts since a moment, and which of their APIs are not as asked."""
        accounts = set(asked["accounts"])
        calls = [
            each.to_json()
            for each in self._log.calls
            if each.arrived >= asked["since"] and each.account in accounts
        ]
        return {"calls": calls, "wrong": self._wrong(asked)}

    def _wrong(self, asked: Mapping[str, Any]) -> list[str]:
        kind = ResponseType(asked["type"])
        expected = filled(kind, Settings.from_json(asked["put"]))
        wrong = []
        for scope_apis in self._engine.service.world.scopes():
            if scope_apis.account not in asked["accounts"]:
                continue
            for api in (scope_apis.id(number) for number in scope_apis.numbers()):
                found = gateway_responses.read(scope_apis, api, kind)
                if found.default_response or found.settings != expected:
                    wrong.append(f"{scope_apis.account}/{scope_apis.region}/{api}")
        return wrong


def options_from(text: str) -> ServeOptions:
    """Read what `serving.options_text` wrote."""
    options = pickle.loads(b64decode(text))  # noqa: S301 - from our own parent, through the command line
    if not isinstance(options, ServeOptions):
        raise TypeError("the options of a server are ServeOptions")
    return options


async def serve(options: ServeOptions) -> None:
    """Serve until standard input ends."""
    began = time.monotonic()

    def now() -> float:
        return time.monotonic() - began

    engine = make_engine(options)
    world = engine.service.world
    log = CallLog(engine, now)
    admin = BenchmarkAdmin(engine, log, now, options)
    gate = Authenticator(world.keys, world.accounts, world.regions, check=not options.no_auth)
    runner = web.ServerRunner(make_server(HttpService(log, gate), admin), shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, HOST, options.port, backlog=1024)
    await site.start()
    gc.freeze()  # the world stays, and a collection that looks at it would delay calls
    measuring = asyncio.create_task(_measure_delay(admin))
    try:
        ready = ReadyInfo.of(world, options, f"http://{HOST}:{runner.addresses[0][1]}")
        print(json.dumps(ready.to_json() | {"apis": _apis(engine)}), flush=True)
        await asyncio.wait_for(_end_of_input(), options.max_seconds)
    except TimeoutError:
        print(f"the benchmark's server stops: {options.max_seconds:g} s are over", file=sys.stderr)
    finally:
        measuring.cancel()
        await runner.cleanup()


def _apis(engine: Engine) -> dict[str, dict[str, list[str]]]:
    """The ids of all REST APIs by account and region."""
    found: dict[str, dict[str, list[str]]] = {}
    for scope_apis in engine.service.world.scopes():
        ids = [scope_apis.id(number) for number in scope_apis.numbers()]
        found.setdefault(scope_apis.account, {})[scope_apis.region] = ids
    return found


async def _measure_delay(admin: BenchmarkAdmin) -> None:
    """Keep the largest delay of the event loop: a busy server would slow down the contestants."""
    due = math.inf
    while True:
        now = time.monotonic()
        admin.late = max(admin.late, now - due)
        due = now + TICK
        await asyncio.sleep(TICK)


async def _end_of_input() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await reader.read()


def _json(body: object) -> HttpAnswer:
    headers = {"Content-Type": "application/json"}
    return HttpAnswer(status=200, headers=headers, body=json.dumps(body).encode())


if __name__ == "__main__":
    asyncio.run(serve(options_from(sys.argv[1])))
