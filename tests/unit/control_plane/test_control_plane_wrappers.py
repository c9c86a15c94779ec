"""retrying( limited( plane ) ), in virtual time, around a plane that answers as it was told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf
from random import Random
from typing import cast

import anyio
import pytest

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.advice import for_one_api, for_owner, for_stages
from batchgw.control_plane.classify import classify
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import GetGatewayResponse, GetRestApis, PutGatewayResponse
from batchgw.control_plane.readonly import ReadOnlyControlPlane, WriteRefused
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import (
    AccessDenied,
    ApiDenied,
    BadRequest,
    CallError,
    ConcurrentModification,
    ConnectionCut,
    ConnectionFailed,
    CredentialsExpired,
    CredentialsRejected,
    DeniedByScp,
    ReadingAged,
    ServiceFailure,
    Stopped,
    Throttled,
)
from batchgw.events import CallGaveUp, CallRetried, CallSent, CallThrottled, Event, ScopeGivenUp
from batchgw.model import (
    AccountId,
    Effort,
    GatewayResponse,
    Region,
    ResponseType,
    RestApiId,
    Scope,
    Settings,
)
from tests.virtual import virtually

SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
OTHER = Scope(account=AccountId("222222222222"), region=Region("eu-west-1"))
PUT = PutGatewayResponse(
    scope=SCOPE, api=RestApiId("a1b2c3d4e5"), type=ResponseType.THROTTLED, settings=Settings()
)
GET = GetGatewayResponse(scope=SCOPE, api=RestApiId("a1b2c3d4e5"), type=ResponseType.THROTTLED)
DONE = GatewayResponse(type=ResponseType.THROTTLED, settings=Settings(), default_response=False)


class Told:
    """A plane that raises the given errors, one a call, and then answers. It notes when calls arrive."""

    def __init__(self, *errors: CallError, latency: float = 0.1) -> None:
        self.errors = list(errors)
        self.latency = latency
        self.arrivals: list[float] = []

    async def send(
        self,
        request: Request[T],  # noqa: ARG002 - all are answered alike
        execution: Execution | None = None,
    ) -> T:
        self.arrivals.append(anyio.current_time())
        await anyio.sleep(self.latency)
        if self.errors:
            raise self.errors.pop(0)
        if execution is not None:
            execution.request_id = "r-1"
        return cast("T", DONE)

    async def current_account(self) -> AccountId:
        return SCOPE.account


class Seen:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)

    def count(self, kind: type[object]) -> int:
        return sum(isinstance(e, kind) for e in self.events)


def paced(plane: Told, seen: Seen | None = None, stop: StopSignal | None = None) -> PacedControlPlane:
    return PacedControlPlane(plane, pace=Pace(), observer=seen or Seen(), stop=stop, random=Random(7))


def test_throttles_wait_and_use_up_no_attempt() -> None:
    async def main() -> None:
        plane, seen = Told(*(Throttled("Too Many Requests") for _ in range(50))), Seen()
        execution = Execution()
        await paced(plane, seen).send(PUT, execution)
        assert execution.attempts == 1
        assert execution.throttles == 50
        assert execution.request_id == "r-1"
        assert seen.count(CallThrottled) == 50
        assert seen.count(CallSent) == 51  # no call, first try or retry, goes past the gate
        assert execution.waited == pytest.approx(plane.arrivals[-1] - 50 * plane.latency)

    virtually(main)


def test_what_a_call_costs_is_counted_for_each_anew() -> None:
    async def main() -> None:
        plane = paced(Told(latency=0.01))
        efforts = []
        for _ in range(60):
            execution = Execution()
            await plane.send(PUT, execution)
            efforts.append(execution.effort)
        assert efforts[0] == Effort(attempts=1, request_id="r-1")
        assert {(e.attempts, e.throttles, e.request_id) for e in efforts} == {(1, 0, "r-1")}
        assert 0.0 < efforts[-1].waited <= 0.1 + 1e-6  # by then the burst is spent

    virtually(main)


def test_retry_after_is_never_shortened() -> None:
    async def main() -> None:
        plane = Told(Throttled("Too Many Requests", retry_after=30.0))
        await paced(plane).send(PUT)
        assert plane.arrivals[1] - (plane.arrivals[0] + plane.latency) >= 30.0

    virtually(main)


LEAVING_OPEN = [
    ConcurrentModification("try again later", status=409),
    ServiceFailure("internal", status=500),
    ConnectionCut("reset"),
]


@pytest.mark.parametrize("error", [*LEAVING_OPEN, ConnectionFailed("refused")], ids=type)
@pytest.mark.parametrize("request_", [PUT, GET], ids=["write", "read"])
def test_what_may_pass_is_tried_again_and_bounded(error: CallError, request_: Request[object]) -> None:
    """A write after a look, where the error leaves open what is there; after the last error none is taken."""
    looks: list[int] = []

    async def look(_error: CallError) -> None:
        looks.append(execution.attempts)

    execution = Execution(look=look)

    async def main() -> None:
        nonlocal execution
        plane = Told(*[error] * 3)
        await paced(plane).send(request_, execution)
        assert execution.attempts == 4
        looks.clear()

        plane, seen = Told(*[error] * 100), Seen()
        execution = Execution(look=look)
        with pytest.raises(type(error)):
            await paced(plane, seen).send(request_, execution)
        assert len(plane.arrivals) == Pace().attempts == execution.attempts
        assert seen.count(CallRetried) == Pace().attempts - 1  # the last was not made again
        assert seen.count(CallGaveUp) == 1
        assert looks == (
            list(range(1, Pace().attempts)) if request_.operation.writes and error.leaves_open else []
        )

    virtually(main)


@pytest.mark.parametrize("error", LEAVING_OPEN, ids=type)
def test_whoever_does_not_look_does_not_write_again(error: CallError) -> None:
    async def main() -> None:
        plane = Told(error)
        with pytest.raises(type(error)):
            await paced(plane).send(PUT)
        assert len(plane.arrivals) == 1

    virtually(main)


def test_a_look_may_end_it_and_is_given_what_it_has_cost() -> None:
    class Seen(Exception):
        pass

    async def look(_error: CallError) -> None:
        raise Seen((execution.attempts, execution.throttles, execution.in_doubt, execution.waited > 0))

    execution = Execution(look=look)

    async def main() -> None:
        plane = Told(Throttled("Too Many Requests"), ServiceFailure("internal", status=500))
        with pytest.raises(Seen) as seen:
            await paced(plane).send(PUT, execution)
        assert seen.value.args == ((1, 1, True, True),)
        assert len(plane.arrivals) == 2

    virtually(main)


def test_after_a_look_nothing_is_in_doubt() -> None:
    async def look(_error: CallError) -> None:
        pass

    async def main() -> None:
        plane = Told(ServiceFailure("internal", status=500), BadRequest("no"))
        execution = Execution(look=look)
        with pytest.raises(BadRequest):
            await paced(plane).send(PUT, execution)
        assert not execution.in_doubt

    virtually(main)


def test_a_write_may_be_held_back_as_it_leaves_and_waits_for_another_permit() -> None:
    """It was not sent: that uses up no attempt, and no call of the quota."""
    held = [ReadingAged("old"), ReadingAged("older")]
    looks: list[CallError] = []

    async def leave() -> None:
        if held:
            raise held.pop()

    async def look(error: CallError) -> None:
        looks.append(error)

    async def main() -> None:
        plane, seen = Told(), Seen()
        execution = Execution(before_attempt=leave, look=look)
        await paced(plane, seen).send(PUT, execution)
        assert (execution.attempts, len(plane.arrivals), len(looks)) == (1, 1, 2)
        assert (seen.count(CallSent), seen.count(CallRetried), seen.count(CallGaveUp)) == (1, 0, 0)
        assert anyio.current_time() < 1

    virtually(main)


def test_each_attempt_asks_whether_it_may_leave() -> None:
    departures: list[float] = []

    async def leave() -> None:
        departures.append(anyio.current_time())

    async def main() -> None:
        plane = Told(*(Throttled("Too Many Requests") for _ in range(3)))
        await paced(plane).send(PUT, Execution(before_attempt=leave))
        assert departures == plane.arrivals

    virtually(main)


def test_a_5xx_that_names_a_time_is_left_alone_for_so_long() -> None:
    async def main() -> None:
        plane = Told(ServiceFailure("busy", status=503, retry_after=45.0))
        await paced(plane).send(GET)
        assert plane.arrivals[1] - plane.arrivals[0] >= 45.0

        looks: list[float] = []

        async def look(_error: CallError) -> None:
            looks.append(anyio.current_time())

        plane = Told(ServiceFailure("busy", status=503, retry_after=45.0))
        await paced(plane).send(PUT, Execution(look=look))
        assert looks[0] - plane.arrivals[0] >= 45.0  # and only then it is read

    virtually(main)


def test_the_permanent_is_tried_once() -> None:
    async def main() -> None:
        plane = Told(BadRequest("no"), BadRequest("no"))
        execution = Execution()
        with pytest.raises(BadRequest):
            await paced(plane).send(PUT, execution)
        assert execution.attempts == 1
        assert len(plane.arrivals) == 1

    virtually(main)


def test_expired_credentials_get_one_more_attempt_and_then_end_the_scope() -> None:
    async def main() -> None:
        plane = Told(CredentialsExpired("expired"))
        execution = Execution()
        await paced(plane).send(PUT, execution)
        assert execution.attempts == 2

        plane, seen = Told(*[CredentialsExpired("expired")] * 9), Seen()
        stack = paced(plane, seen)
        with pytest.raises(CredentialsExpired):
            await stack.send(PUT)
        assert len(plane.arrivals) == 2
        assert seen.count(ScopeGivenUp) == 1

    virtually(main)


DENIED = "not authorized to perform apigateway:PUT"


def put(api: str, scope: Scope = SCOPE) -> PutGatewayResponse:
    return replace(PUT, scope=scope, api=RestApiId(api))


def test_a_denied_scope_is_not_called_again_and_the_others_are() -> None:
    async def main() -> None:
        plane, seen = Told(*(AccessDenied(DENIED) for _ in range(100))), Seen()
        stack = paced(plane, seen)
        refused: list[CallError] = []

        async def send(request: PutGatewayResponse) -> None:
            try:
                await stack.send(request)
            except CallError as error:
                refused.append(error)

        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(send, put(f"api{number}"))
        # Two left, and one every 0.05 s until the third answer came at 0.15 s.
        assert 3 <= len(plane.arrivals) <= 5
        assert [type(error) for error in refused[:3]] == [ApiDenied, ApiDenied, AccessDenied]
        assert all(isinstance(error, AccessDenied) for error in refused[2:])
        before = len(plane.arrivals)
        plane.errors.clear()
        await stack.send(put("a", OTHER))
        assert len(plane.arrivals) == before + 1
        assert seen.count(ScopeGivenUp) == 1

    virtually(main)


def verdicts(*calls: tuple[Request[object], CallError | None]) -> list[str]:
    """What comes of calls made one after the other, each answered by an error or well: "ok" or the error."""
    told: list[str] = []

    async def main() -> None:
        for request, error in calls:
            plane.errors = [] if error is None else [error]
            try:
                await stack.send(request)
            except CallError as raised:
                told.append(type(raised).__name__)
            else:
                told.append("ok")

    plane = Told()
    stack = paced(plane, Seen())
    virtually(main)
    return told


def no() -> AccessDenied:
    return AccessDenied(DENIED)


class TestDenials:
    """AccessDenied on one API is that API's own affair; on three in a row, or on a listing, the scope's."""

    def test_three_different_apis_in_a_row_end_the_scope(self) -> None:
        told = verdicts(*((put(api), no()) for api in "abcd"))
        assert told == ["ApiDenied", "ApiDenied", "AccessDenied", "AccessDenied"]

    def test_the_same_api_counts_once(self) -> None:
        assert verdicts(*((put("a"), no()) for _ in range(5))) == ["ApiDenied"] * 5

    def test_a_success_in_between_starts_the_count_anew(self) -> None:
        told = verdicts(
            *((put(api), no()) for api in "ab"), (put("c"), None), *((put(api), no()) for api in "def")
        )
        assert told == ["ApiDenied", "ApiDenied", "ok", "ApiDenied", "ApiDenied", "AccessDenied"]

    def test_a_read_that_succeeds_says_nothing_about_writes(self) -> None:
        """Who may read all and write nothing must not be asked for every API."""
        calls: list[tuple[Request[object], CallError | None]] = []
        for api in "abc":
            calls += [(replace(GET, api=RestApiId(api)), None), (put(api), no())]
        assert verdicts(*calls) == ["ok", "ApiDenied", "ok", "ApiDenied", "ok", "AccessDenied"]

    def test_other_scopes_are_counted_apart(self) -> None:
        told = verdicts((put("a"), no()), (put("b"), no()), (put("c", OTHER), no()), (put("d", OTHER), no()))
        assert told == ["ApiDenied"] * 4

    def test_a_listing_end_the_scope_at_once(self) -> None:
        told = verdicts((GetRestApis(scope=SCOPE), no()), (put("a"), None))
        assert told == ["AccessDenied", "AccessDenied"]

    def test_rejected_credentials_end_the_scope_at_once(self) -> None:
        told = verdicts((put("a"), CredentialsRejected("unknown key")), (put("b"), None))
        assert told == ["CredentialsRejected", "CredentialsRejected"]

    def test_a_denial_of_one_api_keeps_the_services_words_and_gives_advice_for_one(self) -> None:
        denial = classify(
            "AccessDeniedException", 403, "User: x is not authorized to perform: apigateway:PUT"
        )
        assert isinstance(denial, AccessDenied)
        single = for_one_api(denial)
        assert single.message.startswith("User: x is not authorized to perform: apigateway:PUT. Give the")
        assert "leave this API out with an exclude rule" in single.message
        assert "account-region" not in single.message
        assert (single.code, single.status) == ("AccessDeniedException", 403)

    @pytest.mark.parametrize("further", [lambda error: error, for_owner, for_stages])
    def test_of_one_api_that_a_service_control_policy_denies_no_permission_is_advised(
        self, further: Callable[[ApiDenied], ApiDenied]
    ) -> None:
        """One that denies writes is met at each API, and not at the listing."""
        words = "not authorized to perform: apigateway:PUT with an explicit deny in a service control policy"
        denial = classify("AccessDeniedException", 403, words)
        assert isinstance(denial, DeniedByScp)
        single = further(for_one_api(denial))
        assert type(single) is ApiDenied
        assert single.message == (
            f"{words}. No permission of the account's own helps: ask those who keep the organisation's "
            "service control policies, or leave this API out with an exclude rule."
        )


def test_a_stop_lets_calls_in_flight_finish_and_sends_no_other() -> None:
    async def main() -> None:
        plane, stop = Told(latency=5.0), StopSignal()
        stack = paced(plane, stop=stop)
        ended: list[str] = []

        async def put() -> None:
            try:
                await stack.send(PUT)
            except Stopped:
                ended.append("stopped")
            else:
                ended.append("done")

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(put)
            await anyio.sleep(0.21)  # left at 0, two of them, and at 0.05, 0.1, 0.15, 0.2
            stop.request()
        assert ended.count("done") == 6
        assert ended.count("stopped") == 14
        assert len(plane.arrivals) == 6

    virtually(main)


def test_a_stop_ends_the_wait_for_a_retry() -> None:
    async def main() -> None:
        plane, stop = Told(Throttled("Too Many Requests", retry_after=60)), StopSignal()
        stack = paced(plane, stop=stop)
        async with anyio.create_task_group() as tasks:

            async def soon() -> None:
                await anyio.sleep(1)
                stop.request()

            tasks.start_soon(soon)
            with pytest.raises(Stopped):
                await stack.send(PUT)
        assert anyio.current_time() < 2
        assert len(plane.arrivals) == 1

    virtually(main)


def test_scopes_do_not_wait_for_one_another() -> None:
    async def main() -> None:
        plane = Told()
        stack = paced(plane)

        async def puts(scope: Scope) -> None:
            for _ in range(100):
                await stack.send(
                    PutGatewayResponse(scope=scope, api=PUT.api, type=PUT.type, settings=Settings())
                )

        began = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(puts, SCOPE)
            tasks.start_soon(puts, OTHER)
        # one after the other at 0.1 s each: 10 s; side by side no longer
        assert anyio.current_time() - began == pytest.approx(10, abs=0.5)

    virtually(main)


def test_a_reading_verb_cannot_write() -> None:
    async def main() -> None:
        plane = Told()
        guarded = ReadOnlyControlPlane(plane)
        with pytest.raises(WriteRefused):
            await guarded.send(PUT)
        assert not plane.arrivals
        await guarded.send(GET)
        assert await guarded.current_account() == SCOPE.account

    virtually(main)


class TestWorkers:
    """Many scopes share what one process can keep busy."""

    @staticmethod
    def scope(number: int) -> Scope:
        return Scope(account=AccountId(f"{number:012d}"), region=SCOPE.region)

    @pytest.mark.parametrize(
        ("scopes", "workers"),
        [(1, 10), (200, 10), (250, 8), (500, 4), (1000, 2), (4000, 2)],  # 2,000 / scopes, 2 at least
    )
    def test_the_more_scopes_have_calls_to_make_the_fewer_of_its_apis_each_has_in_work(
        self, scopes: int, workers: int
    ) -> None:
        """Ten, as long as no latency is known."""

        async def main() -> None:
            plane = paced(Told())
            for number in range(scopes):
                plane.expect(self.scope(number), inf)
            assert plane.workers(self.scope(0))() == workers

        virtually(main)

    def test_scopes_that_have_no_more_calls_to_make_leave_their_part_to_the_others(self) -> None:
        async def main() -> None:
            plane = paced(Told())
            for number in range(1000):
                plane.expect(self.scope(number), 1)
            workers = plane.workers(self.scope(0))
            assert workers() == 2
            for number in range(1, 501):
                plane.expect(self.scope(number), 0)
            assert workers() == 4
            for number in range(501, 1000):
                plane.decided(self.scope(number))
            assert workers() == 10

        virtually(main)
