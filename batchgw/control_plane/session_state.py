"""What all wrappers of one session share, and each is given when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.endpoints import Endpoints
from batchgw.control_plane.given_up import GivenUpScopes
from batchgw.throttle.limiters import Limiters


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """The limiters, what was given up, and the wish to stop.

    Attributes:
        stop: after it no call leaves, and every wait ends.
        limiters: of all scopes. A wait of theirs should end with `stop`, too.
        given_up: the scopes in which nothing more is tried.
        endpoints: which of them answer.
    """

    stop: StopSignal
    limiters: Limiters
    given_up: GivenUpScopes = field(default_factory=GivenUpScopes)
    endpoints: Endpoints = field(default_factory=Endpoints)

    def try_again(self) -> None:
        """Give nothing up any longer: a permission may have been given since, or an endpoint may answer."""
        self.given_up.forget()
        self.endpoints.forget()
