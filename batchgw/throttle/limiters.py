"""All buckets of a run: made when they are first needed, remembered, and shared where a quota is shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from batchgw.concurrency.clock import current_time
from batchgw.model import AccountId, Region, Scope
from batchgw.throttle.bucket.mirror import MirrorBucket
from batchgw.throttle.limiter import Bucket, Lane, Limiter
from batchgw.throttle.memory import BucketKey, Learned, Memory, NoMemory
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota, Quotas, Scoping, Trust
from batchgw.throttle.siblings import EXCESS, Siblings


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
        self._scopes: Counter[AccountId] = Counter()
        self._siblings: dict[AccountId, Siblings[Scope]] = {}
        self._several: set[AccountId] = set()  # that have scopes which may turn out to draw on one bucket
        self._in_one: set[Scope] = set()
        self._shared: set[AccountId] = set()

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
            self._scopes[scope.account] += 1
            if self._quotas.scoping is Scoping.ACCOUNT_REGION and self._scopes[scope.account] > 1:
                self._several.add(scope.account)
            if scope.account in self._shared:
                self._in_one.add(scope)
        return found

    def called(self, scope: Scope) -> None:
        """A call of the scope has left."""
        if scope.account in self._several:
            self._family(scope).called(scope, current_time())

    def accepted(self, scope: Scope) -> None:
        """A call of the scope was let through."""
        if scope.account not in self._several:
            return
        self._family(scope).accepted(current_time())
        if scope in self._in_one and self._limiters[scope].rate > EXCESS * self._one_rate:
            self._part(scope.account)

    def refused(self, scope: Scope) -> Shared | None:
        """A call of the scope was refused. Answers the scopes that share one bucket from now on, if it shows.

        Their mirrors are replaced by one: the quota is what was stated for each, the level the lowest known.
        """
        if scope.account not in self._several:
            return None
        together = self._family(scope).refused(scope, current_time())
        return None if together <= self._in_one else self._share(scope.account, together)

    def learned(self) -> Iterator[Learned]:
        """What is known of every bucket that is drawn on."""
        now = current_time()
        for key, bucket in self._buckets.items():
            if not bucket.users:  # its users share another now
                continue
            yield Learned(
                key=key,
                stated=self._stated(key),
                belief=bucket.pacer.belief(now),
                sent=bucket.sent,
                refused=bucket.refused,
                waited=bucket.waited,
            )

    def _share(self, account: AccountId, scopes: frozenset[Scope]) -> Shared:
        limiters = [self._limiters[scope] for scope in sorted(scopes, key=str)]
        self._merge(BucketKey(account, None), [limiter.total for limiter in limiters])
        for operation in self._quotas.operations:
            lanes = [lane for limiter in limiters if (lane := limiter.used(operation)) is not None]
            if lanes:
                self._merge(BucketKey(account, None, operation), lanes)
        self._in_one |= scopes
        self._shared.add(account)
        regions = sorted(scope.region for scope in self._in_one if scope.account == account)
        return Shared(account=account, regions=tuple(regions))

    def _merge(self, key: BucketKey, lanes: list[Lane]) -> None:
        """Let lanes draw on one bucket: they have shared a rate, and the lowest level is the true one."""
        shared = self._buckets.get(key)
        if shared is None:
            now = current_time()
            beliefs = [lane.bucket.pacer.belief(now) for lane in lanes]
            rates = [belief.rate for belief in beliefs if belief.rate is not None]
            rate = sum(rates) if rates else None
            level = min(belief.level for belief in beliefs)
            belief = replace(beliefs[0], rate=rate, level=level)
            shared = self._buckets[key] = Bucket(self._mirror(key.operation, self._stated(key), belief))
        for lane in lanes:
            if lane.bucket is not shared:
                lane.move(shared)

    def _part(self, account: AccountId) -> None:
        """More was taken than one quota gives: regions have quotas of their own after all."""
        scopes = [scope for scope in self._in_one if scope.account == account]
        self._in_one.difference_update(scopes)
        self._shared.discard(account)
        self._family(scopes[0]).apart = True
        for scope in scopes:
            limiter = self._limiters[scope]
            limiter.total.move(self._bucket(scope, None, self._quotas.total))
            for operation, quota in self._quotas.operations.items():
                own = limiter.used(operation)
                if own is not None:
                    own.move(self._bucket(scope, operation, quota))

    @property
    def _one_rate(self) -> float:
        """Calls/second that one bucket gives us, as stated."""
        return (self._quotas.total or TOTAL).rate * self._quotas.share

    def _family(self, scope: Scope) -> Siblings[Scope]:
        found = self._siblings.get(scope.account)
        if found is None:
            found = self._siblings[scope.account] = Siblings(self._quotas.total or TOTAL)
        return found

    def _own(self, scope: Scope, operation: str) -> Lane | None:
        quota = self._quotas.operations.get(operation)
        return None if quota is None else Lane(self._bucket(scope, operation, quota))

    def _bucket(self, scope: Scope, operation: str | None, quota: Quota | None) -> Bucket:
        apart = self._quotas.scoping is Scoping.ACCOUNT_REGION and scope.account not in self._shared
        region = scope.region if apart else None
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
        return MirrorBucket(quota, share=quotas.share, trust=trust, polite=quotas.polite, belief=belief)

    def _stated(self, key: BucketKey) -> Quota | None:
        return self._quotas.total if key.operation is None else self._quotas.operations.get(key.operation)
