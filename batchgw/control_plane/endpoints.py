"""Endpoints to which no connection can be made: reported once and soon, not by each scope on its own.

A refused connection, a name that does not resolve, a certificate or a proxy that is wrong: they concern the
endpoint, and all scopes behind it. Where an endpoint has answered before, that is an outage, and is retried.
It has no clock: the caller says what time it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from batchgw.errors import CallError, ConnectionFailed, CredentialsUnavailable, EndpointUnreachable
from batchgw.model import Region, Scope

SCOPES = 3
"""Different scopes that must have failed: of one or two, their own retries decide."""

SECONDS = 3.0
"""Seconds without any connection before an endpoint is given up: a link that comes up late is not missed."""


SECONDS_FOR_ALL = 10.0
"""The same for one question that all scopes wait for: there is no second scope to confirm it."""


APART_FOR_ALL = 1.5
"""Seconds at least between two attempts of it: all of them (`tries.ATTEMPTS`) outlast `SECONDS_FOR_ALL`."""


AGAIN = 60.0
"""Seconds for which an endpoint is given up. A session may go on for long, and it may answer by then."""


@dataclass(slots=True)
class _Silence:
    since: float
    scopes: set[Scope] = field(default_factory=set)
    for_all: bool = False
    verdict: EndpointUnreachable | None = None
    judged: float = 0.0

    @property
    def suspected(self) -> bool:
        return self.for_all or len(self.scopes) >= SCOPES

    def long_enough(self, now: float) -> bool:
        several = len(self.scopes) >= SCOPES and now - self.since >= SECONDS
        return several or (self.for_all and now - self.since >= SECONDS_FOR_ALL)


class Endpoints:
    """What is known of the endpoints of one service. Each region has one; several may share it."""

    def __init__(self) -> None:
        self._answered: set[Region] = set()
        self._of: dict[Region, str] = {}  # learned from failures, which name their endpoint
        self._reached: set[str] = set()
        self._silent: dict[str, _Silence] = {}

    def answered(self, region: Region) -> None:
        """Note that something answered for the region, well or not."""
        if region not in self._answered:
            self._answered.add(region)
            self._reach(region)

    def failed(
        self, error: ConnectionFailed, scope: Scope, region: Region, now: float, *, for_all: bool = False
    ) -> EndpointUnreachable | None:
        """Note a connection that could not be made. Gives the verdict once the endpoint is given up.

        `for_all`: all scopes wait for this one call.
        """
        if not error.endpoint:
            return None
        self._of[region] = error.endpoint
        if region in self._answered:
            self._reach(region)
        if error.endpoint in self._reached:
            return None
        silence = self._silent.setdefault(error.endpoint, _Silence(now))
        silence.scopes.add(scope)
        silence.for_all |= for_all
        if silence.verdict is None and silence.long_enough(now):
            silence.verdict, silence.judged = _verdict(error), now
        return None if silence.verdict is None else silence.verdict.again()

    def check(self, region: Region, now: float) -> None:
        """Raise EndpointUnreachable, with no call made, where the region's endpoint was given up."""
        if not self._silent:  # asked with every call, mostly of none
            return
        endpoint = self._of.get(region, "")
        silence = self._silent.get(endpoint)
        if silence is None or silence.verdict is None:
            return
        if now - silence.judged >= AGAIN:
            del self._silent[endpoint]
        else:
            raise silence.verdict.again(sent=False)

    def wait(self, seconds: float, region: Region) -> float:
        """Give the wait for the next attempt, which would be `seconds` if the endpoint were not suspected.

        Nobody sleeps through the verdict, and nobody has used up all attempts before it.
        """
        silence = self._silent.get(self._of.get(region, "")) if self._silent else None
        if silence is None or not silence.suspected:
            return seconds
        return min(max(seconds, APART_FOR_ALL if silence.for_all else 0.0), SECONDS)

    def forget(self) -> None:
        """Forget which endpoints were silent: they may answer by now."""
        self._silent.clear()

    def _reach(self, region: Region) -> None:
        endpoint = self._of.get(region)
        if endpoint is not None:
            self._reached.add(endpoint)
            self._silent.pop(endpoint, None)


def was_sent(error: CallError) -> bool:
    """Tell whether the service may have seen the call: no keys, no connection, and it has not."""
    if isinstance(error, ConnectionFailed | CredentialsUnavailable):
        return False
    return bool(error.status) or error.is_throttle or error.outcome_unknown


def _verdict(error: ConnectionFailed) -> EndpointUnreachable:
    return EndpointUnreachable(
        f"{error.message} Nothing there has answered since the beginning, so it is not tried any longer."
    )
