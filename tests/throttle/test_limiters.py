"""Limiters of many scopes: what has a bucket of its own, what is shared, and what is remembered."""

from __future__ import annotations

import anyio
import pytest

from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.limited import LimitedControlPlane
from batchgw.errors import Throttled
from batchgw.events import CallAnswered, CallSent, CallThrottled, Event, QuotaShared
from batchgw.model import Scope
from batchgw.throttle.limiters import Limiters
from batchgw.throttle.memory import BucketKey
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota, Quotas, Scoping, Trust
from tests.throttle.worlds.remote import Remote
from tests.throttle.worlds.service import ACCOUNT, Seen, Service, limited, puts, scope
from tests.virtual import virtually

ELSEWHERE = "222222222222"


def limiters(quotas: Quotas | None = None, memory: dict[BucketKey, Belief] | None = None) -> Limiters:
    return Limiters(
        quotas or Quotas(),
        sleep=anyio.sleep,
        most=32,
        memory=None if memory is None else Remembered(memory),
    )


class Remembered:
    """A memory that holds given beliefs."""

    def __init__(self, beliefs: dict[BucketKey, Belief]) -> None:
        self._beliefs = beliefs

    def recall(self, key: BucketKey) -> Belief | None:
        return self._beliefs.get(key)


def test_a_scope_has_one_limiter() -> None:
    every = limiters()
    assert every.of(scope("a")) is every.of(scope("a"))
    assert every.of(scope("a")) is not every.of(scope("b"))


def test_quotas_are_per_account_and_region_unless_they_are_per_account() -> None:
    separate, together = limiters(), limiters(Quotas(scoping=Scoping.ACCOUNT))
    for every, shared in ((separate, False), (together, True)):
        here, there = every.of(scope("a")), every.of(scope("b"))
        elsewhere = every.of(scope("a", ELSEWHERE))
        assert (here.total.bucket is there.total.bucket) == shared
        assert here.total.bucket is not elsewhere.total.bucket
        own, other = here.own_flow("CreateDeployment"), there.own_flow("CreateDeployment")
        assert own is not None
        assert other is not None
        assert (own.bucket is other.bucket) == shared
        assert own.bucket is not here.total.bucket


def test_regions_of_one_account_wide_quota_are_paced_as_one() -> None:
    """Four regions of 100 puts: (400 - 40) / 10 = 36 s, and nobody is refused."""

    async def main() -> None:
        remote = Remote(rate=10, burst=40)
        service = Service(lambda _: remote)
        plane = limited(service, Quotas(scoping=Scoping.ACCOUNT))
        await in_all(plane, [scope(name) for name in "abcd"], 100)
        assert sum(service.refused.values()) == 0
        assert max(service.finished.values()) <= 1.02 * 36

    virtually(main)


async def in_all(plane: LimitedControlPlane, scopes: list[Scope], calls: int) -> None:
    """Make so many puts in each scope, at the same time."""
    async with anyio.create_task_group() as tasks:
        for where in scopes:
            tasks.start_soon(puts, plane, where, calls)


@pytest.mark.parametrize(("regions", "calls", "refused"), [(8, 100, 0.07), (5, 160, 0.06)])
@pytest.mark.parametrize("seed", [1, 2])
def test_an_account_wide_quota_is_recognised(regions: int, calls: int, refused: float, seed: int) -> None:
    """One event reports it. From then on all regions share one bucket, and nearly nothing is refused."""

    async def main() -> None:
        remote = Remote(rate=10, burst=40)
        service, seen = Service(lambda _: remote, seed=seed), Seen()
        plane = limited(service, seen=seen)
        scopes = [scope(f"region-{number}") for number in range(regions)]
        await in_all(plane, scopes, calls)
        told = [event for event in seen.events if isinstance(event, QuotaShared)]
        assert [event.account for event in told] == [ACCOUNT]
        assert told[0].regions == tuple(where.region for where in scopes)
        assert len({id(plane.state.limiters.of(where).total.bucket) for where in scopes}) == 1
        sent, lost = sum(service.sent.values()), sum(service.refused.values())
        assert lost / sent <= refused
        assert max(service.finished.values()) <= 1.03 * (regions * calls - 40) / 10

    virtually(main)


def test_regions_with_quotas_of_their_own_stay_apart() -> None:
    """Four regions are refused at the same time at first, but only because each bucket is empty."""

    async def main() -> None:
        remotes = {name: Remote(rate=10, burst=40, level=0) for name in "abcd"}
        service, seen = Service(lambda where: remotes[where.region]), Seen()
        plane = limited(service, seen=seen)
        await in_all(plane, [scope(name) for name in "abcd"], 100)
        assert not [event for event in seen.events if isinstance(event, QuotaShared)]
        assert sum(service.refused.values()) > 4
        assert max(service.finished.values()) <= 1.2 * 10

    virtually(main)


def test_what_a_refusal_asked_for_outlives_the_sharing() -> None:
    """One model replaces six, and waits as long as the longest wait that any of them was asked for."""

    async def main() -> None:
        remote = Remote(rate=10, burst=40, seed=1)
        service = AsksToWait(remote)
        plane = limited(service, seen=service)
        await in_all(plane, [scope(f"region-{number}") for number in range(6)], 100)
        assert service.shared
        assert not service.early

    virtually(main)


class AsksToWait(Service):
    """Asks for 3 s with every refusal, and notes earlier calls after the quota was found to be shared."""

    def __init__(self, remote: Remote) -> None:
        super().__init__(lambda _: remote, retry_after=3.0, seed=1)
        self.until = 0.0
        self.shared = False
        self.early: list[float] = []

    def notify(self, event: Event) -> None:
        self.shared |= isinstance(event, QuotaShared)

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if self.shared and anyio.current_time() < self.until - 1e-6:
            self.early.append(anyio.current_time())
        try:
            return await super().send(request, execution)
        except Throttled:
            self.until = anyio.current_time() + 3.0
            raise


def test_a_scope_that_is_held_up_holds_up_no_other() -> None:
    """One account is asked to wait for a minute, again and again. The others are not delayed."""

    async def main() -> None:
        stuck = scope("a", "999999999999")
        remotes = {stuck: Remote(rate=0.001, burst=1, level=0)}
        service = Service(
            lambda where: remotes.setdefault(where, Remote(rate=10, burst=40)), retry_after=60.0
        )
        plane = limited(service)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(puts, plane, stuck, 10)
            await in_all(plane, [scope(name, f"{number:012}") for number, name in enumerate("abcde")], 140)
            tasks.cancel_scope.cancel()
        assert len(service.finished) == 5
        assert max(service.finished.values()) <= 1.03 * 10 + 0.2
        assert sum(service.refused.values()) == service.refused[stuck]

    virtually(main)


def test_every_bucket_that_was_used_is_remembered() -> None:
    async def main() -> None:
        remote = Remote(rate=10, burst=40)
        plane = limited(Service(lambda _: remote))
        await puts(plane, scope("a"), 60)
        limiter = plane.state.limiters.of(scope("b"))
        limiter.accepted(await limiter.acquire(lambda: None, operation="CreateDeployment"))
        learned = {each.key: each for each in plane.state.limiters.learned()}
        assert set(learned) == {
            BucketKey(ACCOUNT, "a"),
            BucketKey(ACCOUNT, "b"),
            BucketKey(ACCOUNT, "b", "CreateDeployment"),
        }
        total = learned[BucketKey(ACCOUNT, "a")]
        assert (total.stated, total.sent, total.refused, total.belief.rate) == (TOTAL, 60, 0, 10)
        assert total.waited > 0
        assert learned[BucketKey(ACCOUNT, "b", "CreateDeployment")].stated == Quota(0.2, 1)

    virtually(main)


def test_what_is_remembered_is_where_a_bucket_begins() -> None:
    belief = Belief(rate=6, burst=40, level=3, age=5)
    memory = {
        BucketKey(ACCOUNT, "a"): belief,
        BucketKey(ACCOUNT, "a", "GetResources"): Belief(rate=2, burst=5, level=0, age=1),
    }
    every = limiters(memory=memory)
    total = every.of(scope("a")).total.bucket.pacer.statistics(0)
    assert (total.rate, total.level) == (6, 33)
    own = every.of(scope("a")).own_flow("GetResources")
    assert own is not None
    assert own.bucket.pacer.statistics(0).level == 2
    assert every.of(scope("b")).total.bucket.pacer.statistics(0).rate == 10


def test_an_operations_documented_quota_is_not_guessed_where_the_total_is() -> None:
    every = limiters(Quotas(trust=Trust.GUESS))
    own = every.of(scope("a")).own_flow("CreateDeployment")
    assert own is not None
    assert own.bucket.pacer.statistics(0).ceiling == 0.2
    assert every.of(scope("a")).total.bucket.pacer.statistics(0).ceiling > 1000


def test_one_region_alone_has_no_siblings() -> None:
    """However often it is refused, it never shares a bucket."""

    async def main() -> None:
        remote = Remote(rate=3, burst=5)
        service, seen = Service(lambda _: remote), Seen()
        await puts(limited(service, seen=seen), scope("a"), 100)
        assert service.refused.total() > 3
        assert {type(event) for event in seen.events} == {CallSent, CallAnswered, CallThrottled}

    virtually(main)
