"""The benchmarks of size measure what they say: their plane answers like the simulator; checks can fail."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import anyio
import pytest

from batchgw.control_plane.operations import GetGatewayResponses, GetRestApis, PutGatewayResponse
from batchgw.errors import ApiNotFound, Throttled
from batchgw.model import AccountId, GatewayResponse, Region, ResponseType, RestApiId, Scope, Settings
from batchgw.simulator.plane import simulate
from batchgw.simulator.traffic.quota import UNLIMITED, QuotaRules
from batchgw.simulator.world.customisation import NOTHING
from batchgw.simulator.world.world import World
from benchmarks import million, scopes, startup
from benchmarks.harness.memory import Sampler, peak, quarter_peaks, resident
from benchmarks.scale.compact_plane import FOREIGN, CompactPlane, State
from benchmarks.scale.policy import SETTINGS
from benchmarks.scale.timed_loop import TimedLoop
from benchmarks.scale.virtual_loop import VirtualLoop

T = ResponseType
TYPES = (T.DEFAULT_4XX, T.UNAUTHORIZED, T.THROTTLED)
HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))


def in_virtual_time(main: Callable[[], Awaitable[None]]) -> None:
    anyio.run(main, backend_options={"loop_factory": VirtualLoop})


def compact(apis: int = 4, *, regions: int = 2, quota: QuotaRules = UNLIMITED) -> CompactPlane:
    return CompactPlane(
        apis=apis, accounts=1, regions=regions, desired=dict.fromkeys(TYPES, SETTINGS), quota=quota
    )


def api_id(number: int) -> RestApiId:
    return RestApiId(f"{number:010x}")


def put(number: int, kind: ResponseType, settings: Settings = SETTINGS) -> PutGatewayResponse:
    return PutGatewayResponse(scope=HERE, api=api_id(number), type=kind, settings=settings)


class TestCompactPlane:
    @pytest.mark.parametrize("kinds", [(), (T.DEFAULT_4XX,), (T.UNAUTHORIZED,), TYPES, TYPES[::-1]])
    @pytest.mark.parametrize("number", [0, 1])
    def test_it_answers_what_the_simulator_answers(
        self, kinds: tuple[ResponseType, ...], number: int
    ) -> None:
        """DEFAULT_4XX of API 0 has been customised by somebody else, API 1 has nothing of its own."""
        plane = compact()
        world = World(accounts=[HERE.account], regions=[HERE.region], apis=1)
        simulated = simulate(world)
        scope_apis = world.scope(HERE.account, HERE.region)
        scope_apis.customise(0, NOTHING.put(T.DEFAULT_4XX, FOREIGN) if number == 0 else NOTHING)
        there = RestApiId(scope_apis.id(0))

        async def main() -> None:
            for kind in kinds:
                request = PutGatewayResponse(scope=HERE, api=there, type=kind, settings=SETTINGS)
                expected = await simulated.send(request)
                assert (await plane.send(put(number, kind))) == expected
            shown = await plane.send(GetGatewayResponses(scope=HERE, api=api_id(number)))
            answered = await simulated.send(GetGatewayResponses(scope=HERE, api=there))
            assert dict(shown) == dict(answered)

        in_virtual_time(main)

    def test_it_lists_every_api_once_and_in_its_scope_only(self) -> None:
        """Seven APIs in two scopes: four and three; pages of three."""
        plane = compact(7)
        listed: list[tuple[Scope, str]] = []

        async def main() -> None:
            for scope in plane.scopes:
                position: str | None = None
                while True:
                    page = await plane.send(GetRestApis(scope=scope, position=position, limit=3))
                    assert len(page.items) <= 3
                    listed.extend((api.scope, api.id) for api in page.items)
                    position = page.position
                    if position is None:
                        break

        in_virtual_time(main)
        assert [scope for scope, _ in listed] == [plane.scopes[0]] * 4 + [plane.scopes[1]] * 3
        assert [id_ for _, id_ in listed] == [api_id(number) for number in range(7)]

    def test_an_api_of_another_scope_is_not_found(self) -> None:
        async def main() -> None:
            with pytest.raises(ApiNotFound):
                await compact(4).send(put(2, T.UNAUTHORIZED))

        in_virtual_time(main)

    def test_its_quota_is_the_simulators(self) -> None:
        """Of 41 calls at once 40 are taken; a tenth of a second later there is a token again."""
        plane = compact(quota=QuotaRules())
        refused: list[int] = []

        async def call(number: int) -> None:
            try:
                await plane.send(put(0, T.UNAUTHORIZED))
            except Throttled:
                refused.append(number)

        async def main() -> None:
            async with anyio.create_task_group() as tasks:
                for number in range(41):
                    tasks.start_soon(call, number)
            await anyio.sleep(0.1)
            await call(41)

        in_virtual_time(main)
        assert len(refused) == plane.refused == 1

    def test_the_census_counts_right_wrong_missing_and_repeated_writes(self) -> None:
        """Of the 12 API-types of 4 APIs, numbers 0 and 10 were customised by somebody else."""
        plane = compact()
        before = plane.census()

        async def main() -> None:
            await plane.send(put(0, T.DEFAULT_4XX))
            await plane.send(put(0, T.UNAUTHORIZED))
            await plane.send(put(0, T.UNAUTHORIZED))
            await plane.send(put(1, T.THROTTLED, Settings(status_code="499")))

        in_virtual_time(main)
        assert before == Counter({State.DEFAULT: 10, State.OTHERS: 2})
        assert plane.census() == Counter(
            {State.DEFAULT: 8, State.OTHERS: 1, State.AS_DESIRED: 1, State.TWICE: 1, State.WRONG: 1}
        )


class Lossy(CompactPlane):
    """Confirms one write that it does not make."""

    def _put(self, number: int, response_type: ResponseType, settings: Settings) -> object:  # type: ignore[override]
        if number == 3:
            return GatewayResponse(type=response_type, settings=settings, default_response=False)
        return super()._put(number, response_type, settings)


class TestMillion:
    TASK = million.Task(targets=280, types=2, scopes=10)

    def measured(self) -> dict[str, float | None]:
        return anyio.run(million.run, self.TASK, backend_options={"loop_factory": VirtualLoop})

    def test_a_run_makes_every_call_once_and_leaves_all_as_desired(self) -> None:
        """Ten scopes of 14 APIs: a page, 14 reads and 28 writes each, three more than the burst."""
        found = self.measured()
        assert found["calls"] == 10 * (1 + 14 + 28)
        assert found["ratio"] == pytest.approx(found["makespan"] / 0.3)  # type: ignore[operator]
        assert (found["wrong"], found["undone"], found["refused"]) == (0, 0, 0)

    def test_a_confirmed_write_that_was_not_made_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(million, "CompactPlane", Lossy)
        assert self.measured()["undone"] == 2

    def test_the_limit_is_the_quotas(self) -> None:
        """100 APIs in each of 10 scopes: (1 + 100 + 100 - 40) / 10 seconds; 501 have two pages."""
        assert million.Task(targets=1000, types=1, scopes=10).limit() == pytest.approx(16.1)
        assert million.Task(targets=5010, types=1, scopes=10).limit() == pytest.approx(96.4)


class TestGauges:
    def test_the_most_of_each_quarter(self) -> None:
        samples = [(1.0, 5.0), (2.0, 9.0), (3.0, 7.0), (4.0, 6.0), (6.0, 8.0), (8.0, 3.0)]
        assert quarter_peaks(samples) == [5.0, 9.0, 6.0, 8.0]

    def test_too_few_samples_are_no_quarters(self) -> None:
        with pytest.raises(ValueError, match="four quarters"):
            quarter_peaks([(0.0, 1.0)] * 3)

    def test_memory_that_was_taken_is_seen(self) -> None:
        before = resident()
        with Sampler(every=0.001) as sampler:
            taken = bytearray(30_000_000)
            while len(sampler.samples) < 3:
                time.sleep(0.001)
        del taken
        assert max(megabytes for _, megabytes in sampler.samples) > before + 25
        assert peak() > before + 25

    def test_virtual_time_passes_in_no_time_and_in_order(self) -> None:
        woken: list[tuple[str, float]] = []

        async def sleeper(name: str, seconds: float) -> None:
            await anyio.sleep(seconds)
            woken.append((name, anyio.current_time()))

        async def main() -> None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sleeper, "hour", 3600.0)
                tasks.start_soon(sleeper, "minute", 60.0)

        began = time.monotonic()
        in_virtual_time(main)
        assert [name for name, _ in woken] == ["minute", "hour"]
        assert [at for _, at in woken] == pytest.approx([60.0, 3600.0])
        assert time.monotonic() - began < 60

    def test_the_longest_step_is_found_once_there_is_a_connection(self) -> None:
        """What stands still before the first connection is start-up."""

        async def stalling(seconds: float) -> None:
            time.sleep(seconds)

        async def main(loop: TimedLoop) -> None:
            await asyncio.create_task(stalling(0.06))
            server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
            async with server:
                _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
                await asyncio.create_task(stalling(0.03))
                await asyncio.sleep(0.005)
                writer.close()
            assert loop.late

        loop = TimedLoop()
        try:
            loop.run_until_complete(main(loop))
        finally:
            loop.close()
        longest = max(loop.steps)
        assert longest.owner.endswith("stalling")
        assert 0.03 <= longest.wall < 0.06


class TestFigures:
    def test_of_a_scope(self) -> None:
        """Ten scopes with 30 changes: 10 pages, 30 reads and 30 writes are 70 calls."""
        found = {"cpu": 0.02, "wall": 1.0, "before": 60.0, "after": 61.0, "connections": 3.0}
        work = {"applied": 30.0, "cpu at work": 0.07, "peak": 80.0, "connections at work": 9.0}
        start = {"scopes": 10, "cpu": 0.02, "each": 2.0, "wall": 1.0, "base": 61.0, "kilobytes": 100.0}
        start |= {"connections": 3.0}
        assert scopes.figures(10, found) == pytest.approx(start)
        assert scopes.figures(10, found | work) == pytest.approx(
            start | {"call": 1.0, "peak": 80.0, "busy": 9.0}
        )

    def test_a_command_that_fails_is_told(self) -> None:
        subject = startup.Subject(name="ends badly", command=(sys.executable, "-c", "raise SystemExit(3)"))
        assert startup.row(subject, [startup.start(subject.command)], None).failed == "exit code 3"

    def test_the_medians_of_a_command(self) -> None:
        runs = [startup.Started(wall=w, cpu=w / 2, code=0) for w in (0.3, 0.1, 0.2)]
        subject = startup.Subject(name="x", command=("x",), goal=0.15)
        row = startup.row(subject, runs, None)
        assert row.values == {"wall": 0.2, "cpu": 0.1}
        assert row.missed() == ["wall"]

    def test_a_command_that_is_not_there_is_skipped(self) -> None:
        subject = startup.Subject(name="x", command=("/no/such/command",))
        with pytest.raises(OSError, match="No such file"):
            startup.start(subject.command)
        assert startup.row(subject, [], "it cannot be started").skipped == "it cannot be started"


def test_live_scopes_are_measured_over_http() -> None:
    """Two scopes, each with a role: the real client, the server's process, and a plan and an apply."""
    row = scopes.row(scopes.Subject(kind="batchgw", scopes=2))
    assert row.failed is None
    assert row.values["scopes"] == 2
    assert row.values["busy"]
