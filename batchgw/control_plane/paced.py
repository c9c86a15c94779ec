"""The order of the wrappers, written once: paced = retrying( limited( plane ) )."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from batchgw.control_plane.interface import Answer, ControlPlane, Request, T
from batchgw.control_plane.limited import LimitedControlPlane
from batchgw.control_plane.retrying import RetryingControlPlane
from batchgw.control_plane.stop import StopSignal
from batchgw.control_plane.tries import ATTEMPTS
from batchgw.events import NullObserver, Observer, Observers
from batchgw.model import AccountId
from batchgw.throttle.bucket import BURST, RATE, TokenBucket

WORKERS = 10
"""APIs in work per scope: rate x latency (Little's law), 10 calls/s at a slow call's whole second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast, how many at once, and how often again.

    `rate` calls/second and `burst` calls are the quota of one scope; `share` (0 to 1) is the part of the rate
    that is ours. `workers` APIs are in work at once per scope; `attempts` bounds what is retried and is not a
    throttle.
    """

    rate: float = RATE
    burst: float = BURST
    share: float = 1.0
    workers: int = WORKERS
    attempts: int = ATTEMPTS

    def bucket(self) -> TokenBucket:
        """A fresh mirror of one scope's bucket."""
        return TokenBucket(rate=self.rate, burst=self.burst, share=self.share)


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
    ) -> None:
        self.pace = pace or Pace()
        self.observer = Observers(observer or NullObserver())
        self.stop = stop or StopSignal()
        self.limited = LimitedControlPlane(plane, pacer=self.pace.bucket, stop=self.stop)
        self._retrying = RetryingControlPlane(
            self.limited, observer=self.observer, random=random, attempts=self.pace.attempts
        )

    async def send(self, request: Request[T], *, departing: Callable[[], None] | None = None) -> Answer[T]:
        """Make one execution: all attempts, each in its turn.

        `departing` is called right before the first attempt leaves; what it raises, it leaves not.
        """
        return await self._retrying.send(request, departing=departing)

    async def current_account(self) -> AccountId:
        """The account of the base credentials. Raises Stopped as soon as a stop is asked for."""
        return await self.stop.heeded(self._retrying.current_account)
