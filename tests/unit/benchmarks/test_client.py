"""client_cost from end to end, with few puts; and a contestant that cannot run says why."""

from __future__ import annotations

import pytest

from batchgw.model import ResponseType
from benchmarks import client_cost
from benchmarks.client.contestant import Contestant, Way
from benchmarks.client.server import answer, served
from benchmarks.client.task import TYPES, put
from benchmarks.client_cost import BARE, FAST_RUN, STOCK_RUN, WAYS, compete, gains
from benchmarks.harness.results import Row


def way(name: str) -> Way:
    return next(way for way in WAYS if way.name == name)


def test_the_whole_run_is_compared_with_bare_aioboto3() -> None:
    bare, fast = compete((way(BARE), way(FAST_RUN)), puts=12, rounds=2)
    assert (bare.failed, fast.failed) == (None, None)
    assert bare.values["ratio"] == 1.0
    assert isinstance(fast.values["ratio"], float)
    assert fast.values["ratio"] > 0
    assert all(isinstance(row.values[key], float) for row in (bare, fast) for key in ("cpu", "rate", "peak"))
    assert set(fast.goals) == {"ratio"}


@pytest.mark.parametrize("module", ["cuts", "plane", "threads", "wire"])
def test_every_other_way_makes_its_puts(module: str) -> None:
    one = next(way for way in WAYS if way.module == module)
    with served() as url, Contestant(one, url) as contestant:
        contestant.round(8)
        contestant.end()
    assert contestant.failed is None
    assert len(contestant.rounds) == 1
    assert (contestant.peak or 0) > 10


def test_a_contestant_that_cannot_run_says_why_and_misses_its_goal() -> None:
    broken = Way(name="broken", module="bare", options={"unheard_of": 1}, goals={"ratio": 1.0})
    bare, failed = compete((way(BARE), broken), puts=4, rounds=1)
    assert bare.failed is None
    assert "unheard_of" in (failed.failed or "")
    assert failed.missed() == ["ratio"]


def test_what_each_step_saves_is_said_in_percent_of_bare_aioboto3() -> None:
    rows = [Row(name=each.name, values={"ratio": 1.0 - 0.01 * n}) for n, each in enumerate(WAYS)]
    cuts, fast, rest = gains(rows)
    assert cuts.startswith("Each cut alone saves: user agent 1 %, no validation 2 %, own signer 3 %")
    assert cuts.endswith("all four together: 5 %.")
    assert fast == ("The fast path saves: 1 % of the client alone, 1 % of the control plane, 1 % of a run.")
    assert "limiter and retries -1 %" in rest
    assert "log and progress -2 %" in rest
    assert "unknown of a run" in gains(rows[:9])[1]


def test_the_goals_are_those_of_the_whole_run() -> None:
    goals = {each.name: each.goals for each in WAYS if each.goals}
    assert goals == {STOCK_RUN: {"ratio": 0.70}, FAST_RUN: {"ratio": 0.50}}
    assert WAYS[0].name == BARE
    assert client_cost.COLUMNS[0].key == "ratio"


def test_the_server_answers_a_put_with_the_type_that_was_put() -> None:
    for kind in ResponseType:
        path = f"/restapis/abc/gatewayresponses/{kind}".encode()
        head, _, body = answer(b"PUT", path).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 201 Created\r\n")
        assert f'"responseType": "{kind}"'.encode() in body


def test_puts_are_of_each_type_in_turn() -> None:
    assert [put(n)["responseType"] for n in range(4)] == [*TYPES, *TYPES]
    assert [put(n)["restApiId"] for n in range(4)] == ["0" * 10, "0" * 10, "0" * 9 + "1", "0" * 9 + "1"]
