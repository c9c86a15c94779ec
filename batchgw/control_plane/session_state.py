"""What all wrappers of one session share, and each is given when it is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.endpoints import Endpoints
from batchgw.control_plane.given_up import GivenUpScopes
from batchgw.control_plane.interface import API_GATEWAY, Request
from batchgw.control_plane.service_pace import ServicePace
from batchgw.throttle.limiters import Limiters


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """The limiters, what was given up, and the wish to stop.

    Attributes:
        stop: after it no call leaves, and every wait ends.
        limiters: of all scopes, for API Gateway. A wait of theirs should end with `stop`, too.
        given_up: the scopes in which nothing more is tried.
        endpoints: which of API Gateway's answer.
        services: the same for other services, of which no scope is given up.
    """

    stop: StopSignal
    limiters: Limiters
    given_up: GivenUpScopes = field(default_factory=GivenUpScopes)
    endpoints: Endpoints = field(default_factory=Endpoints)
    services: ServicePace = field(default_factory=ServicePace)

    def wait(self, seconds: float, request: Request[object]) -> float:
        """Give the wait for the next attempt: another one where the endpoint may be given up meanwhile."""
        if request.operation.service == API_GATEWAY:
            return self.endpoints.wait(seconds, request.scope.region)
        lane = self.services.lane(request)
        return lane.endpoints.wait(seconds, lane.region)

    @contextmanager
    def paused(self, request: Request[object]) -> Iterator[None]:
        """During the block a call waits for a backoff. Another of its scope may work meanwhile."""
        if request.operation.service != API_GATEWAY:
            yield
            return
        with self.limiters.of(request.scope).paused():
            yield

    def try_again(self) -> None:
        """Give nothing up any longer: a permission may have been given since, or an endpoint may answer."""
        self.given_up.forget()
        self.endpoints.forget()
        self.services.forget()
