"""The model, with numbers worked by hand: 10 calls/s, burst 40, unless said otherwise."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.bucket.refill import HALF_TOKEN
from batchgw.throttle.bucket.reserve import small
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.adversary import Kind, Rig, Step
from tests.throttle.worlds.world import World, play

RESERVE = small(40.0).least


def spend(model: BucketModel, calls: int, *, left: float = inf) -> list[float]:
    """Send each call as early as the model allows; it is accepted at once. Returns when each one left."""
    now, departures = 0.0, []
    for number in range(calls):
        now += model.delay(now, left - number)
        model.sent(now)
        model.accepted(now, now)
        departures.append(now)
    return departures


def test_the_burst_leaves_at_twice_the_rate_and_the_rest_at_the_rate() -> None:
    departures = spend(BucketModel(TOTAL), 200)
    assert departures[1] == departures[0]  # the first answer of two tells when the bucket was first reached
    assert departures[2] - departures[1] == pytest.approx(0.05)
    assert departures[30] - departures[29] == pytest.approx(0.05)
    assert departures[199] - departures[198] == pytest.approx(0.1)
    # The 200th call needs a token beside the reserve: 40 + 10 t = 200 + reserve
    assert departures[199] == pytest.approx((200 + RESERVE - 40) / 10)


def test_the_last_calls_spend_the_reserve() -> None:
    departures = spend(BucketModel(TOTAL), 200, left=200)
    assert departures[199] == pytest.approx((200 - 40) / 10)
    # The last 56 calls, which are 2 * reserve, leave at twice the rate: half a token is refilled for each.
    assert departures[199] - departures[198] == pytest.approx(0.05)
    assert departures[142] - departures[140] == pytest.approx(0.2)  # before that, two leave at once


def test_a_wrong_belief_about_the_level_costs_a_few_refusals() -> None:
    """The bucket is empty, and the model believes it is full.

    Two calls leave at once. Until the first answer, after 0.1 s, another one leaves every 0.05 s.
    """
    rig = Rig(BucketModel(TOTAL))
    while rig.now < 0.1:
        rig.happen(Step("send"))
    assert len(rig.departures) == 4
    rig.run([Step("refused", -1.0)] * 4)
    assert rig.delay() > 0.5


def test_a_refusal_resets_the_level_to_what_can_be_there() -> None:
    model = BucketModel(TOTAL)
    for moment in (0.0, 0.05, 0.1):
        model.sent(moment)
    model.refused(0.0, 0.15)
    # half a token at 0; since then 1.5 tokens were refilled, and two calls left
    assert model.statistics(0.15).level == pytest.approx(HALF_TOKEN + 1.5 - 2)
    model.refused(0.05, 0.15)
    # half a token at 0.05; since then 1 token was refilled, and one call left. But no more than was believed.
    assert model.statistics(0.15).level == pytest.approx(0.0)


def test_a_refusal_never_raises_the_level() -> None:
    model = BucketModel(TOTAL)
    spend(model, 200)
    level = model.statistics(16.7).level
    model.sent(16.7)
    model.refused(16.7, 30.0)  # 133 tokens would have been refilled since 16.7
    assert model.statistics(30.0).level <= min(level - 1 + 133, 40)


@pytest.mark.parametrize("rate", [3.0, 7.0, 9.0])
def test_the_refill_is_measured(rate: float) -> None:
    """10 calls/s are stated, and fewer are true. The true rate is believed after 400 calls."""
    model = BucketModel(TOTAL)
    played = play(World(rate=rate), model, calls=400, seed=1)
    assert model.statistics(played.makespan).rate == pytest.approx(rate, rel=0.05)


def level_after_slow_start(first: Kind, belief: Belief | None = None) -> float:
    """The level one second after a slow start."""
    return slowly_started(first, belief).statistics().level


def slowly_started(first: Kind, belief: Belief | None = None) -> Rig:
    """A rig after one second.

    Five calls leave at once, and the first gets the answer `first` after 0.5 s. Then four calls take 0.1 s
    each.
    """
    rig = Rig(BucketModel(Quota(10, 100), belief=belief))
    rig.run([Step("push")] * 5)
    rig.run([Step("wait", 0.5), Step(first, -1.0)])
    rig.run([Step("push"), Step("wait", 0.1), Step("accepted", which=4)] * 4)
    rig.run([Step("wait", 0.1)])
    return rig


def test_a_full_bucket_is_refilled_from_the_first_arrival_on() -> None:
    """The first call took 0.4 s longer than others do: 0.1 s count as 0.06 s late, and 0.3 s count in full.

    So the bucket missed 0.36 s of refill, or 3.6 calls.
    """
    assert level_after_slow_start("accepted") == pytest.approx(100 + 10 - 9 - 3.6)


def test_an_unanswered_first_call_corrects_nothing() -> None:
    """Nobody knows when it arrived."""
    assert level_after_slow_start("unanswered") == 100


def test_a_bucket_that_was_not_full_was_refilled_all_the_time() -> None:
    belief = Belief(rate=10, burst=100, level=50)
    assert level_after_slow_start("accepted", belief) == pytest.approx(50 + 10 - 9)


def test_half_a_token_is_withheld_until_five_calls_are_answered() -> None:
    model = BucketModel(TOTAL)
    levels = []
    for _ in range(5):
        model.sent(0.0)
        model.accepted(0.0, 0.0)
        levels.append(model.statistics(0.0).level)
    assert levels == [38.5, 37.5, 36.5, 35.5, 35.0]


@pytest.mark.parametrize(
    ("meanwhile", "expected"),
    [
        # The first call took 0.45 s longer than the new shortest; 0.05 s of them count as 0.03 s. That makes
        # 0.43 s late, 0.07 s more than before.
        ([], 97.4 + 0.5 - 1 - 0.7),
        # A refusal has measured the level, so it needs no correction. The rate is 6/s now.
        ([Step("push"), Step("refused", -1.0, which=4)], 0.5 + 0.3 - 1),
    ],
)
def test_a_shorter_call_corrects_the_level_again_unless_it_was_measured(
    meanwhile: list[Step], expected: float
) -> None:
    rig = slowly_started("accepted")
    rig.run([*meanwhile, Step("push"), Step("wait", 0.05), Step("accepted", which=4)])
    assert rig.statistics().level == pytest.approx(expected)


def test_a_rate_is_proven_after_20_s_without_a_refusal() -> None:
    """A proven rate is remembered. When less is left, the model looks for it again and again."""
    model = BucketModel(TOTAL)
    spend(model, 200)
    assert model._probe.proven == 0
    model.statistics(19.9)
    assert model._probe.proven == 0
    model.statistics(20.1)
    assert model._probe.proven == 10


def test_calls_that_another_bucket_refused_do_not_count_as_refill() -> None:
    """The measured rate is the same with and without fifty such calls between two refusals."""
    measured = []
    for refunded in (0, 50):
        model = BucketModel(TOTAL)
        for moment in (0.0, 10.0):
            model.sent(moment)
            model.refused(moment, moment + 0.1)
            for number in range(30):
                at = moment + 0.2 + 0.3 * number
                model.sent(at)
                model.accepted(at, at)
            for _ in range(refunded):
                model.sent(moment + 9.5)
                model.refund(moment + 9.5, moment + 9.5)
        model.sent(20.0)
        model.refused(20.0, 20.1)
        measured.append(model.statistics(20.1).rate)
    assert measured[0] == pytest.approx(measured[1])


def test_a_refund_gives_the_token_back_and_is_no_refusal() -> None:
    model = BucketModel(TOTAL)
    spend(model, 10)
    now = 10 * 0.05
    before = model.statistics(now).level
    model.sent(now)
    model.refund(now, now)
    assert model.statistics(now).level == before
    assert model.statistics(now).refused == 0


@pytest.mark.parametrize(("share", "rate"), [(1.0, 10.0), (0.5, 5.0), (0.1, 1.0)])
def test_a_share_is_a_part_of_the_rate(share: float, rate: float) -> None:
    statistics = BucketModel(TOTAL, share=share).statistics(0.0)
    assert (statistics.stated, statistics.rate, statistics.ceiling) == (rate, rate, rate)


def test_how_far_a_quota_is_trusted_decides_the_ceiling() -> None:
    assert BucketModel(TOTAL).statistics(0.0).ceiling == 10
    assert BucketModel(TOTAL, trust=Trust.STRICT).statistics(0.0).ceiling == 10
    assert BucketModel(TOTAL, trust=Trust.GUESS).statistics(0.0).ceiling > 1000
    unknown = BucketModel(None).statistics(0.0)
    assert unknown.ceiling > 1000
    assert unknown.stated is None


def test_a_trusted_quota_is_audited_after_five_minutes_without_a_refusal() -> None:
    model = BucketModel(TOTAL)
    departures = spend(model, 10_000)
    before = [b - a for a, b in pairwise(departures) if 60 < a < 290]
    assert min(before) == pytest.approx(0.1)
    assert model.statistics(departures[-1]).rate > 15  # nothing was ever refused, so more was tried


def test_a_tiny_bucket_spaces_its_calls_by_the_rate_and_a_margin_for_latency() -> None:
    """5 calls/s, burst 1; latencies are 0.1 and 0.2 s in turn. The margin is no larger than the spacing."""
    model, now, departures = BucketModel(Quota(5, 1)), 0.0, []
    for number in range(40):
        now += model.delay(now)
        model.sent(now)
        departures.append(now)
        model.accepted(now, now + 0.1 + 0.1 * (number % 2))
        now += 0.1 + 0.1 * (number % 2)
    gaps = [b - a for a, b in pairwise(departures)]
    assert all(0.2 < gap <= 0.4 + 1e-6 for gap in gaps)


def test_statistics_count_calls_refusals_and_episodes() -> None:
    rig = Rig(BucketModel(TOTAL))
    rig.run(
        [
            Step("send"),
            Step("accepted"),
            Step("send"),
            Step("refused", -1.0),
            Step("send"),
            Step("unanswered"),
        ]
    )
    statistics = rig.statistics()
    assert (statistics.sent, statistics.refused, statistics.episodes) == (3, 1, 1)
    assert statistics.burst == 40


def test_overspent_calls_may_leave_faster_than_twice_the_believed_rate() -> None:
    """0.5/s are believed, and 28 calls are to be overspent in 4 s, at 7/s. So 7.5/s leave, and not 1/s."""
    model = BucketModel(TOTAL, trust=Trust.GUESS, belief=Belief(rate=0.5, burst=40, level=40))
    departures = spend(model, 15)
    assert departures[14] - departures[13] == pytest.approx(1 / 7.5)


def test_a_refund_in_a_tiny_bucket_forgets_the_departure() -> None:
    """A deployment that the total refused need not wait its 5 s again."""
    model = BucketModel(Quota(0.2, 1))
    model.sent(0.0)
    model.refund(0.0, 0.1)
    assert model.delay(0.1) == 0.0
    model.sent(0.1)
    model.sent(6.0)
    model.refund(6.0, 6.1)
    assert model.delay(6.1) == 0.0  # more than 5 s after the departure at 0.1


def test_the_first_call_of_an_unknown_quota_waits_for_one_token_but_no_reserve() -> None:
    assert BucketModel(None).delay(0.0) == pytest.approx(0.1)


def test_a_rate_that_no_refusal_has_measured_is_not_remembered() -> None:
    rig = Rig(BucketModel(None))
    rig.run([Step("send"), Step("accepted")] * 38)
    assert rig.statistics().rate > 12
    assert rig.pacer.belief(rig.now).rate is None
    rig.run([Step("send"), Step("refused", -1.0)])
    assert rig.pacer.belief(rig.now).rate is not None


@pytest.mark.parametrize(
    ("remembered", "rate", "level"),
    [(0.2, 10, 24), (4.9, 10, 24), (6.0, 6.0, 16), (9.85, 10, 24)],
)
def test_a_remembered_rate_is_believed_between_half_and_98_percent_of_a_trusted_quota(
    remembered: float, rate: float, level: float
) -> None:
    """Less than half came of a storm or a denial; 98 % count as all. Two seconds ago the level was 4."""
    model = BucketModel(TOTAL, belief=Belief(rate=remembered, burst=40, level=4, age=2))
    statistics = model.statistics(0.0)
    assert (statistics.rate, statistics.level) == (rate, level)


def test_a_run_after_a_denial_is_as_fast_as_any() -> None:
    """With a full bucket 200 calls take 16 s. At the last run's 0.2/s they would take 15 minutes."""
    model = BucketModel(TOTAL, belief=Belief(rate=0.2, burst=40, level=0, age=10))
    assert spend(model, 200, left=200)[-1] == pytest.approx(16.0, rel=0.05)


def test_a_model_that_retry_after_holds_back_learns_that_the_rate_is_lower() -> None:
    """10/s are stated and 1/s is true. Each refusal asks for 1 s, in which the model's level fills up."""
    world = World(rate=1, burst=2, retry_after=1.0)
    model = BucketModel(Quota(10, 2))
    played = play(world, model, calls=150, seed=3)
    assert model.statistics(played.makespan).rate <= 2
    assert played.refused <= 0.35


def test_a_pair_of_calls_shows_within_half_a_second_that_others_have_emptied_the_bucket() -> None:
    """At 10 s others take all but half a token.

    Single calls at the stated rate would each get the token that has just run in. The second call of a pair
    does not. Every answer comes at once, so jitter in the latencies reveals nothing either.
    """
    model, level, at, refused = BucketModel(TOTAL), 40.0, 0.0, None
    now = 0.0
    while refused is None and now < 20:
        delay = model.delay(now, 1000)
        if now < 10 <= now + delay:
            level, at = 0.5, 10.0
        now += delay
        if delay > 0:
            continue
        model.sent(now)
        level, at = min(40.0, level + 10 * (now - at)), now
        if level >= 1:
            level -= 1
            model.accepted(now, now)
        else:
            refused = now
            model.refused(now, now)
    assert refused is not None
    assert 10 <= refused < 10.5
    assert model.statistics(now).level < 1


def test_a_refund_while_calls_are_overspent_never_raises_the_level_above_the_burst() -> None:
    """An unknown quota. At the last refusal the level is believed to be 40, and half a call is overspent."""
    rig = Rig(BucketModel(None))
    rig.run([Step("send"), Step("push"), Step("refused", -1.0), Step("send"), Step("wait", 9.0)])
    rig.run([*[Step("send")] * 8, Step("push"), Step("wait", 1.0), Step("refund"), Step("refused", -1.0)])
    assert rig.statistics().level <= 40
