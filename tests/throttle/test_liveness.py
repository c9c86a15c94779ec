"""All calls are made in the end, whatever the quota is and whatever the client believes."""

from __future__ import annotations

from statistics import median

import pytest

from tests.throttle.worlds.random_worlds import case
from tests.throttle.worlds.world import play

WORLDS = 150

HOUR = 3600.0


@pytest.mark.parametrize("tens", range(WORLDS // 10))
def test_random_worlds_all_finish(tens: int) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        each = case(seed)
        played = play(
            each.world,
            each.model(),
            calls=each.calls,
            seed=seed,
            horizon=4 * HOUR + 20 * each.calls / each.pace,
        )
        accepted = len(played.departures) - len(played.refusals)
        assert accepted >= each.calls


def test_most_random_worlds_finish_soon() -> None:
    """Half of them take at most 1.7 times the best time, with 4 % refused. Most are given a wrong quota."""
    played = []
    for seed in range(WORLDS):
        each = case(seed)
        run = play(each.world, each.model(), calls=each.calls, seed=seed)
        played.append((run.makespan * each.pace / each.calls, run.refused))
    assert median(ratio for ratio, _ in played) <= 1.7
    assert median(refused for _, refused in played) <= 0.04
