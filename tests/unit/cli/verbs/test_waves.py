"""Runs in waves by the command line: each stop has its exit code, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.execution.rollout import probing
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
        aborted = batchgw("abort", "last", "--reason", "too slow")
        assert (aborted.code, "aborted. The run ends; what it did stays." in aborted.err) == (0, True)
        run = batchgw("runs", "show", "last", "-o", "json").json
        assert (run["state"], run["summary"]["left"]) == ("done", 0)
        over = batchgw("resume", run["run"], "--yes")
        assert (over.code, "so nobody goes on with it: apply the policy again" in over.err) == (64, True)
        shown = batchgw("runs", "show", "last")
        assert "wave 2    failed since" in shown.out
        assert "promote by" in shown.out
        told = batchgw("runs", "show", "last", "-o", "json").json["rollout"]
        assert [wave["state"] for wave in told["waves"]] == ["passed", "failed"]
        assert [each["verdict"] for each in told["decisions"]] == ["promote", "abort"]
        assert {gate["gate"] for gate in told["gates"]} == {"prompt"}
        moved_on = batchgw("promote", "last")
        assert (moved_on.code, "has decided about wave 2" in moved_on.err) == (64, True)
        again = batchgw("abort", "last")
        assert (again.code, "has decided so already" in again.err) == (0, True)


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


def test_a_plan_that_does_too_much_is_refused_unless_that_is_allowed_by_name(
    policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.write_text(
        POLICY.replace("gates: [prompt]", "limits: {apis: 5, status_changes: 3, resets: 0}").replace(
            "status: 429", "status: 420"
        )
    )
    with served(monkeypatch, apis=10, accounts=1, regions=1):
        refused = batchgw("apply", policy, "--yes")
        assert refused.code == 3
        assert "10 REST APIs that are changed or made live > apis: 5" in refused.err
        assert "10 response types whose status code changes > status_changes: 3" in refused.err
        assert "--allow apis,status_changes" in refused.err
        assert batchgw("apply", policy, "--yes", "--allow", "apis").code == 3
        assert batchgw("apply", policy, "--yes", "--allow", "api").code == 64
        assert batchgw("apply", policy, "--yes", "--allow", "apis,status_changes").code == 0


def test_a_metric_that_the_plan_moves_is_refused_before_anything_is_written(
    policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "the plan moves responses into 5XX by their status codes"
    gated = POLICY.replace("gates: [prompt]", "gates: [{metric: 5XXError}]")
    policy.write_text(gated.replace("status: 429", "status: 503"))
    with served(monkeypatch, apis=10, accounts=1, regions=1):
        refused = batchgw("apply", policy, "--yes")
        assert (refused.code, said in refused.err) == (64, True), refused.err
        assert batchgw("plan", policy).code == 2


def test_a_probe_gate_that_fails_ends_the_run(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage is deployed as planned, and its callers do not see it in the time that they are given."""
    said = POLICY.replace("gates: [prompt]", "gates: [probe]\n  on_inconclusive: fail").replace(
        "THROTTLED", "MISSING_AUTHENTICATION_TOKEN: {status: 404}, THROTTLED"
    )
    policy.write_text(said + 'deploy: {stages: ["prod*"], verify_within: 0.1s}\n')
    monkeypatch.setattr(probing, "AGAIN", 0.0)
    (policy.parent / "q.yaml").write_text("operations: {CreateDeployment: {rate: 1000, burst: 1000}}\n")
    monkeypatch.setenv("BATCHGW_QUOTA_FILE", str(policy.parent / "q.yaml"))
    with served(monkeypatch, apis=4, accounts=1, regions=1, propagation=3600) as info:
        url = info.endpoint + "/restapis/{api}/{stage}/_user_request_{path}"
        failed = batchgw("apply", policy, "--yes", "--data-plane-url", url)
        assert failed.code == 3, failed.err
        assert "gate probe failed after wave 1: " in failed.out
        assert "did not answer as the policy says: stage prod of " in failed.out
        shown = batchgw("runs", "show", "last", "-o", "json").json["rollout"]
        assert [(gate["gate"], gate["result"]) for gate in shown["gates"]] == [("probe", "fail")]
