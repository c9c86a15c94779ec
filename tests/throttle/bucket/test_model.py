"""The model, with numbers worked by hand: 10 calls/s, burst 40, unless said otherwise."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import pytest

from batchgw.throttle.bucket.model import HALF_TOKEN, BucketModel
from batchgw.throttle.bucket.reserve import small
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.adversary import Kind, Rig, Step
from tests.throttle.worlds.world import World, play

RESERVE = small(40.0).least


def spend(model: BucketModel, calls: int, *, left: float = inf) -> list[float]:
    """Send as early as the model allows, every call accepted at once; answer when each left."""
    now, departures = 0.0, []
    for number in range(calls):
        now += model.delay(now, left - number)
        model.sent(now)
        model.accepted(now, now)
        departures.append(now)
    return departures


def test_the_burst_leaves_at_twice_the_rate_and_the_rest_at_the_rate() -> None:
    departures = spend(BucketModel(TOTAL), 200)
    assert departures[1] == departures[0]  # whichever is answered first says when the bucket was asked
    assert departures[2] - departures[1] == pytest.approx(0.05)
    assert departures[30] - departures[29] == pytest.approx(0.05)
    assert departures[199] - departures[198] == pytest.approx(0.1)
    # The 200th needs a token beside the reserve: 40 + 10 t = 200 + reserve
    assert departures[199] == pytest.approx((200 + RESERVE - 40) / 10)


def test_the_last_calls_spend_the_reserve() -> None:
    departures = spend(BucketModel(TOTAL), 200, left=200)
    assert departures[199] == pytest.approx((200 - 40) / 10)
    # Half a token each is refilled while they leave at twice the rate: the last 2 * reserve of them, 56
    assert departures[199] - departures[198] == pytest.approx(0.05)
    assert departures[142] - departures[140] == pytest.approx(0.2)  # before that two at once


def test_a_wrong_belief_about_the_level_costs_a_few_refusals() -> None:
    """An empty bucket believed full: two leave, and one every 0.05 s until the first answer after 0.1 s."""
    rig = Rig(BucketModel(TOTAL))
    while rig.now < 0.1:
        rig.happen(Step("send"))
    assert len(rig.departures) == 4
    rig.run([Step("refused", -1.0)] * 4)
    assert rig.delay() > 0.5


def test_a_refusal_resets_the_level_to_what_there_can_be() -> None:
    model = BucketModel(TOTAL)
    for moment in (0.0, 0.05, 0.1):
        model.sent(moment)
    model.refused(0.0, 0.15)
    # half a token at 0, 1.5 refilled since, two left since
    assert model.statistics(0.15).level == pytest.approx(HALF_TOKEN + 1.5 - 2)
    model.refused(0.05, 0.15)
    # half a token at 0.05, 1 refilled since, one left since: no more than was believed
    assert model.statistics(0.15).level == pytest.approx(0.0)


def test_a_refusal_never_raises_the_level() -> None:
    model = BucketModel(TOTAL)
    spend(model, 200)
    level = model.statistics(16.7).level
    model.sent(16.7)
    model.refused(16.7, 30.0)  # half a token at 16.7 would be 133 now
    assert model.statistics(30.0).level <= min(level - 1 + 133, 40)


@pytest.mark.parametrize("rate", [3.0, 7.0, 9.0])
def test_the_refill_is_measured(rate: float) -> None:
    """Stated are 10 calls/s. What there is, less than that, is believed within some hundreds of calls."""
    model = BucketModel(TOTAL)
    played = play(World(rate=rate), model, calls=400, seed=1)
    assert model.statistics(played.makespan).rate == pytest.approx(rate, rel=0.05)


def slow_start(first: Kind, belief: Belief | None = None) -> float:
    """The level then."""
    return slowly_started(first, belief).statistics().level


def slowly_started(first: Kind, belief: Belief | None = None) -> Rig:
    """Five leave at once, and the first is answered after 0.5 s; then four take 0.1 s. It is at 1 s."""
    rig = Rig(BucketModel(Quota(10, 100), belief=belief))
    rig.run([Step("push")] * 5)
    rig.run([Step("wait", 0.5), Step(first, -1.0)])
    rig.run([Step("push"), Step("wait", 0.1), Step("accepted", which=4)] * 4)
    rig.run([Step("wait", 0.1)])
    return rig


def test_a_full_bucket_is_refilled_from_the_first_arrival_on() -> None:
    """Its answer came 0.4 s later than others do: of 0.1 s count 0.6, of the rest all. 3.6 calls less."""
    assert slow_start("accepted") == pytest.approx(100 + 10 - 9 - 3.6)


def test_nobody_knows_when_it_arrived_if_there_was_no_answer() -> None:
    assert slow_start("unanswered") == 100


def test_a_bucket_that_was_not_full_was_refilled_all_the_time() -> None:
    assert slow_start("accepted", Belief(rate=10, burst=100, level=50)) == pytest.approx(50 + 10 - 9)


def test_half_a_token_is_withheld_until_latencies_are_judged() -> None:
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
        ([], 97.4 + 0.5 - 1 - 0.7),  # 0.05 s shorter: 0.45 s later, of which 0.05 count as 0.03
        ([Step("push"), Step("refused", -1.0, which=4)], 0.5 + 0.3 - 1),  # it was measured; now 6/s
    ],
)
def test_a_call_that_is_shorter_still_tells_more_of_the_first_ones_way(
    meanwhile: list[Step], expected: float
) -> None:
    rig = slowly_started("accepted")
    rig.run([*meanwhile, Step("push"), Step("wait", 0.05), Step("accepted", which=4)])
    assert rig.statistics().level == pytest.approx(expected)


def test_a_rate_proves_itself_by_lasting() -> None:
    """After 20 s without a refusal it is remembered: when less is left, it is looked for again and again."""
    model = BucketModel(TOTAL)
    spend(model, 200)
    assert model._probe.proven == 0
    model.statistics(19.9)
    assert model._probe.proven == 0
    model.statistics(20.1)
    assert model._probe.proven == 10


def test_calls_that_another_bucket_refused_are_no_refill() -> None:
    """Whether or not there are fifty of them between two refusals, the rate measured is the same."""
    measured = []
    for void in (0, 50):
        model = BucketModel(TOTAL)
        for moment in (0.0, 10.0):
            model.sent(moment)
            model.refused(moment, moment + 0.1)
            for number in range(30):
                at = moment + 0.2 + 0.3 * number
                model.sent(at)
                model.accepted(at, at)
            for _ in range(void):
                model.sent(moment + 9.5)
                model.refund(moment + 9.5, moment + 9.5)
        model.sent(20.0)
        model.refused(20.0, 20.1)
        measured.append(model.statistics(20.1).rate)
    assert measured[0] == pytest.approx(measured[1])


def test_a_void_call_gives_its_token_back() -> None:
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


def test_how_far_a_quota_is_trusted_decides_what_is_the_most() -> None:
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
    assert model.statistics(departures[-1]).rate > 15  # nothing was ever refused: there is more


def test_a_small_bucket_spaces_its_calls_by_the_rate_and_by_how_much_latencies_differ() -> None:
    """Of 5 calls/s and burst 1. Latencies of 0.1 and 0.2 s in turn: a guard, but no more than a slot."""
    model, now, departures = BucketModel(Quota(5, 1)), 0.0, []
    for number in range(40):
        now += model.delay(now)
        model.sent(now)
        departures.append(now)
        model.accepted(now, now + 0.1 + 0.1 * (number % 2))
        now += 0.1 + 0.1 * (number % 2)
    gaps = [b - a for a, b in pairwise(departures)]
    assert all(0.2 < gap <= 0.4 + 1e-6 for gap in gaps)


def test_statistics_count() -> None:
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


def test_what_is_overspent_may_leave_however_little_is_believed() -> None:
    """0.5/s are believed, and 28 are to be spent in 4 s: 7.5/s leave, where twice what is believed is 1/s."""
    model = BucketModel(TOTAL, trust=Trust.GUESS, belief=Belief(rate=0.5, burst=40, level=40))
    departures = spend(model, 15)
    assert departures[14] - departures[13] == pytest.approx(1 / 7.5)


def test_a_call_that_another_bucket_refused_gives_its_departure_back() -> None:
    """A deployment that the total refused need not wait its 5 s again."""
    model = BucketModel(Quota(0.2, 1))
    model.sent(0.0)
    model.refund(0.0, 0.1)
    assert model.delay(0.1) == 0.0
    model.sent(0.1)
    model.sent(6.0)
    model.refund(6.0, 6.1)
    assert model.delay(6.1) == 0.0  # 5 s after the one before


def test_the_first_call_of_an_unknown_quota_waits_for_a_token_and_no_reserve() -> None:
    assert BucketModel(None).delay(0.0) == pytest.approx(0.1)


def test_a_rate_that_grew_while_nothing_was_refused_is_not_learned() -> None:
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
def test_what_a_trusted_quota_s_next_run_believes(remembered: float, rate: float, level: float) -> None:
    """Less than half was a storm or a denial, and 98 % are all of it: 2 s later, 4 were there."""
    model = BucketModel(TOTAL, belief=Belief(rate=remembered, burst=40, level=4, age=2))
    statistics = model.statistics(0.0)
    assert (statistics.rate, statistics.level) == (rate, level)


def test_a_run_after_a_denial_is_as_fast_as_any() -> None:
    """200 calls and a full bucket: 16 s, where 0.2/s of the last run would take a quarter of an hour."""
    model = BucketModel(TOTAL, belief=Belief(rate=0.2, burst=40, level=0, age=10))
    assert spend(model, 200, left=200)[-1] == pytest.approx(16.0, rel=0.05)


def test_a_mirror_that_retry_after_holds_up_learns_that_less_is_there() -> None:
    """10/s are stated and 1/s is true. Every refusal asks for 1 s, in which the model fills up."""
    world = World(rate=1, burst=2, retry_after=1.0)
    model = BucketModel(Quota(10, 2))
    played = play(world, model, calls=150, seed=3)
    assert model.statistics(played.makespan).rate <= 2
    assert played.refused <= 0.35


def test_a_bucket_that_others_have_emptied_is_noticed_though_it_gives_all_we_ask_for() -> None:
    """At the stated rate each call finds the token that has just run in: only a second one at once does not.

    The others take all but half a token at 10 s. Nothing is on its way for any time, so no jitter tells.
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


def test_a_call_given_back_beside_what_was_overspent_fills_no_bucket_beyond_its_brim() -> None:
    """An unknown quota: 40 calls are believed and half a one overspent when a refusal tells the level."""
    rig = Rig(BucketModel(None))
    rig.run([Step("send"), Step("push"), Step("refused", -1.0), Step("send"), Step("wait", 9.0)])
    rig.run([*[Step("send")] * 8, Step("push"), Step("wait", 1.0), Step("refund"), Step("refused", -1.0)])
    assert rig.statistics().level <= 40
