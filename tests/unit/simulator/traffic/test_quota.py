"""The server's buckets, by hand: burst, refill, operations' own quotas, neighbours, schedules."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.simulator.traffic.quota import UNLIMITED, Bucket, Neighbour, QuotaRules, Quotas, Rate, Schedule

A, B = "111111111111", "222222222222"
PUT = "PutGatewayResponse"


def admitted(quotas: Quotas, times: list[float], operation: str = PUT) -> list[bool]:
    return [quotas.admit(A, "eu-west-1", operation, now) for now in times]


def small(**rules: object) -> Quotas:
    return Quotas(QuotaRules(total=Rate(rate=2, burst=3), **rules))  # type: ignore[arg-type]  # a test's shorthand


def test_a_burst_then_the_rate() -> None:
    """Burst 3, 2/s: three at once, the fourth half a second later, one every half second from then on."""
    assert admitted(small(), [0, 0, 0, 0, 0.4, 0.5, 0.5, 1.0, 1.5, 1.6]) == [
        True, True, True, False, False, True, False, True, True, False,
    ]  # fmt: skip


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    assert admitted(small(), [100, 100, 100, 100]) == [True, True, True, False]


def test_documented_quota_of_all_operations_together() -> None:
    """40 at once, then 10 in the first second: the 600 writes of a scope take 56 s."""
    quotas = Quotas()
    assert sum(admitted(quotas, [0] * 100)) == 40
    assert sum(admitted(quotas, [1] * 100)) == 10
    assert sum(quotas.admit(A, "eu-west-1", f"Get{n}", 2) for n in range(100)) == 10


@pytest.mark.parametrize(
    ("operation", "burst", "seconds"),
    [
        ("CreateDeployment", 1, 5),
        ("CreateRestApi", 1, 3),
        ("CreateRestApi:EDGE", 1, 30),
        ("DeleteRestApi", 1, 30),
        ("PutRestApi", 1, 1),
        ("UpdateAccount", 1, 20),
        ("GetResources", 5, 0.4),
    ],
)
def test_operations_with_a_quota_of_their_own(operation: str, burst: int, seconds: float) -> None:
    quotas = Quotas()
    assert sum(admitted(quotas, [0] * (burst + 1), operation)) == burst
    assert admitted(quotas, [seconds - 0.01, seconds], operation) == [False, True]
    assert admitted(quotas, [seconds]) == [True]  # the total has tokens left for others


def test_a_free_refusal_takes_no_token_anywhere() -> None:
    """39 deployments refused by their own quota leave the total's 39 tokens to others."""
    quotas = Quotas()
    assert sum(admitted(quotas, [0] * 40, "CreateDeployment")) == 1
    assert sum(admitted(quotas, [0] * 40)) == 39


def test_a_consuming_refusal_takes_what_there_is() -> None:
    """2/s: after the burst, asking every 0.4 s finds 0.8 tokens and loses them, for ever."""
    quotas = small(refusals="consuming")
    assert sum(admitted(quotas, [0] * 3)) == 3
    assert not any(admitted(quotas, [0.4 * n for n in range(1, 20)]))
    assert admitted(quotas, [7.6 + 0.5]) == [True]


def test_scopes_have_their_own_buckets() -> None:
    quotas = small()
    assert [quotas.admit(A, "eu-west-1", PUT, 0) for _ in range(4)] == [True, True, True, False]
    assert quotas.admit(A, "us-east-1", PUT, 0)
    assert quotas.admit(B, "eu-west-1", PUT, 0)


def test_an_account_wide_quota_is_shared_by_its_regions() -> None:
    quotas = small(scoping="account")
    assert [quotas.admit(A, region, PUT, 0) for region in ("eu-west-1", "us-east-1") * 2] == [
        True, True, True, False,
    ]  # fmt: skip
    assert quotas.admit(B, "eu-west-1", PUT, 0)


def test_other_services_are_counted_in_their_own_quota_only() -> None:
    quotas = Quotas(
        QuotaRules(total=Rate(rate=1, burst=1), per_operation={"ListAccounts": Rate(rate=1, burst=2)})
    )
    calls = [quotas.admit(A, "us-east-1", "ListAccounts", 0, counted=False) for _ in range(3)]
    assert calls == [True, True, False]
    assert all(quotas.admit(A, "us-east-1", "GetCallerIdentity", 0, counted=False) for _ in range(5))
    assert quotas.admit(A, "us-east-1", PUT, 0)


def test_no_quota_at_all() -> None:
    assert all(admitted(Quotas(UNLIMITED), [0] * 1000, "CreateDeployment"))


@pytest.mark.parametrize(
    ("start", "end", "weighted"),
    [(0, 60, 60), (0, 90, 75), (60, 120, 30), (0, 150, 120), (70, 80, 5), (130, 131, 1), (50, 130, 50)],
)
def test_a_schedule_weighs_time(start: float, end: float, weighted: float) -> None:
    """The rate is half between 60 and 120 s."""
    assert Schedule(steps=((60, 0.5), (120, 1))).elapsed(start, end) == pytest.approx(weighted)


def test_a_rate_that_halves_and_returns() -> None:
    quotas = small(schedule=Schedule(steps=((10, 0.5), (20, 1))))
    every_tenth = [n / 10 for n in range(300)]
    taken = admitted(quotas, every_tenth)
    by_phase = [sum(taken[n : n + 100]) for n in (0, 100, 200)]
    assert by_phase == [22, 10, 20]  # 3 + 2*9.9 s at first, then 1/s for 10 s, then 2/s for 10 s


def test_a_schedule_runs_forward() -> None:
    with pytest.raises(ValueError, match="order of time"):
        Schedule(steps=((20, 1), (10, 0.5)))
    with pytest.raises(ValueError, match="negative"):
        Schedule(steps=((20, -1),))


@pytest.mark.parametrize(("rate", "burst"), [(-1, 5), (1, 0.5)])
def test_a_rate_that_cannot_be(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="burst"):
        Rate(rate=rate, burst=burst)


def test_a_neighbour_takes_its_share() -> None:
    """10/s, of which a neighbour takes up to 6: at least 4/s are left; our storm refuses it too."""
    quotas = Quotas(QuotaRules(neighbour=Neighbour(rate=6), seed=1))
    taken = sum(admitted(quotas, [n / 20 for n in range(20 * 300)]))  # 20/s for 300 s
    other = quotas.neighbours()[f"{A}/eu-west-1"]
    assert taken + other["accepted"] == pytest.approx(40 + 10 * 300, abs=2)
    assert other["accepted"] + other["refused"] == pytest.approx(
        6 * 300, abs=130
    )  # Poisson: three deviations
    assert other["refused"] > 0
    assert taken > 4 * 300


def test_a_neighbour_is_the_same_for_the_same_seed_only() -> None:
    def outcome(seed: int) -> list[bool]:
        return admitted(
            Quotas(QuotaRules(neighbour=Neighbour(rate=6), seed=seed)), [n / 20 for n in range(4000)]
        )

    assert outcome(1) == outcome(1)
    assert outcome(1) != outcome(2)


@pytest.mark.parametrize(("active", "moment"), [(0, 0), (9.5, 9.5), (10, 40), (15, 45), (25, 85)])
def test_a_neighbour_that_comes_and_goes(active: float, moment: float) -> None:
    """On for 10 s, off for 30: its 25th second of calling is the fifth of the third round."""
    assert Neighbour(rate=1, on=10, off=30).moment(active) == moment


def test_a_pausing_neighbour_leaves_the_bucket_alone() -> None:
    quotas = Quotas(QuotaRules(neighbour=Neighbour(rate=50, on=10, off=1000), seed=3))
    assert sum(admitted(quotas, [10.0] * 40)) < 10
    assert sum(admitted(quotas, [500.0] * 50)) == 40


def test_a_neighbours_calls_are_told_as_they_are_made() -> None:
    quotas = Quotas(QuotaRules(neighbour=Neighbour(rate=6), seed=1))
    told: list[tuple[str, float, bool]] = []
    quotas.watch(lambda *call: told.append(call))
    admitted(quotas, [n / 20 for n in range(20 * 60)])
    other = quotas.neighbours()[f"{A}/eu-west-1"]
    assert {scope for scope, _, _ in told} == {f"{A}/eu-west-1"}
    assert [at for _, at, _ in told] == sorted(at for _, at, _ in told)
    assert sum(taken for _, _, taken in told) == other["accepted"]
    assert len(told) == other["accepted"] + other["refused"]


@pytest.mark.parametrize("wrong", [{"rate": -1.0}, {"rate": 1.0, "on": -1.0}, {"rate": 1.0, "off": -1.0}])
def test_a_neighbour_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="neighbour"):
        Neighbour(**wrong)


def test_a_total_spread_over_hosts_is_all_of_it_and_refuses_before_it_is_empty() -> None:
    """2 hosts of 20 tokens and 5/s. 40 calls at once: not 20 on each. In the long run all 10/s are taken."""
    quotas = Quotas(QuotaRules(hosts=2, per_operation={}, seed=3))
    first = sum(admitted(quotas, [0.0] * 40))
    assert 20 < first < 40
    assert quotas.level(A, "eu-west-1") == pytest.approx(40 - first)
    assert sum(admitted(quotas, [0.0] * 100)) == 40 - first
    assert sum(admitted(quotas, [n / 100 for n in range(1, 10_001)])) == pytest.approx(1000, abs=2)


def test_a_spread_total_refuses_even_those_who_keep_to_the_rate() -> None:
    """10 calls/s for 100 s at 10/s, burst 8: never refused by one bucket; by four of 2.5/s and 2, often."""

    def taken(hosts: int) -> int:
        rules = QuotaRules(total=Rate(rate=10, burst=8), hosts=hosts, per_operation={})
        return sum(admitted(Quotas(rules), [n / 10 for n in range(1000)]))

    assert taken(1) == 1000
    assert 700 < taken(4) < 900


def test_hosts_are_chosen_by_the_seed() -> None:
    def outcome(seed: int) -> list[bool]:
        return admitted(Quotas(QuotaRules(hosts=4, per_operation={}, seed=seed)), [0.0] * 60)

    assert outcome(1) == outcome(1)
    assert outcome(1) != outcome(2)


@pytest.mark.parametrize(("hosts", "burst"), [(0, 40), (5, 4)])
def test_every_host_has_room_for_a_token(hosts: int, burst: float) -> None:
    with pytest.raises(ValueError, match="hosts"):
        QuotaRules(total=Rate(rate=1, burst=burst), hosts=hosts)


def test_scaled_rules_fill_faster_and_hold_no_more() -> None:
    """Ten times: CreateDeployment every half second, the total 100/s, bursts as they were."""
    rules = QuotaRules(neighbour=Neighbour(rate=3)).scaled(10)
    assert rules.total == Rate(rate=100, burst=40)
    assert rules.per_operation["CreateDeployment"] == Rate(rate=2, burst=1)
    assert rules.neighbour == Neighbour(rate=3)
    assert UNLIMITED.scaled(10) == UNLIMITED
    assert admitted(Quotas(rules), [0, 0.49, 0.5], "CreateDeployment") == [True, False, True]


def test_a_restart_fills_the_buckets_and_brings_the_neighbour_back() -> None:
    quotas = Quotas(QuotaRules(neighbour=Neighbour(rate=6), seed=1))
    times = [n / 20 for n in range(2000)]
    before = admitted(quotas, times)
    quotas.restart()
    assert admitted(quotas, times) == before


def test_the_level_is_told() -> None:
    quotas = small()
    assert quotas.level(A, "eu-west-1") is None
    admitted(quotas, [0, 0])
    assert quotas.level(A, "eu-west-1") == 1


@settings(deadline=None)
@given(
    st.floats(min_value=0.1, max_value=50),
    st.integers(min_value=1, max_value=60),
    st.lists(st.floats(min_value=0, max_value=2), max_size=200),
)
def test_no_window_admits_more_than_burst_and_refill(rate: float, burst: int, gaps: list[float]) -> None:
    bucket = Bucket(Rate(rate=rate, burst=burst), 0.0)
    now, taken = 0.0, 0
    for gap in gaps:
        now += gap
        if bucket.has_token(now):
            bucket.take(now)
            taken += 1
    assert taken <= burst + rate * now + 1e-6


def test_another_service_has_a_bucket_for_each_account_and_none_in_the_total() -> None:
    """Two at once, and one in ten seconds; API Gateway's only call is taken beside them."""
    quotas = Quotas(
        QuotaRules(
            total=Rate(rate=0, burst=1),
            per_operation={},
            per_service={"organizations": Rate(rate=0.1, burst=2)},
        )
    )

    def listed(now: float, account: str = "1", service: str = "organizations") -> bool:
        return quotas.admit(account, "us-east-1", "ListAccounts", now, counted=False, service=service)

    assert [listed(now) for now in (0, 0, 0, 9, 10, 11)] == [True, True, False, False, True, False]
    assert listed(11, account="2")
    assert all(listed(11, service="sts") for _ in range(50))
    assert [quotas.admit("1", "us-east-1", "GetRestApis", 11) for _ in range(2)] == [True, False]


def test_quotas_of_services_are_scaled_with_the_others() -> None:
    assert QuotaRules().scaled(0.5).per_service["account"] == Rate(rate=2.5, burst=5)
