"""Waits for the quotas of other services than API Gateway, before each call to one.

Nothing is given up here: what a denial or a region that is off means for an account, whoever asks decides.
"""

from __future__ import annotations

from batchgw.concurrency.clock import current_time
from batchgw.control_plane.endpoints import was_sent
from batchgw.control_plane.event_fields import of_call
from batchgw.control_plane.interface import ControlPlane, Execution, Request, T, Wrapper
from batchgw.control_plane.service_pace import ServiceLane
from batchgw.control_plane.session_state import SessionState
from batchgw.errors import CallError, ConnectionCut, ConnectionFailed, EndpointUnreachable, Starved
from batchgw.events import CallAnswered, CallSent, CallThrottled, Observer
from batchgw.throttle.limiter import Permit


class LimitedServices(Wrapper):
    """Sends each call when its lane lets it leave. All of batchgw's calls to other services are reads.

    Args:
        inner: what a call goes to once it may leave.
        state: has the lanes, and the wish to stop.
        patience: seconds in which a quota may let nothing through until its call fails.
        observer: is told of each call that leaves, of its success, and of its refusal by the quota.
    """

    def __init__(
        self, inner: ControlPlane, *, state: SessionState, patience: float, observer: Observer
    ) -> None:
        super().__init__(inner)
        self._state = state
        self._patience = patience
        self._observer = observer

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Wait, send, and tell the lane's limiter what the answer says about the quota."""
        execution = execution or Execution()
        lane, arrived = self._state.services.lane(request), current_time()

        def check() -> None:
            self._state.stop.check()
            lane.endpoints.check(lane.region, current_time())

        async with lane.turn:
            permit = await lane.limiter.acquire(check, priority=execution.priority)
            waited = permit.at - arrived
            execution.waited += waited
            try:
                if execution.before_attempt is not None:
                    await execution.before_attempt()
                self._observer.notify(
                    CallSent(
                        **of_call(request), attempt=execution.number, waited=waited, rate=lane.limiter.rate
                    )
                )
                value = await self._state.stop.heeded(lambda: self._inner.send(request, execution))
            except CallError as error:
                self._learn(request, execution, lane, permit, error)
                if isinstance(error, ConnectionFailed) and (verdict := _verdict(request, lane, error)):
                    raise verdict from error
                self._mind_starving(request, lane, error)
                raise
            except BaseException:  # it was not sent, or nobody will ever know
                lane.limiter.unanswered(permit)
                raise
        lane.accepted(permit)
        lane.endpoints.answered(lane.region)
        self._observer.notify(
            CallAnswered(
                **of_call(request),
                attempt=execution.number,
                latency=current_time() - permit.at,
                request_id=execution.request_id,
            )
        )
        return value

    def _learn(
        self,
        request: Request[object],
        execution: Execution,
        lane: ServiceLane,
        permit: Permit,
        error: CallError,
    ) -> None:
        """Tell the lane what an error says of its quota and its endpoint."""
        if not was_sent(error):
            lane.limiter.refund(permit)
            return
        lane.endpoints.answered(lane.region)
        if error.is_throttle:
            lane.refused(permit, error.retry_after)
            self._observer.notify(
                CallThrottled(
                    **of_call(request),
                    attempt=execution.number,
                    rate=lane.limiter.rate,
                    retry_after=error.retry_after,
                    request_id=error.request_id,
                )
            )
        elif isinstance(error, ConnectionCut):
            lane.limiter.unanswered(permit)
        else:
            lane.accepted(permit)

    def _mind_starving(self, request: Request[object], lane: ServiceLane, error: CallError) -> None:
        """Raise Starved where the quota has let nothing through for too long."""
        starving = lane.limiter.starving
        if error.is_throttle and starving >= self._patience:
            operation = request.operation
            raise Starved(
                f"{operation.service} let nothing through for {starving:.0f} s, the last time for "
                f"{operation.name} in {request.scope}: others use up its quota. Find out who calls "
                "(CloudTrail names them), and try again later; --patience says how long is waited"
            ) from error


def _verdict(
    request: Request[object], lane: ServiceLane, error: ConnectionFailed
) -> EndpointUnreachable | None:
    """Note a connection that could not be made. Gives the verdict once the endpoint is given up."""
    for_all = request.credentials == "organization"  # nothing is found before it answers
    return lane.endpoints.failed(error, request.scope, lane.region, current_time(), for_all=for_all)
