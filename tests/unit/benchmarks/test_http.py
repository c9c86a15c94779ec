"""A contest over HTTP from end to end, with twelve puts each; and what becomes of those that cannot run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import http_faults, http_puts, http_scopes
from benchmarks.harness.environment import environment
from benchmarks.harness.results import Row
from benchmarks.http_puts import BATCHGW, GOALS, Size, compete, limited
from benchmarks.over_http import contest as contests
from benchmarks.over_http.contest import Contest
from benchmarks.over_http.contestant import Contestant
from benchmarks.over_http.process import run
from benchmarks.over_http.server import options_from
from benchmarks.over_http.serving import options_text, serving
from benchmarks.over_http.task import PUT, RESPONSE_TYPE, world
from benchmarks.peers import registry
from benchmarks.peers.job import Job, Keys, Report, Target
from benchmarks.peers.registry import PEERS, Peer, why_not
from benchmarks.peers.terraform import configuration

SMALL = Size(puts=12, rate=200.0, burst=20.0, step=0.1, latency=0.01)
JOB = Job(
    endpoint="http://127.0.0.1:1",
    targets=(Target(account="111111111111", region="eu-west-1", apis=("a", "b")),),
    keys=Keys(access_key_id="AKIA", secret_access_key="s"),
    role=None,
    response_type=RESPONSE_TYPE,
    put=PUT,
    rate=10.0,
    burst=40.0,
    folder="/nowhere",
)


def test_a_small_contest_from_end_to_end() -> None:
    """The server counts calls and reads the APIs. A contestant that breaks is a failed row."""
    broken = Contestant(label="broken", peer="boto3-threads", goals=GOALS)  # without options it cannot run
    section = compete(SMALL, (BATCHGW, limited("bucket", ""), broken), quick=True)
    ours, theirs, dead = section.rows
    for row in (ours, theirs):
        assert row.failed is None
        assert (row.values["given_up"], row.values["wrong"]) == (0, 0)
        assert float(row.values["calls"] or 0) - float(row.values["refused"] or 0) == 12
    assert "KeyError" in (dead.failed or "")
    assert dead.values["wrong"] == 12
    assert dead.missed() == list(GOALS)
    traces = section.series["traces"]
    assert isinstance(traces, Sequence)
    assert [trace["label"] for trace in traces] == [ours.name, theirs.name]


def test_each_contestant_has_accounts_of_its_own_and_none_is_the_managing_one() -> None:
    with serving(world(accounts=5, regions=1, apis=1, no_throttle=True)) as server:
        contest = Contest(server=server, response_type=RESPONSE_TYPE, put=PUT, rate=10, burst=40, each=2)
        assert list(contest._accounts()) == [server.accounts[1:3], server.accounts[3:5]]
        with pytest.raises(ValueError, match="too few"):
            contest.run([Contestant(label=str(n), peer="boto3-threads") for n in range(3)])


def test_those_that_must_be_alone_are_and_the_others_run_in_groups() -> None:
    contestants = [Contestant(label=str(n), peer="x", alone=n in (0, 3)) for n in range(6)]
    groups = [[e.label for e in group] for group in contests._groups(contestants, 3)]
    assert groups == [["1", "2", "4"], ["5"], ["0"], ["3"]]


def test_a_contestant_that_takes_too_long_has_failed(tmp_path: Path) -> None:
    job = Job(**{**{f: getattr(JOB, f) for f in Job.__slots__}, "folder": str(tmp_path)})
    process = run("batchgw", job, patience=0.05)
    assert process.report is None
    assert process.failed == "not done after 0.05 s"


def test_a_peer_that_needs_something_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = Peer(function="nowhere:run", needs=("json", "no_such_package"))
    monkeypatch.setattr(registry, "PEERS", {**PEERS, "lacking": lacking})
    assert why_not("lacking") == "no_such_package not installed (scripts/setup bench)"
    monkeypatch.setenv("PATH", "")
    assert why_not("terraform") == "there is no terraform on the PATH"


def test_a_contestant_that_cannot_run_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with serving(world(accounts=2, regions=1, apis=1, no_throttle=True)) as server:
        contest = Contest(server=server, response_type=RESPONSE_TYPE, put=PUT, rate=10, burst=40)
        (result,) = contest.run([Contestant(label="Terraform", peer="terraform")])
    assert result.skipped == "there is no terraform on the PATH"


def test_every_contestant_of_the_sections_is_known() -> None:
    contestants = [*http_puts.CONTESTANTS, *http_puts.QUICK_CONTESTANTS, *http_faults.CONTESTANTS]
    contestants += [http_scopes.BATCHGW, http_scopes.THREADS, http_scopes.GATHER, http_scopes.LIMITED]
    named = {e.peer for e in contestants} | {e.prepare for e in contestants if e.prepare}
    assert named <= set(PEERS)


def test_with_several_servers_times_are_means_and_counts_are_the_largest() -> None:
    rows = [
        Row(name="x", values={"ratio": ratio, "wall": 5 * ratio, "calls": calls, "refused": refused})
        for ratio, calls, refused in ((1.02, 720, 0), (1.06, 721, 1), (1.04, 720, 0))
    ]
    values = http_scopes.together(rows).values
    assert values == {"ratio": 1.04, "worst": 1.06, "wall": 5.2, "calls": 721, "refused": 1}


def test_with_several_servers_one_failure_fails_the_row() -> None:
    rows = [Row(name="x", values={"ratio": 1.0}), Row(name="x", failed="exit code 1"), Row(name="x")]
    assert http_scopes.together(rows).failed == "exit code 1"
    assert http_scopes.together(rows[:1]) is rows[0]


@pytest.mark.parametrize("name", PEERS)
def test_every_contestant_can_be_imported(name: str) -> None:
    assert callable(registry.load(name))


def test_jobs_and_reports_come_back_as_they_were_sent() -> None:
    assert Job.loads(JOB.dumps()) == JOB
    report = Report(note="n")
    report.give_up(OSError())
    report.give_up(OSError())
    assert Report.loads(report.dumps()).given_up == {"OSError": 2}


def test_options_reach_the_server_as_they_are(tmp_path: Path) -> None:
    options = world(accounts=2, regions=1, apis=3, faults=tmp_path / "f", denied=frozenset({"1"}))
    assert options_from(options_text(options)) == options


def test_terraform_is_given_every_api_and_the_same_put() -> None:
    made = configuration(JOB)
    resource = made["resource"]["aws_api_gateway_gateway_response"]["put"]
    assert resource["for_each"] == '${toset(["a", "b"])}'
    assert resource["response_parameters"] == PUT["responseParameters"]
    assert made["provider"]["aws"]["endpoints"]["apigateway"] == JOB.endpoint


def test_a_contestant_sees_no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "BATCHGW_RATE", "https_proxy", "TF_LOG"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("BATCHGW_BENCH_TERRAFORM_PLUGINS", "kept")
    seen = environment()
    assert not {"AWS_PROFILE", "BATCHGW_RATE", "https_proxy", "TF_LOG"} & set(seen)
    assert seen["BATCHGW_BENCH_TERRAFORM_PLUGINS"] == "kept"
