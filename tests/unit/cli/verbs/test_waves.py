"""Runs in waves by the command line: each stop has its exit code, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli_driver import batchgw, served

POLICY = """\
version: 1
targets: {regions: [eu-west-1]}
responses: {THROTTLED: {status: 429, headers: {Retry-After: "2"}}}
rollout:
  waves: [{size: 2}, {size: 60%}, {rest: true}]
  gates: [prompt]
"""


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "waves.yaml"
    path.write_text(POLICY)
    monkeypatch.setenv("BATCHGW_JOURNAL", str(tmp_path / "journal.db"))
    return path


def test_a_run_is_held_promoted_resumed_and_aborted(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, apis=10, accounts=1, regions=1):
        held = batchgw("apply", policy, "--yes")
        assert held.code == 3
        assert "wave 1 is held at gate prompt" in held.out
        refused = batchgw("promote", "2020")
        assert refused.code == 64
        promoted = batchgw("promote", "last", "--reason", "looks fine")
        assert (promoted.code, promoted.out) == (0, "")
        assert "Wave 1 of run" in promoted.err
        again = batchgw("promote", "last")
        assert (again.code, "has decided so already" in again.err) == (0, True)
        other = batchgw("abort", "last")
        assert (other.code, "has decided about wave 1" in other.err) == (64, True)
        held = batchgw("resume", "last", "--yes")
        assert held.code == 3
        assert "wave 2 is held at gate prompt" in held.out
        assert batchgw("abort", "last").code == 0
        aborted = batchgw("resume", "last", "--yes")
        assert (aborted.code, "the run was aborted after wave 2" in aborted.out) == (3, True)
        moved_on = batchgw("promote", "last")
        assert (moved_on.code, "is failed, not held" in moved_on.err) == (64, True)


def test_gates_are_skipped_with_a_reason_and_a_wave_may_be_the_last(
    policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(monkeypatch, apis=10, accounts=1, regions=1):
        unexplained = batchgw("apply", policy, "--yes", "--skip-gate", "prompt")
        assert (unexplained.code, "--reason" in unexplained.err) == (64, True)
        skip = ("--skip-gate", "prompt", "--reason", "incident 7")
        stopped = batchgw("apply", policy, "--yes", *skip, "--stop-after", "2")
        assert (stopped.code, "wave 2 has passed" in stopped.out) == (3, True)
        assert batchgw("resume", "last", "--yes", *skip).code == 0
