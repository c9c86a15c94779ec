"""The bound of a rollout by hand, and small runs of batchgw and of the scripts in virtual time."""

from __future__ import annotations

import pytest

from benchmarks.peers.registry import why_not
from benchmarks.rollouts.runs import ours, script
from benchmarks.rollouts.task import Task


@pytest.mark.parametrize(
    ("apis", "bound"),
    [
        (1, 0.0),  # six calls of the burst
        (3, 10.0),  # deployments at 0, 5 and 10 s
        (200, 995.0),
    ],
)
def test_the_bound_by_hand(apis: int, bound: float) -> None:
    assert Task(apis=apis).bound == pytest.approx(bound)


def test_batchgw_makes_all_stages_live_close_to_the_bound() -> None:
    task = Task(apis=3)
    run = ours(task)
    assert (run.refused, run.given_up, run.not_live) == (0, 0, 0)
    assert task.bound < run.seconds < task.bound + 2


@pytest.mark.skipif(why_not("aiolimiter-tenacity") is not None, reason="its packages are not installed")
def test_a_script_with_a_limiter_for_each_quota_makes_all_stages_live() -> None:
    run = script(Task(apis=3), limiters=2)
    assert (run.given_up, run.not_live) == (0, 0)
    assert run.calls - run.refused == 3 * 6
