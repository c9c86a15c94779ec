"""The way of one call through the simulated service. It is the same in process and over HTTP.

arrival: counted, permission, quota, fault script -> half the latency -> change -> other half -> answer.
The change is made in the middle. So a caller who gives up may or may not have written, as with AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import anyio
from anyio.lowlevel import checkpoint

from batchgw.simulator.call import Call, Target
from batchgw.simulator.data_plane.answering import Moment
from batchgw.simulator.data_plane.edge import Edge
from batchgw.simulator.data_plane.invocation import Answered, Invocation
from batchgw.simulator.edits.edit import DeleteApi as ApiDeletion
from batchgw.simulator.edits.edit import PutGatewayResponse
from batchgw.simulator.edits.others import Others
from batchgw.simulator.edits.script import EditScript, Planned
from batchgw.simulator.operations.service import Service, service_of
from batchgw.simulator.permissions import refusal
from batchgw.simulator.reply import ConnectionCutByServer, Reply, ServiceFault, conflict
from batchgw.simulator.services import API_GATEWAY
from batchgw.simulator.traffic import latency as latencies
from batchgw.simulator.traffic.effects import Effects
from batchgw.simulator.traffic.faults import (
    DeleteApi,
    Fault,
    FaultScript,
    OtherWrite,
    Slow,
    StaleAnswer,
    Throttle,
)
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.outcomes import after_change, before_change, by_quota
from batchgw.simulator.traffic.quota import UNLIMITED, Quotas
from batchgw.simulator.traffic.request_ids import RequestIds
from batchgw.simulator.traffic.statistics import Statistics
from batchgw.simulator.world.keys import Key

T = TypeVar("T")

CONCURRENT = "Unable to complete operation due to concurrent modification. Please try again later."
"""What the service answers when two writes to one API overlap (recorded)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """What a call meets: an error that refuses it, a fault of the script, other people's edits after it."""

    error: Exception | None = None
    fault: Fault | None = None
    edits: Sequence[Planned] = ()


class Engine:
    """Answers calls for a service, with quota, latency and faults on the way."""

    def __init__(
        self,
        service: Service,
        *,
        quotas: Quotas | None = None,
        latency: Latency | None = None,
        faults: FaultScript | None = None,
        edits: EditScript | None = None,
        statistics: Statistics | None = None,
        denied: frozenset[str] = frozenset(),
        exclusive_writes: bool = True,
        propagation: float = 0.0,
        clock: Callable[[], float] = anyio.current_time,
        seed: int = 0,
    ) -> None:
        """Without options: no quota, no latency, no faults.

        Args:
            service: what carries the operations out.
            quotas: the server's token buckets.
            latency: how long answers take.
            faults: what goes wrong by script. It does not see calls refused by quota or permission.
            edits: what other people do by script. It does not see calls refused by quota or permission.
            statistics: what is counted, and how much of it is kept.
            denied: accounts whose identity has no API Gateway permission.
            exclusive_writes: whether a write that overlaps another on the same API is refused (409).
            propagation: seconds after which a change of a stage reaches the callers of deployed APIs.
            clock: gives seconds from any starting point; the engine's own time starts with the first call.
            seed: what the request ids follow from, and which calls of deployed APIs a canary gets.

        Raises ValueError for a propagation below 0.
        """
        self._service = service
        self._effects = Effects(clock)
        self.quotas = quotas or Quotas(UNLIMITED)
        self.latency = latency or latencies.none()
        self.faults = faults or FaultScript()
        self.statistics = statistics or Statistics()
        self.denied = denied
        self._exclusive = exclusive_writes
        self._clock = clock
        self._started: float | None = None
        self._request_ids = RequestIds(seed)
        self._edge = Edge(
            service.world, propagation=propagation, seed=seed, tally=self.statistics.invocations
        )
        self.others = Others(service, self._edge, self._effects, self.statistics.edits, edits or EditScript())
        self._changing: set[Target] = set()
        if self.statistics.timeline is not None:
            self.quotas.watch(self.statistics.neighbour_called)

    @property
    def service(self) -> Service:
        """The service, once every change that is due has been made."""
        self._effects.run_due()
        return self._service

    @property
    def elapsed(self) -> float:
        """Seconds since the first call."""
        now = self._clock()
        if self._started is None:
            self._started = now
            self.others.begin(now)
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
            ArbitraryAnswer: the fault script replaces the service's answer.
        """
        reply, request_id = await self.run(
            Call.of(operation, account, region, params, service=service_of(operation), caller=caller),
            lambda: self._service.dispatch(operation, account, region, params, caller=caller),
        )
        return Reply(
            status=reply.status, body=reply.body, headers={**reply.headers, "x-amzn-RequestId": request_id}
        )

    async def run(self, call: Call, act: Callable[[], T]) -> tuple[T, str]:
        """Take a call through the service; `act` makes the change. Returns its result and the request id.

        Raises what `handle` raises.
        """
        request_id = self._request_ids.next()
        tallies = self.statistics.tallies(call)
        now = self.elapsed
        self._service.world.organization.advance(now)
        self._service.world.signals.advance(now)
        for tally in tallies:
            tally.enter(now)
        target = call.target
        if target is not None:
            self.statistics.write_starts(target)
        try:
            answer = await self._answer(call, act, now, request_id)
        except ServiceFault as fault:
            fault.headers["x-amzn-RequestId"] = request_id
            self.statistics.failed(call, fault)
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
            if target is not None:
                self.statistics.write_ends(target)
            now = self.elapsed
            for tally in tallies:
                tally.leave(now)

    async def invoke(self, invocation: Invocation) -> Answered:
        """Answer a call of a deployed API. It has the latency of other calls, and costs no quota."""
        delay = self.latency.draw()
        await (anyio.sleep(delay) if delay else checkpoint())
        self._effects.run_due()
        now = 0.0 if self._started is None else self.elapsed
        moment = Moment(request_id=self._request_ids.next(), now=self._service.now())
        return self._edge.answer(invocation, now, moment)

    def restart(self) -> None:
        """Start again at time 0, with full buckets, and script and statistics at zero. The world stays.

        For comparisons: every client then starts with the same quota.
        """
        self._started = None
        self._edge.settle()
        self.others.restart()
        self.quotas.restart()
        self.faults.restart()
        self.statistics.reset()

    def snapshot(self, *, log: bool = True) -> dict[str, object]:
        """Statistics so far, ready for JSON: what GET /_batchgw/stats answers; `log` as in Statistics."""
        self._effects.run_due()
        return {
            "elapsed": self.elapsed,
            **self.statistics.snapshot(log=log),
            "neighbours": self.quotas.neighbours(),
        }

    async def _answer(self, call: Call, act: Callable[[], T], now: float, request_id: str) -> T:
        met = self._decide(call, now)
        delay = self.latency.draw() + (met.fault.seconds if isinstance(met.fault, Slow) else 0.0)
        if met.error is not None:
            self._follow(met, call, now)
            await anyio.sleep(delay)
            raise met.error
        middle = now + delay / 2
        answer = await self._carry_out(
            call.target, lambda: self._apply(call, act, met, middle, request_id), delay
        )
        if met.fault is not None:
            after_change(met.fault)
        return answer

    def _follow(self, met: _Met, call: Call, now: float) -> None:
        for planned in met.edits:
            self.others.make(planned, now, api=call.api)

    async def _carry_out(self, target: Target | None, change: Callable[[], T], delay: float) -> T:
        """Make the change half-way through the delay. The API is busy for all of the delay.

        A caller who gives up before the change has changed nothing.
        """
        if target is not None:
            self._changing.add(target)
        effect = self._effects.add(self._clock() + delay / 2, change)
        try:
            await (anyio.sleep(delay) if delay else checkpoint())
        finally:
            self._effects.run_due()
            effect.drop()
            if target is not None:
                self._changing.discard(target)
        return effect.result()

    def _decide(self, call: Call, now: float) -> _Met:
        """Decide on arrival what a call meets."""
        counted = call.service is API_GATEWAY
        if counted and call.account in self.denied:
            return _Met(error=call.denied())
        not_allowed = refusal(self._service.world, self._service.trust, call)
        if not_allowed is not None:
            return _Met(error=not_allowed)
        taken = self.quotas.admit(
            call.account,
            call.region,
            call.quota or call.operation,
            now,
            counted=counted,
            service=call.service.name,
        )
        tags = partial(self._service.world.tags, call.account, call.region, call.api)
        fault = self.faults.decide(call, now, tags) if taken else None
        if isinstance(fault, OtherWrite):
            written = PutGatewayResponse(type=call.type, status=fault.status)
            self.others.edit([written], (call.account, call.region, call.api), now)
            fault = fault.then
        self.statistics.counted(call, now, taken=taken and not isinstance(fault, Throttle))
        if not taken:
            return _Met(error=by_quota(call, self.quotas.rules.retry_after))
        failure = None if fault is None else before_change(call, fault, self._service.now())
        edits = self.others.script.after(call, now, tags)
        return _Met(error=failure or self._overlap(call), fault=fault, edits=edits)

    def _overlap(self, call: Call) -> ServiceFault | None:
        """Make the refusal of a write that overlaps another on its API; None where there is no other."""
        if self._exclusive and call.target in self._changing:
            return conflict(CONCURRENT)
        return None

    def _apply(self, call: Call, act: Callable[[], T], met: _Met, now: float, request_id: str) -> T:
        """Make a call's change, and what other people do before and after it."""
        if isinstance(met.fault, DeleteApi) and call.api:
            self.others.edit([ApiDeletion()], (call.account, call.region, call.api), now)
        target = call.target
        if target is not None:
            self._edge.before_change(target)
        try:
            return self._change(call, act, met.fault, now, request_id)
        finally:
            if target is not None:
                self._edge.changed(target, now)
            self._follow(met, call, now)

    def _change(
        self, call: Call, act: Callable[[], T], fault: Fault | None, now: float, request_id: str
    ) -> T:
        answer = self._stale(call, act) if isinstance(fault, StaleAnswer) else act()
        if isinstance(fault, StaleAnswer):
            if not fault.applied:
                return answer
            act()
        if call.writes:
            self.statistics.written(call, now, request_id)
        return answer

    def _stale(self, call: Call, act: Callable[[], T]) -> T:
        """Answer as if the change had been made, but with the values from before it."""
        apis = self._service.world.scope(call.account, call.region)
        with apis.not_writing(apis.require(call.api)):
            return act()
