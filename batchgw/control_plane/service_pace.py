"""How fast other services than API Gateway are asked.

Each has buckets of its own: its calls spend nothing of API Gateway's quotas, and the other way round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from math import inf
from random import Random

import anyio

from batchgw.concurrency.clock import current_time
from batchgw.control_plane.endpoints import Endpoints
from batchgw.control_plane.interface import Request
from batchgw.control_plane.regions import asked_in
from batchgw.model import Region
from batchgw.throttle import backoff
from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.flow import Bucket, Flow
from batchgw.throttle.limiter import Limiter, Permit
from batchgw.throttle.quota import ANY_SERVICE, SERVICES, Quota, Trust

ONE_BY_ONE = frozenset({"account", "organizations"})
"""Services that are asked one thing after the other: everybody in the organisation shares their quota."""


MOST_AT_ONCE = 4
"""Calls to any other service that one caller has under way at once in a region."""


class ServiceLane:
    """The calls that draw on one quota of a service.

    The bucket's model paces them. It is made for quotas that are known, and these are guesses. So all calls
    of the lane also back off after a refusal, longer after each one in a row.

    Attributes:
        limiter: gives them leave.
        turn: at most so many are under way.
        endpoints: which of the service's answer.
        region: where the service is asked.
    """

    def __init__(
        self, limiter: Limiter, *, at_once: int, endpoints: Endpoints, region: Region, random: Random
    ) -> None:
        self.limiter = limiter
        self.turn = anyio.CapacityLimiter(at_once)
        self.endpoints = endpoints
        self.region = region
        self._refusals = 0  # in a row
        self._refused = -inf
        self._random = random

    def accepted(self, permit: Permit) -> None:
        """The quota has let a call through."""
        self._refusals = 0
        self.limiter.accepted(permit)

    def refused(self, permit: Permit, retry_after: float | None) -> None:
        """The quota has refused a call. Those that had left before the last refusal belong to that one."""
        self.limiter.refused(permit, retry_after)
        if permit.at < self._refused:
            return
        self._refusals += 1
        self._refused = current_time()
        delay = backoff.delay(self._refusals, retry_after=retry_after, random=self._random)
        self.limiter.total.bucket.hold(self._refused + delay)


class ServicePace:
    """The lanes of a session. One is made on first use.

    A quota belongs to the account whose keys sign: the reader of the organisation is one caller, each account
    another one. In a regional service each region has its own.

    Args:
        quotas: of each service, by botocore's name.
        sleep: waits for seconds. May raise, which ends every wait.
        random: the dice of the backoff's jitter.
    """

    def __init__(
        self,
        quotas: Mapping[str, Quota] = SERVICES,
        *,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        random: Random | None = None,
    ) -> None:
        self._quotas = quotas
        self._sleep = sleep
        self._random = random or Random()  # noqa: S311 - jitter, not cryptography
        self._lanes: dict[tuple[str, str, Region], ServiceLane] = {}
        self._endpoints: defaultdict[str, Endpoints] = defaultdict(Endpoints)

    def lane(self, request: Request[object]) -> ServiceLane:
        """Give the lane of a request."""
        service = request.operation.service
        caller = request.scope.account if request.credentials == "account" else request.credentials
        region = asked_in(service, request.scope.region)
        found = self._lanes.get((service, caller, region))
        if found is None:
            found = self._lanes[service, caller, region] = self._new(service, region)
        return found

    def forget(self) -> None:
        """Forget which endpoints were silent: they may answer by now."""
        for endpoints in self._endpoints.values():
            endpoints.forget()

    def _new(self, service: str, region: Region) -> ServiceLane:
        quota = self._quotas.get(service, ANY_SERVICE)
        pacer = BucketModel(quota, trust=Trust.STRICT)
        return ServiceLane(
            Limiter(Flow(Bucket(pacer)), sleep=self._sleep),
            at_once=1 if service in ONE_BY_ONE else MOST_AT_ONCE,
            endpoints=self._endpoints[service],
            region=region,
            random=self._random,
        )
