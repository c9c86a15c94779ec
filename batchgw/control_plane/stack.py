"""The order of the wrappers, written once: paced = retrying( limited( plane ) )."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from random import Random

import anyio
import anyio.lowlevel

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.interface import ControlPlane, Execution, Request, T
from batchgw.control_plane.limited import PATIENCE, LimitedControlPlane
from batchgw.control_plane.retrying import RetryingControlPlane
from batchgw.control_plane.service_pace import ServicePace
from batchgw.control_plane.session_state import SessionState
from batchgw.control_plane.tries import ATTEMPTS
from batchgw.errors import CallError, Stopped
from batchgw.events import NullObserver, Observer, Observers
from batchgw.model import AccountId, Scope
from batchgw.throttle.limiters import Limiters
from batchgw.throttle.memory import Learned, Memory
from batchgw.throttle.quota import OPERATIONS, SERVICES, STS, TOTAL, Quota, Quotas, Scoping, Trust

WORKERS = 32
"""Cap on the APIs in work per scope: Little's law asks for fewer unless calls take a second."""

MOST_AT_WORK = 2_000
"""APIs in work at once, in all scopes together, unless each would have fewer than `LEAST_AT_WORK`. A core
makes some 1,000 calls/s, and AWS answers in a fifth of a second. More APIs would wait for the core. That
looks like a slow service, for which Little's law asks for still more of them."""

LEAST_AT_WORK = 2
"""APIs in work at once in each of thousands of scopes. At AWS's latency their calls spend its quota."""

PREFETCH = 1.0
"""Seconds, at most, in which credentials are fetched before the first calls need them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast, how many at once, and how often again.

    Attributes:
        rate: calls/second of one scope's quota; None when it is unknown.
        burst: calls it holds.
        share: the part of the rate that is ours (above 0, at most 1); below 1 a hard ceiling.
        strict: never above the stated quota, whatever happens; nothing is tried.
        probe: the stated quota is a guess, and learned.
        polite: others go first. They are hardly ever refused, but it is noticed later that one has left.
        quota_scope: what has a quota of its own.
        operations: quotas that operations have beside the total.
        services: how fast other services are asked, by botocore's names: never faster. Each caller has such a
            quota, in each region where the service is regional.
        patience: seconds in which a scope's quota may let nothing through until the scope is given up.
        workers: cap on the APIs in work at once per scope.
        attempts: bound on the tries of a call that fails for another reason than a throttle.
        sts_rate: calls/second to STS, all accounts together. It is `connect` that takes it.
        sts_burst: calls to STS at once after a rest.
    """

    rate: float | None = TOTAL.rate
    burst: float = TOTAL.burst
    share: float = 1.0
    strict: bool = False
    probe: bool = False
    polite: bool = False
    quota_scope: Scoping = Scoping.ACCOUNT_REGION
    operations: Mapping[str, Quota] = field(default_factory=lambda: OPERATIONS)
    services: Mapping[str, Quota] = field(default_factory=lambda: SERVICES)
    patience: float = PATIENCE
    workers: int = WORKERS
    attempts: int = ATTEMPTS
    sts_rate: float = STS.rate
    sts_burst: float = STS.burst

    @property
    def supposed(self) -> float:
        """Calls/second to reckon with before anything is known: the documented ones where none are stated."""
        return (self.rate or TOTAL.rate) * self.share

    def supposed_of(self, operation: str) -> float:
        """Calls/second of one operation to reckon with: those of its own quota, where it has one."""
        quota = self.operations.get(operation)
        return self.supposed if quota is None else quota.rate * self.share

    @property
    def quotas(self) -> Quotas:
        """The quotas of one scope. Raises ValueError for settings that contradict each other."""
        if self.strict and self.probe:
            raise ValueError("a quota is either strict or probed, not both")
        trust = Trust.STRICT if self.strict else Trust.GUESS if self.probe else Trust.TRUSTED
        return Quotas(
            total=None if self.rate is None else Quota(self.rate, self.burst),
            operations=self.operations,
            scoping=self.quota_scope,
            share=self.share,
            trust=trust,
            polite=self.polite,
        )


class PacedControlPlane:
    """A control plane with its limiters and its retry policy, shared by every verb of one session.

    The quota does not care which verb spends it: plan, recheck and apply must go through the same limiters.
    """

    def __init__(
        self,
        plane: ControlPlane,
        *,
        pace: Pace | None = None,
        observer: Observer | None = None,
        stop: StopSignal | None = None,
        random: Random | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.pace = pace or Pace()
        self.observer = Observers(observer or NullObserver())
        self.stop = stop or StopSignal()
        self.state = SessionState(
            stop=self.stop,
            limiters=Limiters(self.pace.quotas, sleep=self.stop.sleep, most=self.pace.workers, memory=memory),
            services=ServicePace(self.pace.services, sleep=self.stop.sleep, random=random),
        )
        limited = LimitedControlPlane(
            plane, state=self.state, patience=self.pace.patience, observer=self.observer
        )
        self._retrying = RetryingControlPlane(
            limited, state=self.state, observer=self.observer, random=random, attempts=self.pace.attempts
        )
        self._calls: ControlPlane = self._retrying
        self._at_work: set[Scope] = set()  # scopes that have calls to make

    def through(self, wrapper: ControlPlane) -> PacedControlPlane:
        """Give the same session, with its calls made through a wrapper around this control plane."""
        outer = copy(self)
        outer._calls = wrapper  # noqa: SLF001 - of its own copy
        return outer

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Make one execution: all attempts, each when the quotas let it leave."""
        return await self._calls.send(request, execution)

    async def current_account(self) -> AccountId:
        """The account of the base credentials. Raises Stopped as soon as a stop is asked for."""
        return await self.stop.heeded(self._calls.current_account)

    async def prefetch_credentials_of(self, scopes: Iterable[Scope]) -> None:
        """Get the credentials that the scopes' calls need, while something else is done, if the plane can.

        If there is an error, or no answer within `PREFETCH` seconds, a scope's first call asks again.
        """
        one_each = {scope.account: scope for scope in scopes}

        async def prefetch(scope: Scope) -> None:
            with suppress(CallError, Stopped):
                await self._retrying.prefetch_credentials(scope)

        with anyio.move_on_after(PREFETCH):
            async with anyio.create_task_group() as tasks:
                for scope in one_each.values():
                    tasks.start_soon(prefetch, scope)
                    await anyio.lowlevel.checkpoint()  # thousands begin one after the other

    def why_given_up(self, scope: Scope) -> CallError | None:
        """Give the error for which nothing more is tried in a scope; None where it is not given up."""
        return self.state.given_up.why(scope)

    def counts_denials(self, scope: Scope) -> bool:
        """Tell whether APIs of a scope were denied, and more such denials would give it up."""
        return self.state.given_up.counts(scope)

    def try_again(self) -> None:
        """Give nothing up any longer: a permission may have been given since, or an endpoint may answer."""
        self.state.try_again()

    def workers(self, scope: Scope) -> Callable[[], int]:
        """How many APIs of a scope should be in work at once, from now on: Little's law, and two caps.

        One is that of the pace. The other is the scope's part of what the process can keep busy.
        """
        limiter = self.state.limiters.of(scope)
        return lambda: min(limiter.concurrency, self._part)

    @property
    def _part(self) -> int:
        """APIs that each scope may have in work, if all that have calls to make have as many."""
        return max(LEAST_AT_WORK, MOST_AT_WORK // max(1, len(self._at_work)))

    def rate(self, scope: Scope) -> float:
        """Calls/second that a scope may make, as believed now: an equal part where several share a quota."""
        bucket = self.state.limiters.of(scope).total.bucket
        return bucket.pacer.rate / len(bucket.flows)

    def level(self, scope: Scope) -> float:
        """Calls that a scope may make at once, as believed now: an equal part where several share a quota."""
        limiter = self.state.limiters.of(scope)
        return max(0.0, limiter.statistics().level) / len(limiter.total.bucket.flows)

    def expect(self, scope: Scope, calls: float) -> None:
        """Tell how many calls a scope has still to make: its last ones may spend what is kept in reserve."""
        self.state.limiters.of(scope).total.expected = calls
        if calls > 0:
            self._at_work.add(scope)
        else:
            self._at_work.discard(scope)

    def decided(self, scope: Scope) -> None:
        """One of the expected calls has been made, or will not be."""
        total = self.state.limiters.of(scope).total
        total.expected -= 1
        if total.expected <= 0:
            self._at_work.discard(scope)

    def learned(self) -> Iterator[Learned]:
        """What is known of every quota that was used, to be remembered."""
        return self.state.limiters.learned()
