"""Probes over the wire: what leaves, what is read of an answer, and what is said where none comes."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from batchgw.control_plane.data_plane import LONGEST_BODY, DataPlane, ProbeAnswer, ProbeRequest
from batchgw.control_plane.data_plane.over_https import USER_AGENT, open_data_plane
from batchgw.errors import ProbeFailed, UsageError
from batchgw.model import AccountId, Region, RestApi, RestApiId, Scope
from batchgw.simulator.over_http.serve import ServeOptions, running
from batchgw.simulator.plane import simulate
from batchgw.simulator.simulated_data_plane import SimulatedDataPlane
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.world import World
from tests.conformance.aws.stub import Seen, cut, only_test_configuration, serving

SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
PROBE = ProbeRequest(
    api=RestApi(scope=SCOPE, id=RestApiId("a1b2c3d4e5")), stage="prod", path="/no%20such?q=1"
)

QUIET = ServeOptions(no_auth=True, no_throttle=True, latency=0.0, latency_p99=0.0)
_OWN_HEADERS = ("x-amzn-errortype", "access-control-allow-origin")

Answer = Callable[[Seen, web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)


def template(port: int, scheme: str = "http", host: str = "127.0.0.1") -> str:
    return f"{scheme}://{host}:{port}/{{region}}/{{api}}/{{stage}}{{path}}"


async def probed(answer: Answer) -> tuple[ProbeAnswer, list[Seen]]:
    """Probe a server once."""
    async with serving() as stub:
        stub.gateway = answer
        async with open_data_plane(url=template(stub.port), timeout=5.0) as plane:
            return await plane.get(PROBE), stub.seen


@pytest.mark.asyncio
async def test_a_probe_is_one_get_with_an_agent_of_its_own() -> None:
    async def moved(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/elsewhere", "X-Own": "1"}, text="moved")

    answer, seen = await probed(moved)
    assert (answer.status, answer.body, answer.headers["x-own"]) == (302, "moved", "1")
    assert [(each.method, each.path, each.query, each.agent) for each in seen] == [
        ("GET", "/eu-west-1/a1b2c3d4e5/prod/no such", {"q": "1"}, USER_AGENT)
    ]


@pytest.mark.asyncio
async def test_headers_of_one_name_are_joined() -> None:
    async def twice(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        found = web.Response(status=403)
        found.headers.add("Vary", "Origin")
        found.headers.add("vary", "Accept")
        return found

    assert (await probed(twice))[0].headers["vary"] == "Origin, Accept"


@pytest.mark.asyncio
async def test_a_body_without_an_end_is_read_to_the_bound() -> None:
    async def endless(_seen: Seen, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None:
            await response.write(b"x" * 8192)
        return response

    assert (await probed(endless))[0].body == "x" * LONGEST_BODY


@pytest.mark.asyncio
async def test_an_answer_that_does_not_come_in_time_is_given_up() -> None:
    async def silent(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with serving() as stub:
        stub.gateway = silent
        async with open_data_plane(url=template(stub.port), timeout=0.2) as plane:
            with pytest.raises(ProbeFailed, match=rf"http://127.0.0.1:{stub.port} within 0.2 s") as caught:
                await plane.get(PROBE)
    assert caught.value.code == "TimedOut"


@pytest.mark.asyncio
async def test_a_connection_that_breaks_is_told_and_not_tried_again() -> None:
    async def breaks(_seen: Seen, request: web.Request) -> web.StreamResponse:
        cut(request)
        return web.Response()

    async with serving() as stub:
        stub.gateway = breaks
        async with open_data_plane(url=template(stub.port), timeout=5.0) as plane:
            for _ in range(2):
                with pytest.raises(ProbeFailed, match="broke before the answer was whole") as caught:
                    await plane.get(PROBE)
                assert caught.value.code == "ConnectionCut"
    assert len(stub.seen) == 2


@pytest.mark.asyncio
async def test_nobody_listens() -> None:
    async with serving() as stub:
        port = stub.port
    async with open_data_plane(url=template(port)) as plane:
        with pytest.raises(ProbeFailed, match=r"connection refused.*--data-plane-url") as caught:
            await plane.get(PROBE)
    assert caught.value.code == "ConnectionRefused"


@pytest.mark.asyncio
async def test_a_name_that_nobody_has() -> None:
    async with open_data_plane(url=template(1, host="nobody.invalid")) as plane:
        with pytest.raises(ProbeFailed, match=r"nobody.invalid:1: its name cannot be resolved") as caught:
            await plane.get(PROBE)
    assert caught.value.code == "NameUnresolved"


@pytest.mark.asyncio
async def test_a_certificate_is_checked_and_a_bundle_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    async with serving(context) as stub:
        url = template(stub.port, scheme="https", host="localhost")
        async with open_data_plane(url=url) as plane:
            with pytest.raises(ProbeFailed, match=r"certificate is refused.*AWS_CA_BUNDLE") as caught:
                await plane.get(PROBE)
        assert caught.value.code == "TlsRefused"
        async with open_data_plane(url=url, ca_bundle=str(bundle)) as plane:
            assert (await plane.get(PROBE)).status == 200
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        async with open_data_plane(url=url) as plane:
            assert (await plane.get(PROBE)).status == 200
    assert len(stub.seen) == 2


@pytest.mark.asyncio
async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        async with open_data_plane(url="http://api.invalid/{api}/{stage}{path}") as plane:
            assert (await plane.get(PROBE)).status == 200
        assert [each.host for each in proxy.seen] == ["api.invalid"]
        monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:1")
        async with open_data_plane(url="http://api.invalid/{api}/{stage}{path}") as plane:
            with pytest.raises(ProbeFailed, match="HTTP_PROXY names a SOCKS proxy") as caught:
                await plane.get(PROBE)
    assert caught.value.code == "ProxyUnusable"


@pytest.mark.asyncio
async def test_a_template_that_leads_nowhere_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match=r"does not name \{path\}"):
        async with open_data_plane(url="http://127.0.0.1/{api}/{stage}"):
            pass


@pytest.mark.asyncio
async def test_the_simulator_answers_the_same_over_http_and_in_process() -> None:
    """Every API of a world is probed on both ways: the greater part refuses or is customised."""
    seen: dict[str, list[object]] = {}

    async def probe_all(plane: DataPlane, world: World) -> list[object]:
        (apis,) = world.scopes()
        found: list[object] = []
        for number in apis.numbers():
            api = RestApi(scope=SCOPE, id=RestApiId(apis.id(number)))
            answer = await plane.get(ProbeRequest(api=api, stage="prod", path="/no/such?q=1"))
            own = {name: each for name, each in answer.headers.items() if name in _OWN_HEADERS}
            found.append((answer.status, own, re.sub(r'"id":"[^"]*"', "", answer.body)))
        return found

    def world() -> World:
        everything = Proportions(customised=1.0, behind=0.5, canary=0.5)
        return World.generate(apis=30, accounts=1, regions=1, proportions=everything)

    served = world()
    with running(QUIET, world=served) as ready:
        url = f"{ready.endpoint}/restapis/{{api}}/{{stage}}/_user_request_{{path}}"
        async with open_data_plane(url=url) as plane:
            seen["http"] = await probe_all(plane, served)
    inside = simulate(world())
    seen["in process"] = await probe_all(SimulatedDataPlane(inside.engine), inside.engine.service.world)
    assert seen["http"] == seen["in process"]
    assert len({str(each) for each in seen["http"]}) > 3
