"""All buckets of a run: made when they are first needed, remembered, and shared where a quota is shared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

import anyio

from batchgw.model import AccountId, Region, Scope
from batchgw.throttle.limiter import Bucket, Lane, Limiter
from batchgw.throttle.memory import BucketKey, Learned, Memory, NoMemory
from batchgw.throttle.mirror import MirrorBucket
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota, Quotas, Scoping, Trust
from batchgw.throttle.siblings import Siblings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Scopes of one account that have turned out to draw on one bucket."""

    account: AccountId
    regions: tuple[Region, ...]


class Limiters:
    """One limiter per scope.

    Args:
        quotas: of every scope.
        sleep: waits for seconds; may raise to turn everyone away.
        most: cap on the calls at work at once, per scope.
        memory: what earlier runs have learned.
    """

    def __init__(
        self,
        quotas: Quotas,
        *,
        sleep: Callable[[float], Awaitable[None]],
        most: int,
        memory: Memory | None = None,
    ) -> None:
        self._quotas = quotas
        self._sleep = sleep
        self._most = most
        self._memory = memory or NoMemory()
        self._buckets: dict[BucketKey, Bucket] = {}
        self._limiters: dict[Scope, Limiter] = {}
        self._scopes: defaultdict[AccountId, list[Scope]] = defaultdict(list)
        self._siblings: dict[AccountId, Siblings[Scope]] = {}
        self._in_one: set[Scope] = set()

    def of(self, scope: Scope) -> Limiter:
        """The limiter of a scope."""
        found = self._limiters.get(scope)
        if found is None:
            found = self._limiters[scope] = Limiter(
                Lane(self._bucket(scope, None, self._quotas.total)),
                operations=lambda operation: self._own(scope, operation),
                sleep=self._sleep,
                most=self._most,
            )
            self._scopes[scope.account].append(scope)
        return found

    def called(self, scope: Scope) -> None:
        """A call of the scope has left."""
        if self._may_be_siblings(scope):
            self._family(scope).called(scope, anyio.current_time())

    def accepted(self, scope: Scope) -> None:
        """A call of the scope was let through."""
        if self._may_be_siblings(scope):
            self._family(scope).accepted(anyio.current_time())

    def refused(self, scope: Scope) -> Shared | None:
        """A call of the scope was refused. Answers the scopes that share one bucket from now on, if it shows.

        Their mirrors are replaced by one: the quota is what was stated for each, the level the lowest known.
        """
        if not self._may_be_siblings(scope):
            return None
        together = self._family(scope).refused(scope, anyio.current_time())
        return None if together <= self._in_one else self._share(scope.account, together)

    def learned(self) -> Iterator[Learned]:
        """What is known of every bucket that was used."""
        now = anyio.current_time()
        for key, bucket in self._buckets.items():
            if not bucket.users:
                continue
            yield Learned(
                key=key,
                stated=self._stated(key),
                belief=bucket.pacer.belief(now),
                sent=sum(lane.sent for lane in bucket.users),
                refused=sum(lane.refused for lane in bucket.users),
                waited=sum(lane.waited for lane in bucket.users),
            )

    def _share(self, account: AccountId, scopes: frozenset[Scope]) -> Shared:
        key = BucketKey(account, None)
        lanes = [self._limiters[scope].total for scope in sorted(scopes, key=str)]
        if key not in self._buckets:
            self._buckets[key] = self._merged([lane.bucket for lane in lanes])
        for lane in lanes:
            if lane.bucket is not self._buckets[key]:
                lane.move(self._buckets[key])
        self._in_one |= scopes
        regions = sorted(scope.region for scope in self._in_one if scope.account == account)
        return Shared(account=account, regions=tuple(regions))

    def _merged(self, buckets: list[Bucket]) -> Bucket:
        """One mirror in place of several: they have shared a rate, and the lowest level is the true one."""
        now = anyio.current_time()
        beliefs = [bucket.pacer.belief(now) for bucket in buckets]
        rate = sum(belief.rate for belief in beliefs)
        level = min(belief.level for belief in beliefs)
        return Bucket(self._mirror(None, self._quotas.total, replace(beliefs[0], rate=rate, level=level)))

    def _may_be_siblings(self, scope: Scope) -> bool:
        apart = self._quotas.scoping is Scoping.ACCOUNT_REGION
        return apart and len(self._scopes[scope.account]) > 1

    def _family(self, scope: Scope) -> Siblings[Scope]:
        found = self._siblings.get(scope.account)
        if found is None:
            found = self._siblings[scope.account] = Siblings(self._quotas.total or TOTAL)
        return found

    def _own(self, scope: Scope, operation: str) -> Lane | None:
        quota = self._quotas.operations.get(operation)
        return None if quota is None else Lane(self._bucket(scope, operation, quota))

    def _bucket(self, scope: Scope, operation: str | None, quota: Quota | None) -> Bucket:
        region = scope.region if self._quotas.scoping is Scoping.ACCOUNT_REGION else None
        return self._bucket_of(BucketKey(scope.account, region, operation), quota)

    def _bucket_of(self, key: BucketKey, quota: Quota | None) -> Bucket:
        found = self._buckets.get(key)
        if found is None:
            mirror = self._mirror(key.operation, quota, self._memory.recall(key))
            found = self._buckets[key] = Bucket(mirror)
        return found

    def _mirror(self, operation: str | None, quota: Quota | None, belief: Belief | None) -> MirrorBucket:
        """An operation's quota is documented, so it is not guessed even where the total is."""
        quotas = self._quotas
        guessed = operation is not None and quotas.trust is Trust.GUESS
        trust = Trust.TRUSTED if guessed else quotas.trust
        return MirrorBucket(quota, share=quotas.share, trust=trust, belief=belief)

    def _stated(self, key: BucketKey) -> Quota | None:
        return self._quotas.total if key.operation is None else self._quotas.operations.get(key.operation)
