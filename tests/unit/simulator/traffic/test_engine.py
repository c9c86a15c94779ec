"""What befalls a call on its way through the simulated service, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import anyio
import pytest

from batchgw.model import ResponseType
from batchgw.simulator.engine import CONCURRENT, Engine
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import ConnectionCutByServer, Reply, ServiceFault
from batchgw.simulator.traffic.fault_script import parse
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import Neighbour, QuotaRules, Quotas, Rate
from batchgw.simulator.traffic.statistics import Statistics
from batchgw.simulator.traffic.timeline import NEIGHBOUR, Timeline
from batchgw.simulator.world.scope_apis import ScopeApis
from batchgw.simulator.world.world import World
from tests.unit.simulator_client import ACCOUNT, REGION
from tests.virtual import virtually

NOW = 1_800_000_000.0
STATUS = {"responseType": "UNAUTHORIZED", "statusCode": "444"}


class Way:
    """An engine over one API, with calls that tell what became of them."""

    def __init__(self, *script: Mapping[str, object], **options: Any) -> None:
        self.engine = Engine(
            Service(World.empty(accounts=[ACCOUNT, "222222222222"], regions=[REGION]), now=lambda: NOW),
            faults=parse(list(script)),
            **{"statistics": Statistics(write_log=10), **options},
        )
        created = self.engine.service.dispatch("CreateRestApi", ACCOUNT, REGION, {"name": "x"}).body
        assert isinstance(created, dict)
        self.api = str(created["id"])

    @property
    def scope_apis(self) -> ScopeApis:
        """The API's scope_apis as it is now."""
        return self.engine.service.world.scope(ACCOUNT, REGION)

    async def call(self, operation: str = "PutGatewayResponse", **params: object) -> Reply:
        given = {"restApiId": self.api, **(STATUS if operation.startswith("Put") else {}), **params}
        return await self.engine.handle(operation, ACCOUNT, REGION, given)

    async def outcome(self, operation: str = "PutGatewayResponse", **params: object) -> str:
        """How the call ends: status and error code, or when its connection was cut."""
        try:
            reply = await self.call(operation, **params)
        except ServiceFault as fault:
            return f"{fault.status} {fault.code}"
        except ConnectionCutByServer as cut:
            return "cut after" if cut.applied else "cut before"
        return str(reply.status)

    @property
    def written(self) -> bool:
        return bool(self.scope_apis.customisation(self.scope_apis.require(self.api)).own)


def test_an_answer_carries_its_request_id() -> None:
    async def main() -> None:
        way = Way()
        replies = [await way.call(), await way.call()]
        ids = [r.headers["x-amzn-RequestId"] for r in replies]
        assert len(set(ids)) == 2
        assert [len(part) for part in ids[0].split("-")] == [8, 4, 4, 4, 12]
        assert [r.status for r in replies] == [201, 201]

    virtually(main)


def test_a_refusal_carries_its_request_id() -> None:
    async def main() -> None:
        way = Way()
        with pytest.raises(ServiceFault) as caught:
            await way.call("GetGatewayResponses", restApiId="nosuchapi1")
        assert caught.value.request_id == caught.value.headers["x-amzn-RequestId"]
        assert caught.value.request_id

    virtually(main)


@pytest.mark.parametrize(
    ("fault", "outcome", "written"),
    [
        ("throttle", "429 TooManyRequestsException", False),
        ({"retry_after": 2}, "429 TooManyRequestsException", False),
        ("conflict", "409 ConflictException", False),
        ("service_error", "500 InternalFailure", False),
        ({"service_error": {"status": 503, "applied": True}}, "503 ServiceUnavailableException", True),
        ({"slow": 5}, "201", True),
        ("cut_before", "cut before", False),
        ("cut_after", "cut after", True),
        ("expired_token", "403 ExpiredTokenException", False),
        ("access_denied", "403 AccessDeniedException", False),
        ("limit_exceeded", "429 LimitExceededException", False),
        ("bad_request", "400 BadRequestException", False),
    ],
)
def test_each_fault_ends_as_it_says_and_writes_or_does_not(
    fault: object, outcome: str, *, written: bool
) -> None:
    async def main() -> None:
        way = Way({"match": {"first": 1}, "fault": fault})
        assert await way.outcome() == outcome
        assert way.written is written
        assert await way.outcome() == "201"

    virtually(main)


def test_an_api_deleted_meanwhile() -> None:
    async def main() -> None:
        way = Way({"match": {"operation": "Put*"}, "fault": "delete_api"})
        assert await way.outcome("GetGatewayResponses") == "200"
        assert await way.outcome() == "404 NotFoundException"
        assert await way.outcome("GetGatewayResponses") == "404 NotFoundException"
        assert len(way.scope_apis) == 0

    virtually(main)


def test_somebody_else_writes_just_before() -> None:
    async def main() -> None:
        rule = {"match": {"operation": "Put*"}, "fault": {"other_write": {"status": 402, "then": "conflict"}}}
        way = Way(rule)
        assert await way.outcome() == "409 ConflictException"
        shown = gateway_responses.read(way.scope_apis, way.api, ResponseType.UNAUTHORIZED)
        assert (shown.default_response, shown.settings.status_code) == (False, "402")

    virtually(main)


def test_retry_after_is_sent_as_seconds_or_as_a_date() -> None:
    async def main() -> None:
        way = Way(
            {"match": {"nth": 1}, "fault": {"retry_after": 2}},
            {"match": {"nth": 2}, "fault": {"retry_after": {"date_in": 90}}},
            {"match": {"nth": 3}, "fault": "throttle"},
        )
        sent = []
        for _ in range(3):
            with pytest.raises(ServiceFault) as caught:
                await way.call()
            sent.append(caught.value.headers.get("Retry-After"))
        assert sent[0] == "2"
        assert parsedate_to_datetime(str(sent[1])).timestamp() == NOW + 90
        assert sent[2] is None

    virtually(main)


def test_latency_lies_half_before_the_change_and_half_after() -> None:
    """One second: at 0.49 s nothing is written yet, at 0.51 s it is, at 1 s the caller knows."""

    async def main() -> None:
        way = Way(latency=Latency(median=1, p99=1))
        seen = []

        async def look() -> None:
            for seconds in (0.49, 0.02):
                await anyio.sleep(seconds)
                seen.append(way.written)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look)
            await way.call()
            assert anyio.current_time() == pytest.approx(1)
        assert seen == [False, True]

    virtually(main)


@pytest.mark.parametrize(("kind", "script"), [("NO_SUCH", []), ("THROTTLED", [{"fault": "throttle"}])])
def test_refusals_take_as_long_as_answers(kind: str, script: list[Mapping[str, object]]) -> None:
    async def main() -> None:
        way = Way(*script, latency=Latency(median=1, p99=1))
        assert (await way.outcome(responseType=kind))[0] == "4"
        assert anyio.current_time() == pytest.approx(1)

    virtually(main)


def test_a_slow_answer_comes_that_much_later() -> None:
    async def main() -> None:
        way = Way({"fault": {"slow": 30}}, latency=Latency(median=1, p99=1))
        assert await way.outcome() == "201"
        assert anyio.current_time() == pytest.approx(31)

    virtually(main)


@pytest.mark.parametrize(("patience", "written"), [(0.4, False), (0.6, True)])
def test_a_caller_who_gives_up_may_have_written(patience: float, *, written: bool) -> None:
    async def main() -> None:
        way = Way(latency=Latency(median=1, p99=1))
        with anyio.move_on_after(patience):
            await way.call()
        assert way.written is written
        assert way.engine.statistics.total.current == 0
        assert await way.outcome() == "201"  # nothing is held for ever

    virtually(main)


async def both(one: Callable[[], Awaitable[str]], two: Callable[[], Awaitable[str]]) -> list[str]:
    outcomes = []

    async def run(call: Callable[[], Awaitable[str]]) -> None:
        outcomes.append(await call())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, one)
        tasks.start_soon(run, two)
    return sorted(outcomes)


@pytest.mark.parametrize(
    ("exclusive", "outcomes"), [(True, ["201", "409 ConflictException"]), (False, ["201", "201"])]
)
def test_two_writes_on_one_api_meet(*, exclusive: bool, outcomes: list[str]) -> None:
    async def main() -> None:
        way = Way(latency=Latency(median=1, p99=1), exclusive_writes=exclusive)
        assert await both(way.outcome, lambda: way.outcome(responseType="THROTTLED")) == outcomes
        assert way.engine.statistics.max_concurrent_writes == 2

    virtually(main)


def test_writes_that_meet_are_refused_in_the_services_words() -> None:
    async def main() -> None:
        way = Way(latency=Latency(median=1, p99=1))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(way.call)
            await anyio.sleep(0.1)
            with pytest.raises(ServiceFault) as caught:
                await way.call()
            assert caught.value.message == CONCURRENT

    virtually(main)


def test_reads_and_writes_of_other_apis_do_not_meet() -> None:
    async def main() -> None:
        way = Way(latency=Latency(median=1, p99=1))
        other = way.engine.service.dispatch("CreateRestApi", ACCOUNT, REGION, {"name": "y"}).body
        assert isinstance(other, dict)
        assert await both(way.outcome, lambda: way.outcome("GetGatewayResponses")) == ["200", "201"]
        assert await both(way.outcome, lambda: way.outcome(restApiId=other["id"])) == ["201", "201"]
        assert way.engine.statistics.max_concurrent_writes == 1

    virtually(main)


def test_the_quota_counts_from_the_first_call() -> None:
    async def main() -> None:
        await anyio.sleep(1000)
        way = Way(quotas=Quotas(QuotaRules(total=Rate(rate=1, burst=2))))
        outcomes = [await way.outcome("GetGatewayResponses") for _ in range(3)]
        await anyio.sleep(1)
        outcomes.append(await way.outcome("GetGatewayResponses"))
        assert outcomes == ["200", "200", "429 TooManyRequestsException", "200"]

    virtually(main)


@pytest.mark.parametrize(("seconds", "header"), [(None, None), (2, "2"), (0.25, "0.25")])
def test_refusals_by_quota_may_ask_to_wait(seconds: float | None, header: str | None) -> None:
    async def main() -> None:
        way = Way(quotas=Quotas(QuotaRules(total=Rate(rate=1, burst=1), retry_after=seconds)))
        await way.call()
        with pytest.raises(ServiceFault) as caught:
            await way.call()
        assert caught.value.headers.get("Retry-After") == header

    virtually(main)


def test_a_restart_is_a_new_beginning_in_the_same_world() -> None:
    async def main() -> None:
        way = Way(
            {"match": {"nth": 1}, "fault": "conflict"},
            quotas=Quotas(QuotaRules(total=Rate(rate=1, burst=2))),
        )
        outcomes = [await way.outcome() for _ in range(3)]
        assert outcomes == ["409 ConflictException", "201", "429 TooManyRequestsException"]
        way.engine.restart()
        assert way.engine.statistics.total.calls == 0
        assert [await way.outcome() for _ in range(3)] == outcomes
        assert way.engine.snapshot()["elapsed"] == 0.0
        assert way.written

    virtually(main)


def test_calls_are_told_over_time_by_scope_and_operation_and_the_neighbours_beside_them() -> None:
    """1/s, burst 2: of three calls a second two are taken, then one. A scripted refusal is one too."""

    async def main() -> None:
        timeline = Timeline()
        way = Way(
            {"match": {"operation": "GetGatewayResponses"}, "fault": "throttle"},
            quotas=Quotas(QuotaRules(total=Rate(rate=1, burst=2), neighbour=Neighbour(rate=0.001), seed=1)),
            statistics=Statistics(timeline=timeline),
        )
        for second in (1, 2):
            for _ in range(3):
                await way.outcome()
            await anyio.sleep_until(second)
        await anyio.sleep_until(60)
        await way.outcome("GetGatewayResponses")
        series = {operation: (s.taken, s.refused) for (_, operation), s in timeline.series.items()}
        assert [list(bins) for bins in series["PutGatewayResponse"]] == [[2, 1], [1, 2]]
        taken, refused = series["GetGatewayResponses"]
        assert (sum(taken), list(refused)) == (0, [0] * 60 + [1])
        await anyio.sleep_until(3600)
        await way.outcome()
        neighbour = timeline.series[f"{ACCOUNT}/{REGION}", NEIGHBOUR]
        assert sum(neighbour.taken) == sum(o["accepted"] for o in way.engine.quotas.neighbours().values()) > 0

    virtually(main)


def test_edge_and_regional_apis_are_created_at_different_rates() -> None:
    async def main() -> None:
        way = Way(quotas=Quotas())
        regional = {"name": "r", "endpointConfiguration": {"types": ["REGIONAL"]}}
        assert await way.outcome("CreateRestApi", name="e") == "201"
        assert await way.outcome("CreateRestApi", **regional) == "201"
        await anyio.sleep(3)
        assert await way.outcome("CreateRestApi", name="e") == "429 TooManyRequestsException"
        assert await way.outcome("CreateRestApi", **regional) == "201"

    virtually(main)


def test_calls_refused_by_quota_are_not_the_scripts() -> None:
    async def main() -> None:
        way = Way(
            {"match": {"nth": 2}, "fault": "service_error"},
            quotas=Quotas(QuotaRules(total=Rate(rate=1, burst=1))),
        )
        outcomes = []
        for _ in range(4):
            outcomes.append(await way.outcome())
            await anyio.sleep(0.5)
        assert outcomes == [
            "201",
            "429 TooManyRequestsException",
            "500 InternalFailure",
            "429 TooManyRequestsException",
        ]

    virtually(main)


def test_other_services_have_no_part_in_the_quota_and_refuse_in_their_own_words() -> None:
    async def main() -> None:
        once = Rate(rate=0, burst=1)
        way = Way(
            quotas=Quotas(QuotaRules(total=once, per_operation={"ListAccounts": once, "AssumeRole": once}))
        )
        assert [await way.outcome("ListAccounts") for _ in range(2)] == [
            "200",
            "400 TooManyRequestsException",
        ]
        assert await way.outcome("AssumeRole") == "400 ValidationError"  # it names no role
        assert await way.outcome("AssumeRole") == "400 Throttling"
        assert [await way.outcome("GetCallerIdentity") for _ in range(3)] == ["200"] * 3
        assert await way.outcome() == "201"
        assert way.engine.statistics.total.refused == 2

    virtually(main)


@pytest.mark.parametrize(
    ("operation", "verb", "path"),
    [
        ("GetRestApis", "GET", "/restapis"),
        ("PutGatewayResponse", "PUT", "/restapis/{api}/gatewayresponses/UNAUTHORIZED"),
        ("GetGatewayResponses", "GET", "/restapis/{api}/gatewayresponses"),
        ("CreateDeployment", "POST", "/restapis/{api}/deployments"),
        ("UpdateStage", "PATCH", "/restapis/{api}/stages/prod"),
        ("GetUsagePlans", "GET", "/usageplans"),
    ],
)
def test_a_denied_account_is_told_the_missing_permission(operation: str, verb: str, path: str) -> None:
    async def main() -> None:
        way = Way(denied=frozenset({ACCOUNT}))
        params = {} if operation == "GetRestApis" else {"restApiId": way.api, "stageName": "prod", **STATUS}
        if not operation.startswith("Put"):
            params.pop("responseType", None)
        with pytest.raises(ServiceFault) as caught:
            await way.engine.handle(operation, ACCOUNT, REGION, params)
        assert (caught.value.code, caught.value.status) == ("AccessDeniedException", 403)
        assert caught.value.message.endswith(
            f"is not authorized to perform: apigateway:{verb} on resource: "
            f"arn:aws:apigateway:{REGION}::{path.format(api=way.api)}"
        )
        assert (await way.engine.handle("GetCallerIdentity", ACCOUNT, REGION, {})).status == 200
        assert (await way.engine.handle("GetRestApis", "222222222222", REGION, {})).status == 200

    virtually(main)


def test_statistics_tell_calls_refusals_errors_and_concurrency() -> None:
    async def main() -> None:
        way = Way(
            {"match": {"nth": 3}, "fault": "cut_before"},
            {"match": {"nth": 4}, "fault": "service_error"},
            latency=Latency(median=1, p99=1),
            quotas=Quotas(QuotaRules(total=Rate(rate=0, burst=4))),
        )
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(way.outcome, "GetGatewayResponses")
        for _ in range(3):
            await way.outcome()
        snapshot: Any = way.engine.snapshot()
        scope = snapshot["scopes"][f"{ACCOUNT}/{REGION}"]
        assert scope["operations"]["GetGatewayResponses"] == {
            "calls": 2,
            "succeeded": 2,
            "refused": 0,
            "cut": 0,
            "errors": {},
            "concurrent": 0,
            "max_concurrent": 2,
            "first": 0.0,
            "last": 1.0,
        }
        puts = scope["operations"]["PutGatewayResponse"]
        assert {k: puts[k] for k in ("calls", "succeeded", "refused", "cut", "errors", "max_concurrent")} == {
            "calls": 3,
            "succeeded": 0,
            "refused": 1,
            "cut": 1,
            "errors": {"InternalFailure": 1},
            "max_concurrent": 1,
        }
        assert (scope["calls"], snapshot["total"]["calls"], scope["last"]) == (5, 5, 4.0)
        assert snapshot["elapsed"] == 4.0

    virtually(main)


def test_the_write_log_knows_writes_nobody_heard_of() -> None:
    async def main() -> None:
        way = Way({"match": {"nth": 2}, "fault": "cut_after"}, {"match": {"nth": 3}, "fault": "cut_before"})
        reply = await way.call()
        await way.outcome(responseType="THROTTLED")
        await way.outcome()
        await way.outcome("DeleteGatewayResponse", responseType="THROTTLED")
        statistics = way.engine.statistics
        assert [(w.operation, w.type) for w in statistics.writes] == [
            ("PutGatewayResponse", "UNAUTHORIZED"),
            ("PutGatewayResponse", "THROTTLED"),
            ("DeleteGatewayResponse", "THROTTLED"),
        ]
        assert statistics.writes[0].request_id == reply.headers["x-amzn-RequestId"]
        assert dict(statistics.puts) == {
            (ACCOUNT, REGION, way.api, "UNAUTHORIZED"): 1,
            (ACCOUNT, REGION, way.api, "THROTTLED"): 1,
        }
        writes: Any = way.engine.snapshot()["writes"]
        assert [w["type"] for w in writes["log"]] == ["UNAUTHORIZED", "THROTTLED", "THROTTLED"]
        assert [p["count"] for p in writes["puts"]] == [1, 1]

    virtually(main)


def test_the_write_log_is_bounded_and_can_be_left_out() -> None:
    async def main() -> None:
        way = Way()
        for _ in range(15):
            await way.call()
        assert len(way.engine.statistics.writes) == 10
        assert way.engine.statistics.puts.total() == 15
        silent = Engine(way.engine.service)
        await silent.handle("PutGatewayResponse", ACCOUNT, REGION, {"restApiId": way.api, **STATUS})
        assert (len(silent.statistics.writes), silent.statistics.puts.total()) == (0, 0)

    virtually(main)


def test_counting_can_start_again_while_calls_are_in_flight() -> None:
    async def main() -> None:
        way = Way(latency=Latency(median=1, p99=1))
        await way.outcome()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(way.outcome)
            await anyio.sleep(0.1)
            way.engine.statistics.reset()
        total = way.engine.statistics.total
        assert (total.calls, total.succeeded, total.current, total.max_concurrent) == (0, 1, 0, 1)
        assert way.engine.statistics.max_concurrent_writes == 1
        assert len(way.engine.statistics.writes) == 1
        snapshot: Any = way.engine.snapshot(log=False)
        assert "log" not in snapshot["writes"]

    virtually(main)


def test_parameters_of_a_wrong_shape_are_refused_by_the_service_and_counted() -> None:
    async def main() -> None:
        way = Way()
        assert await way.outcome(restApiId=5) == "400 SerializationException"
        assert (
            await way.outcome("CreateRestApi", endpointConfiguration="EDGE") == "400 SerializationException"
        )
        assert way.engine.statistics.total.errors == {"SerializationException": 2}

    virtually(main)


@pytest.mark.asyncio
async def test_it_runs_on_asyncio_as_well() -> None:
    assert await Way(latency=Latency(median=0.001, p99=0.001)).outcome() == "201"
