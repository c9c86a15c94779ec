"""The simulator on a real socket: starting, stopping, cutting, TLS, and its own paths."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
import trustme

from batchgw.errors import UsageError
from batchgw.simulator.over_http.serve import ReadyInfo, ServeOptions, running, serve
from batchgw.simulator.world.scope_apis import ScopeApis
from batchgw.simulator.world.world import World

SMALL = ServeOptions(
    apis=4, accounts=2, regions=1, no_auth=True, no_throttle=True, latency=0.0, latency_p99=0.0
)


@pytest.fixture(scope="module")
def small() -> Iterator[ReadyInfo]:
    with running(SMALL) as ready:
        yield ready


def connect(ready: ReadyInfo) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(ready.endpoint.removeprefix("http://"), timeout=10)


def ask(ready: ReadyInfo, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
    connection = connect(ready)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def first_api(ready: ReadyInfo) -> str:
    items = ask(ready, "GET", "/restapis")[1]["item"]
    assert isinstance(items, list)
    return str(items[0]["id"])


def script(ready: ReadyInfo, *rules: object) -> None:
    assert ask(ready, "POST", "/_batchgw/faults", list(rules)) == (200, {"rules": len(rules)})


def test_the_ready_record_is_json_and_says_how_to_get_in() -> None:
    with running(replace(SMALL, no_auth=False)) as ready:
        info = json.loads(json.dumps(ready.to_json()))
    assert info["endpoint"].startswith("http://127.0.0.1:")
    assert info["accounts"] == ["111111111111", "222222222222"]
    assert info["regions"] == ["eu-west-1"]
    assert info["management_account"] == "111111111111"
    assert info["role_name"] == "OrganizationBatchgw"
    assert info["auth"] is True
    assert info["keys"]["222222222222"]["access_key_id"].startswith("AKIA")
    assert set(info["keys"]["222222222222"]) == {"access_key_id", "secret_access_key"}


def test_the_same_seed_gives_the_same_keys_and_another_gives_others() -> None:
    with running(SMALL) as one, running(SMALL) as same, running(replace(SMALL, seed=8)) as other:
        assert one.keys == same.keys
        assert one.endpoint != same.endpoint
        assert not {k["secret_access_key"] for k in one.keys.values()} & {
            k["secret_access_key"] for k in other.keys.values()
        }


def test_it_is_alive(small: ReadyInfo) -> None:
    assert ask(small, "GET", "/_batchgw/health") == (200, {"status": "ok"})


def test_it_listens_on_loopback_only(small: ReadyInfo) -> None:
    """The other addresses of this machine refuse."""
    port = int(small.endpoint.rpartition(":")[2])
    with socket.socket() as elsewhere:
        elsewhere.bind(("127.0.0.2", port))  # free, so nobody listens on 0.0.0.0


def statistics(ready: ReadyInfo, query: str = "") -> Any:
    return ask(ready, "GET", f"/_batchgw/stats{query}")[1]


def test_statistics_count_calls_by_scope_and_operation() -> None:
    with running(SMALL) as ready:
        api = first_api(ready)
        assert ask(ready, "PUT", f"/restapis/{api}/gatewayresponses/DEFAULT_4XX", {})[0] == 201
        scope = statistics(ready)["scopes"]["111111111111/eu-west-1"]
    calls = {name: (o["calls"], o["succeeded"], o["refused"]) for name, o in scope["operations"].items()}
    assert calls == {"GetRestApis": (1, 1, 0), "PutGatewayResponse": (1, 1, 0)}


def test_the_log_of_writes_is_told_when_asked_for_and_reset() -> None:
    with running(SMALL) as ready:
        api = first_api(ready)
        ask(ready, "PUT", f"/restapis/{api}/gatewayresponses/DEFAULT_4XX", {})
        (write,) = statistics(ready, "?writes=1")["writes"]["log"]
        assert (write["operation"], write["api"], write["type"]) == ("PutGatewayResponse", api, "DEFAULT_4XX")
        assert "log" not in statistics(ready)["writes"]
        assert ask(ready, "POST", "/_batchgw/reset-stats")[0] == 200
        after = statistics(ready, "?writes=1")
    assert (after["total"]["calls"], after["writes"]["log"], after["writes"]["puts"]) == (0, [], [])


def test_calls_over_time_are_told_when_they_are_counted() -> None:
    with running(SMALL) as ready:
        ask(ready, "GET", "/restapis")
        assert ask(ready, "GET", "/_batchgw/timeline") == (200, {"width": 1.0, "series": []})
    with running(replace(SMALL, timeline=True)) as ready:
        ask(ready, "GET", "/restapis")
        timeline: Any = ask(ready, "GET", "/_batchgw/timeline")[1]
    (series,) = timeline["series"]
    assert (series["scope"], series["operation"]) == ("111111111111/eu-west-1", "GetRestApis")
    assert (series["taken"], series["refused"]) == ([1], [0])


def test_a_restart_gives_everyone_the_same_beginning() -> None:
    """One call in all: refused until the restart, and the world is as it was left."""
    with running(replace(SMALL, no_throttle=False, rate=0.0, burst=1.0)) as ready:
        assert ask(ready, "POST", "/restapis", {"name": "new"})[0] == 201
        assert ask(ready, "GET", "/restapis")[0] == 429
        assert ask(ready, "POST", "/_batchgw/restart") == (200, {"status": "ok"})
        assert statistics(ready)["total"]["calls"] == 0
        listed: Any = ask(ready, "GET", "/restapis")
    assert (listed[0], [a["name"] for a in listed[1]["item"]][-1]) == (200, "new")


@pytest.mark.parametrize(("fault", "applied"), [("cut_before", False), ("cut_after", True)])
def test_a_cut_connection_gives_no_answer(fault: str, applied: bool) -> None:  # noqa: FBT001 - a table
    with running(SMALL) as ready:
        api = first_api(ready)
        path = f"/restapis/{api}/gatewayresponses/THROTTLED"
        before = ask(ready, "GET", path)[1]
        script(ready, {"match": {"operation": "PutGatewayResponse"}, "fault": fault})
        connection = connect(ready)
        connection.request("PUT", path, '{"statusCode":"418"}')
        with pytest.raises(ConnectionError):
            connection.getresponse()
        connection.close()
        after = ask(ready, "GET", path)[1]
        assert after == ({**before, "statusCode": "418", "defaultResponse": False} if applied else before)


def test_a_caller_that_dies_in_mid_sentence_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Nor is it an error of the server: it is what kill -9 of a run looks like from here."""
    world = World.empty()
    with running(SMALL, world=world) as ready:
        with socket.create_connection(("127.0.0.1", int(ready.endpoint.rpartition(":")[2]))) as connection:
            connection.sendall(b'POST /restapis HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"name":')
        assert ask(ready, "GET", "/_batchgw/health")[0] == 200
    assert [record.message for record in caplog.records if record.name.startswith("aiohttp")] == []
    assert len(world) == 0


def raw_answer(ready: ReadyInfo, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", int(ready.endpoint.rpartition(":")[2])), 10) as connection:
        connection.sendall(sent)
        return connection.recv(12)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /restapis/" + b"a" * 8_190 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /restapis HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 8_191 + b"\r\n\r\n",
        b"GET /restapis HTTP/1.1\r\nHo st: x\r\n\r\n",
        b"PUT /restapis HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nzzz",
        b"no HTTP at all\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_and_not_logged(
    small: ReadyInfo, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    """A log that nobody set up is a traceback on the terminal."""
    assert raw_answer(small, sent) == b"HTTP/1.0 400"
    assert [record.message for record in caplog.records if record.name.startswith("aiohttp")] == []


def test_a_fault_of_the_server_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(World):
        def scope(self, account: str, region: str) -> ScopeApis:
            raise RuntimeError(f"lost {account}/{region}")

    with running(SMALL, world=Broken.empty()) as ready:
        assert raw_answer(ready, b"GET /restapis HTTP/1.1\r\nHost: x\r\n\r\n") == b"HTTP/1.1 500"
    assert any("lost 111111111111" in str(record.exc_info) for record in caplog.records)


def test_a_body_is_taken_as_it_was_sent(small: ReadyInfo, caplog: pytest.LogCaptureFixture) -> None:
    """A signature covers the bytes on the wire, so they are not unpacked before it is checked."""
    sent = b"POST /restapis HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n{]}"
    assert raw_answer(small, sent) == b"HTTP/1.1 400"
    assert [record.message for record in caplog.records if record.name.startswith("aiohttp")] == []


def test_a_fault_script_that_cannot_be_is_refused_and_changes_nothing(small: ReadyInfo) -> None:
    status, body = ask(small, "POST", "/_batchgw/faults", [{"fault": "thunder"}])
    assert status == 400
    assert "thunder" in str(body["message"])
    assert ask(small, "GET", "/restapis")[0] == 200


def test_retry_after_reaches_the_wire() -> None:
    with running(SMALL) as ready:
        script(ready, {"fault": {"retry_after": 7}})
        connection = connect(ready)
        connection.request("GET", "/restapis")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
        assert answer.headers["x-amzn-ErrorType"] == "TooManyRequestsException"
        connection.close()


def test_a_connection_is_kept_for_the_next_call(small: ReadyInfo) -> None:
    connection = connect(small)
    for _ in range(3):
        connection.request("GET", "/restapis?limit=1")
        assert connection.getresponse().read()
    held = connection.sock
    connection.request("GET", "/restapis?limit=1")
    connection.getresponse().read()
    assert connection.sock is held
    connection.close()


def test_a_template_of_300_kilobytes_goes_through(small: ReadyInfo) -> None:
    """More than aiohttp's own megabyte, too: several templates may be in one call."""
    templates = {f"text/{n}": "x" * 300_000 for n in range(4)}
    path = f"/restapis/{first_api(small)}/gatewayresponses/DEFAULT_5XX"
    assert ask(small, "PUT", path, {"responseTemplates": templates})[0] == 201


def test_a_path_of_its_own_that_is_not_there_says_which_are(small: ReadyInfo) -> None:
    status, body = ask(small, "GET", "/_batchgw/nothing")
    assert status == 404
    assert "GET /_batchgw/stats" in str(body["message"])


def test_a_given_world_is_served_and_can_be_looked_into() -> None:
    world = World.empty()
    with running(SMALL, world=world) as ready:
        assert ask(ready, "POST", "/restapis", {"name": "mine"})[0] == 201
    assert len(world) == 1


def test_the_quota_is_the_world_s() -> None:
    """Burst 3 and no refill to speak of: the fourth call is refused."""
    options = replace(SMALL, no_throttle=False, rate=0.001, burst=3)
    with running(options) as ready:
        assert [ask(ready, "GET", "/restapis")[0] for _ in range(4)] == [200, 200, 200, 429]


def test_it_stops_by_itself() -> None:
    seen: list[ReadyInfo] = []

    async def main() -> None:
        with anyio.fail_after(10):
            await serve(replace(SMALL, max_seconds=0.01), ready=seen.append)

    anyio.run(main)
    with pytest.raises(ConnectionRefusedError):
        ask(seen[0], "GET", "/_batchgw/health")


def test_it_stops_when_told() -> None:
    async def main() -> None:
        stop = anyio.Event()
        with anyio.fail_after(10):
            await serve(SMALL, ready=lambda _: stop.set(), stop=stop)

    anyio.run(main)


def test_a_taken_port_is_a_clear_error(small: ReadyInfo) -> None:
    port = int(small.endpoint.rpartition(":")[2])
    with pytest.raises(UsageError, match=f"127.0.0.1:{port}.*port 0"), running(replace(SMALL, port=port)):
        pass


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (replace(SMALL, regions=99), "99"),
        (replace(SMALL, accounts=0), "accounts"),
        (replace(SMALL, latency=2.0, latency_p99=1.0), "median=2.0"),
        (replace(SMALL, no_throttle=False, burst=0), "burst"),
        (replace(SMALL, faults=Path("/nonexistent.yaml")), "nonexistent.yaml cannot be read"),
        (replace(SMALL, certfile=Path("/nonexistent.pem")), "nonexistent.pem cannot be used"),
    ],
)
def test_options_that_cannot_be_are_a_clear_error(options: ServeOptions, words: str) -> None:
    with pytest.raises(UsageError, match=words), running(options):
        pass


@pytest.mark.parametrize("text", ["- fault: throttle\n", '[{"fault": "throttle"}]'])
def test_a_fault_file_is_yaml_or_json(tmp_path: Path, text: str) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(text)
    with running(replace(SMALL, faults=file)) as ready:
        assert ask(ready, "GET", "/restapis")[0] == 429


def test_a_fault_file_that_is_no_yaml_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("- [")
    with (
        pytest.raises(UsageError, match=r"faults\.yaml is neither YAML nor JSON"),
        running(replace(SMALL, faults=file)),
    ):
        pass


def test_over_tls_it_has_the_given_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    file = tmp_path / "server.pem"
    for part in (certificate.private_key_pem, *certificate.cert_chain_pems):
        part.write_to_path(file, append=True)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with running(replace(SMALL, certfile=file)) as ready:
        address = ready.endpoint.removeprefix("https://")
        connection = http.client.HTTPSConnection(address, timeout=10, context=trusting)
        connection.request("GET", "/_batchgw/health")
        assert connection.getresponse().status == 200
        connection.close()
