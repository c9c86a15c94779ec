"""All limiters and buckets of a run. A bucket is made on first use, and shared where a quota is shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from batchgw.concurrency.clock import current_time
from batchgw.model import AccountId, Region, Scope
from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.flow import Bucket, Flow
from batchgw.throttle.limiter import Limiter
from batchgw.throttle.memory import BucketKey, Learned, Memory, NoMemory
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota, Quotas, Scoping, Trust
from batchgw.throttle.shared_quota import EXCESS, SharedQuotaDetector


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedQuota:
    """Regions of one account that have turned out to draw on one bucket."""

    account: AccountId
    regions: tuple[Region, ...]


class Limiters:
    """One limiter per scope.

    Args:
        quotas: of every scope.
        sleep: waits for seconds. May raise, which ends every wait.
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
        self._detectors: dict[AccountId, SharedQuotaDetector[Scope]] = {}
        self._watched: set[AccountId] = set()  # accounts whose scopes may turn out to draw on one bucket
        self._sharing: set[Scope] = set()  # scopes that draw on their account's one bucket
        self._shared: set[AccountId] = set()  # accounts that have one

    def of(self, scope: Scope) -> Limiter:
        """The limiter of a scope."""
        found = self._limiters.get(scope)
        if found is None:
            found = self._limiters[scope] = Limiter(
                Flow(self._bucket(scope, None, self._quotas.total)),
                operations=lambda operation: self._operation_flow(scope, operation),
                sleep=self._sleep,
                most=self._most,
            )
            self._scopes[scope.account] += 1
            if self._quotas.scoping is Scoping.ACCOUNT_REGION and self._scopes[scope.account] > 1:
                self._watched.add(scope.account)
            if scope.account in self._shared:
                self._sharing.add(scope)
        return found

    def sent(self, scope: Scope) -> None:
        """A call of the scope has left."""
        if scope.account in self._watched:
            self._detector(scope).sent(scope, current_time())

    def accepted(self, scope: Scope) -> None:
        """A call of the scope was let through."""
        if scope.account not in self._watched:
            return
        self._detector(scope).accepted(current_time())
        if scope in self._sharing and self._limiters[scope].rate > EXCESS * self._one_rate:
            self._separate(scope.account)

    def refused(self, scope: Scope) -> SharedQuota | None:
        """A call of the scope was refused. Returns the regions that turn out to share one bucket, if any do.

        One model replaces theirs: its quota is what was stated for each, its level the lowest of them.
        """
        if scope.account not in self._watched:
            return None
        together = self._detector(scope).refused(scope, current_time())
        return None if together <= self._sharing else self._share(scope.account, together)

    def learned(self) -> Iterator[Learned]:
        """What is known of every bucket in use."""
        now = current_time()
        for key, bucket in self._buckets.items():
            if not bucket.flows:  # they draw on a shared bucket now
                continue
            yield Learned(
                key=key,
                stated=self._stated(key),
                belief=bucket.pacer.belief(now),
                sent=bucket.sent,
                refused=bucket.refused,
                waited=bucket.waited,
            )

    def _share(self, account: AccountId, scopes: frozenset[Scope]) -> SharedQuota:
        limiters = [self._limiters[scope] for scope in sorted(scopes, key=str)]
        self._merge(BucketKey(account, None), [limiter.total for limiter in limiters])
        for operation in self._quotas.operations:
            flows = [flow for limiter in limiters if (flow := limiter.used_flow(operation)) is not None]
            if flows:
                self._merge(BucketKey(account, None, operation), flows)
        self._sharing |= scopes
        self._shared.add(account)
        regions = sorted(scope.region for scope in self._sharing if scope.account == account)
        return SharedQuota(account=account, regions=tuple(regions))

    def _merge(self, key: BucketKey, flows: list[Flow]) -> None:
        """Let flows draw on one bucket. Its rate is the sum of theirs, its level the lowest of theirs."""
        shared = self._buckets.get(key)
        if shared is None:
            now = current_time()
            beliefs = [flow.bucket.pacer.belief(now) for flow in flows]
            rates = [belief.rate for belief in beliefs if belief.rate is not None]
            rate = sum(rates) if rates else None
            level = min(belief.level for belief in beliefs)
            belief = replace(beliefs[0], rate=rate, level=level)
            shared = self._buckets[key] = Bucket(self._model(key.operation, self._stated(key), belief))
        for flow in flows:
            if flow.bucket is not shared:
                flow.move(shared)

    def _separate(self, account: AccountId) -> None:
        """More was accepted than one quota gives: each region has a quota of its own after all."""
        scopes = [scope for scope in self._sharing if scope.account == account]
        self._sharing.difference_update(scopes)
        self._shared.discard(account)
        self._detector(scopes[0]).separate = True
        for scope in scopes:
            limiter = self._limiters[scope]
            limiter.total.move(self._bucket(scope, None, self._quotas.total))
            for operation, quota in self._quotas.operations.items():
                own = limiter.used_flow(operation)
                if own is not None:
                    own.move(self._bucket(scope, operation, quota))

    @property
    def _one_rate(self) -> float:
        """Calls/second that one bucket gives us, as stated."""
        return (self._quotas.total or TOTAL).rate * self._quotas.share

    def _detector(self, scope: Scope) -> SharedQuotaDetector[Scope]:
        found = self._detectors.get(scope.account)
        if found is None:
            found = self._detectors[scope.account] = SharedQuotaDetector(self._quotas.total or TOTAL)
        return found

    def _operation_flow(self, scope: Scope, operation: str) -> Flow | None:
        quota = self._quotas.operations.get(operation)
        return None if quota is None else Flow(self._bucket(scope, operation, quota))

    def _bucket(self, scope: Scope, operation: str | None, quota: Quota | None) -> Bucket:
        separate = self._quotas.scoping is Scoping.ACCOUNT_REGION and scope.account not in self._shared
        region = scope.region if separate else None
        return self._bucket_of(BucketKey(scope.account, region, operation), quota)

    def _bucket_of(self, key: BucketKey, quota: Quota | None) -> Bucket:
        found = self._buckets.get(key)
        if found is None:
            model = self._model(key.operation, quota, self._memory.recall(key))
            found = self._buckets[key] = Bucket(model)
        return found

    def _model(self, operation: str | None, quota: Quota | None, belief: Belief | None) -> BucketModel:
        """Make a model. An operation's quota is documented: it is no guess even where the total is one."""
        quotas = self._quotas
        guessed = operation is not None and quotas.trust is Trust.GUESS
        trust = Trust.TRUSTED if guessed else quotas.trust
        return BucketModel(quota, share=quotas.share, trust=trust, polite=quotas.polite, belief=belief)

    def _stated(self, key: BucketKey) -> Quota | None:
        return self._quotas.total if key.operation is None else self._quotas.operations.get(key.operation)
