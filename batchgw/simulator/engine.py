"""The way of one call through the simulated service, the same in process and over HTTP.

arrival: counted, permission, quota, script -> half the latency -> the change -> the other half -> the answer.
A change is made in the middle, so that a caller who gives up may or may not have written, as with the real
service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import TypeVar

import anyio

from batchgw.simulator import latency as latencies
from batchgw.simulator.call import Call
from batchgw.simulator.faults import Cut, DeleteApi, Deny, Fault, FaultScript, Refuse, Slow, Throttle
from batchgw.simulator.identifiers import mixed
from batchgw.simulator.keys import Key
from batchgw.simulator.latency import Latency
from batchgw.simulator.params import conflict
from batchgw.simulator.quota import UNLIMITED, Quotas
from batchgw.simulator.reply import ConnectionCutByServer, Reply, ServiceFault
from batchgw.simulator.service import Service
from batchgw.simulator.statistics import Statistics

T = TypeVar("T")

CONCURRENT = "Unable to complete operation due to concurrent modification. Please try again later."
"""The service's words when two writes meet on one API (recorded)."""


class Engine:
    """Answers calls on behalf of a service, with everything that can befall a call on its way."""

    def __init__(
        self,
        service: Service,
        *,
        quotas: Quotas | None = None,
        latency: Latency | None = None,
        faults: FaultScript | None = None,
        statistics: Statistics | None = None,
        denied: frozenset[str] = frozenset(),
        exclusive_writes: bool = True,
        clock: Callable[[], float] = anyio.current_time,
        seed: int = 0,
    ) -> None:
        """Without options: no quota, no latency, no faults.

        Args:
            service: what answers in the end.
            quotas: the server's token buckets.
            latency: how long answers take.
            faults: what goes wrong by script. Calls refused by quota or permission are not counted there.
            statistics: what is counted, and how much of it is kept.
            denied: accounts whose identity has no API Gateway permission.
            exclusive_writes: whether a write that meets another on the same API is refused (409).
            clock: tells seconds on any scale; the engine's own time starts with the first call.
            seed: of the request ids.
        """
        self.service = service
        self.quotas = quotas or Quotas(UNLIMITED)
        self.latency = latency or latencies.none()
        self.faults = faults or FaultScript()
        self.statistics = statistics or Statistics()
        self.denied = denied
        self._exclusive = exclusive_writes
        self._clock = clock
        self._started: float | None = None
        self._seed = seed
        self._calls = 0
        self._changing: set[tuple[str, str, str]] = set()

    @property
    def elapsed(self) -> float:
        """Seconds since the first call."""
        now = self._clock()
        if self._started is None:
            self._started = now
        return now - self._started

    async def handle(
        self,
        operation: str,
        account: str,
        region: str,
        params: Mapping[str, object],
        *,
        caller: Key | None = None,
    ) -> Reply:
        """Answer a call given by its wire parameters.

        Args:
            operation: AWS's name of it.
            account: whose credentials signed the call.
            region: the endpoint's.
            params: under botocore's member names.
            caller: whose key signed; the account's own when it is not given.

        Raises:
            ServiceFault: a refusal, with x-amzn-RequestId among its headers.
            ConnectionCutByServer: the connection ends here, without an answer.
        """
        reply, request_id = await self.run(
            Call.of(operation, account, region, params),
            lambda: self.service.dispatch(operation, account, region, params, caller=caller),
        )
        return Reply(
            status=reply.status, body=reply.body, headers={**reply.headers, "x-amzn-RequestId": request_id}
        )

    async def run(self, call: Call, act: Callable[[], T]) -> tuple[T, str]:
        """Take a call on its way; `act` makes the change. Answers its result and the request id.

        Raises what `handle` raises.
        """
        request_id = self._next_request_id()
        tallies = self.statistics.tallies(call)
        now = self.elapsed
        for tally in tallies:
            tally.enter(now)
        self.statistics.write_starts(call)
        try:
            answer = await self._answer(call, act, now, request_id)
        except ServiceFault as fault:
            fault.headers["x-amzn-RequestId"] = request_id
            self._count_fault(call, fault)
            raise
        except ConnectionCutByServer:
            for tally in tallies:
                tally.cut += 1
            raise
        else:
            for tally in tallies:
                tally.succeeded += 1
            return answer, request_id
        finally:
            self.statistics.write_ends(call)
            now = self.elapsed
            for tally in tallies:
                tally.leave(now)

    def snapshot(self, *, log: bool = True) -> dict[str, object]:
        """Statistics so far, ready for JSON: what GET /_batchgw/stats answers; `log` as in Statistics."""
        return {
            "elapsed": self.elapsed,
            **self.statistics.snapshot(log=log),
            "neighbours": self.quotas.neighbours(),
        }

    async def _answer(self, call: Call, act: Callable[[], T], now: float, request_id: str) -> T:
        refusal, fault = self._judge(call, now)
        delay = self.latency.draw() + (fault.seconds if isinstance(fault, Slow) else 0.0)
        if refusal is not None:
            await anyio.sleep(delay)
            raise refusal
        return await self._carry_out(call, act, fault, delay, request_id)

    async def _carry_out(
        self, call: Call, act: Callable[[], T], fault: Fault | None, delay: float, request_id: str
    ) -> T:
        """Make the change half-way through the delay, and hold the API for all of it."""
        if call.target is not None:
            self._changing.add(call.target)
        try:
            await anyio.sleep(delay / 2)
            answer = self._apply(call, act, fault)
            if call.writes:
                self.statistics.written(call, self.elapsed, request_id)
            if delay:
                await anyio.sleep(delay / 2)
        finally:
            if call.target is not None:
                self._changing.discard(call.target)
        _spoil(fault)
        return answer

    def _judge(self, call: Call, now: float) -> tuple[Exception | None, Fault | None]:
        """Decide at the door: what refuses the call before anything is changed, and what befalls it later."""
        refusal = self._at_the_door(call, now)
        if refusal is not None:
            return refusal, None
        fault = self.faults.decide(call, now)
        return self._scripted(call, fault) or self._met(call), fault

    def _at_the_door(self, call: Call, now: float) -> ServiceFault | None:
        """Permission and quota."""
        counted = call.service == "apigateway"
        if counted and call.account in self.denied:
            return call.denied()
        operation = call.quota or call.operation
        if self.quotas.admit(call.account, call.region, operation, now, counted=counted):
            return None
        return call.throttled()

    def _met(self, call: Call) -> ServiceFault | None:
        """The refusal of a write that meets another on its API."""
        if self._exclusive and call.target in self._changing:
            return conflict(CONCURRENT)
        return None

    def _scripted(self, call: Call, fault: Fault | None) -> Exception | None:
        """The refusal a fault stands for, where it is one."""
        match fault:
            case Throttle():
                return call.throttled(self._retry_after(fault))
            case Deny():
                return call.denied()
            case Cut(applied=False):
                return ConnectionCutByServer(applied=False)
            case Refuse(applied=False):
                return _refused(fault)
            case _:
                return None

    def _retry_after(self, fault: Throttle) -> str | None:
        if fault.date_in is None:
            return fault.retry_after
        return formatdate(self.service.now() + fault.date_in, usegmt=True)

    def _apply(self, call: Call, act: Callable[[], T], fault: Fault | None) -> T:
        if isinstance(fault, DeleteApi) and call.api:
            cell = self.service.world.cell(call.account, call.region)
            cell.delete(cell.require(call.api))
        return act()

    def _count_fault(self, call: Call, fault: ServiceFault) -> None:
        refused = fault.code == call.throttled().code
        for tally in self.statistics.tallies(call):
            if refused:
                tally.refused += 1
            else:
                tally.errors[fault.code] += 1

    def _next_request_id(self) -> str:
        self._calls += 1
        high, low = mixed(self._seed, self._calls), mixed(self._seed, self._calls, 1)
        digits = f"{high:016x}{low:016x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _refused(fault: Refuse) -> ServiceFault:
    return ServiceFault(fault.code, fault.status, fault.message, modelled=fault.modelled)


def _spoil(fault: Fault | None) -> None:
    """Take the answer away from a call whose change was made."""
    match fault:
        case Cut():
            raise ConnectionCutByServer(applied=True)
        case Refuse():
            raise _refused(fault)
        case _:
            pass
