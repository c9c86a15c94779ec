"""A rollout, or its way back, is killed at any moment; the next process ends it right, and asks gates again.

All of it happens in a process of its own, which has one thread and can be forked. `python -m
tests.crash.rollouts` kills at 100 moments of a rollout and at 50 of its way back, in some two minutes of CPU.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.crash.process import REPOSITORY

ROLLOUTS, ROLLBACKS = 12, 6


@pytest.fixture(scope="module")
def wrong() -> Any:
    """What is wrong after the kills, by what was killed."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "tests.crash.rollouts"),
            *("--rollouts", f"{ROLLOUTS}", "--rollbacks", f"{ROLLBACKS}"),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout, ended.stderr
    return json.loads(ended.stdout)


def test_a_rollout_killed_at_any_moment_is_finished_by_a_resume(wrong: Any) -> None:
    """Each target has one outcome, each API one snapshot, and no gate is taken to have passed."""
    assert wrong["rollouts"] == []


def test_a_rollback_killed_at_any_moment_restores_the_world(wrong: Any) -> None:
    assert wrong["rollbacks"] == []


@pytest.mark.parametrize("verb", ["resume", "retry", "rollback"])
def test_while_a_process_works_on_a_run_another_is_refused(wrong: Any, verb: str) -> None:
    assert wrong[verb] == []
