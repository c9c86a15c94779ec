"""Ctrl-C while nothing is written yet: every verb says how far it came, and how to begin again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from batchgw.cli import session
from batchgw.cli.observers.hints import Hints
from batchgw.concurrency.time_slices import TimeSlices
from batchgw.events import CallAnswered, CallSent, Event, PhaseEnded, PhaseStarted
from batchgw.report import plan_report
from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import POLICY, Result, batchgw, clean_environment, served

SLOWLY = ("--rate", "1", "--burst", "1", "--no-memory")
"""What follows a call waits for a second, so that a signal always finds something still to be done."""

AT_ONCE = ("--rate", "1000", "--burst", "1000", "--no-memory")
APIS = 8

BEGIN = "To begin again, give the same `batchgw {}` command."


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch) as info:
        yield info


def interrupted(
    monkeypatch: pytest.MonkeyPatch, at: Callable[[Event], bool], *arguments: str, times: int = 1
) -> Result:
    """Run a command that gets Ctrl-C, once or twice, as soon as an event is told."""
    left = times

    class Pressing(Hints):
        def notify(self, event: Event) -> None:
            nonlocal left
            super().notify(event)
            if left and at(event):
                left -= 1
                os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(session, "Hints", Pressing)
        done = batchgw(*arguments)
    assert left == 0
    return done


def sends(operation: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, CallSent) and event.operation == operation


def last_read() -> Callable[[Event], bool]:
    """The answer about the last of the eight APIs: a read that is still in flight would be given up."""
    reads = count(1)

    def answered(event: Event) -> bool:
        return isinstance(event, CallAnswered) and event.operation == "GetGatewayResponses"

    return lambda event: answered(event) and next(reads) == APIS


def enters(phase: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, PhaseStarted) and event.phase == phase


def reads_or_leaves(phase: str) -> Callable[[Event], bool]:
    """A call of a phase, and its end: the first Ctrl-C comes with one, the second with the other."""
    reads = sends("GetGatewayResponses")
    return lambda event: reads(event) or (isinstance(event, PhaseEnded) and event.phase == phase)


def pending() -> int:
    total = batchgw("plan", "policy.yaml", "-o", "json", "--no-memory").json["totals"]["total"]
    return int(total["creates"] + total["updates"] + total["resets"])


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("operation", ["GetRestApis", "GetGatewayResponses"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["apply", "policy.yaml", "--yes"],
            "stopped: nothing was written: this came before the first write. " + BEGIN.format("apply"),
        ),
        (
            [
                "put",
                "--type",
                "THROTTLED",
                "--status",
                "420",
                "--name",
                "*",
                "--yes",
                "--region",
                "us-east-1",
            ],
            "stopped: nothing was written: this came before the first write. " + BEGIN.format("put"),
        ),
        (
            ["plan", "policy.yaml", "--out", "p.plan"],
            "stopped: not everything was read, so there is no plan. " + BEGIN.format("plan"),
        ),
        (
            ["check", "policy.yaml"],
            "stopped: not everything was read, so whether anything has drifted is not known. "
            + BEGIN.format("check"),
        ),
    ],
)
def test_while_it_reads(
    monkeypatch: pytest.MonkeyPatch, operation: str, arguments: list[str], said: str
) -> None:
    before = pending()
    done = interrupted(monkeypatch, sends(operation), *arguments, *SLOWLY)
    assert (done.code, done.out) == (130, "")
    assert done.err.splitlines()[-1] == said
    assert "batchgw resume" not in done.err
    assert pending() == before
    assert not Path("p.plan").exists()


@pytest.mark.usefixtures("world")
def test_while_it_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one = ("--quota-scope", "account")  # else each of the four listings has a quota of its own
    done = interrupted(monkeypatch, sends("GetRestApis"), "discover", "policy.yaml", *SLOWLY, *one_by_one)
    assert done.code == 130
    assert done.err.splitlines()[-1] == (
        "stopped: not every REST API was listed: what was printed is not all. " + BEGIN.format("discover")
    )


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("times", [1, 2])
def test_while_it_reads_again_what_a_plan_will_change(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """The run is in the journal by then, and has nothing to resume."""
    assert batchgw("plan", "policy.yaml", "--out", "p.plan").code == 2
    before = pending()
    apply = ["apply", "--plan", "p.plan", "--yes", "--journal", "j.db", *SLOWLY]
    done = interrupted(monkeypatch, reads_or_leaves("recheck"), *apply, times=times)
    assert (done.code, done.out) == (130, "")
    assert done.err.splitlines()[-1] == (
        "stopped: nothing was written: this came before the first write. " + BEGIN.format("apply")
    )
    assert pending() == before
    assert "nothing to resume" in batchgw("resume", "last", "--journal", "j.db").err
    again = batchgw(*apply[:-3], "-o", "json")
    assert (again.code, again.json["proves"], pending()) == (0, True, 0), again.err


@pytest.mark.usefixtures("world")
def test_with_the_last_answer_nothing_is_shown_or_asked_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is read, so that no call is turned away."""
    before = pending()
    done = interrupted(monkeypatch, last_read(), "apply", "policy.yaml", "--yes", *AT_ONCE)
    assert (done.code, done.out) == (130, "")
    assert "Plan: " not in done.err
    assert done.err.splitlines()[-1] == (
        "stopped: nothing was written: this came before the first write. " + BEGIN.format("apply")
    )
    assert pending() == before


@pytest.mark.usefixtures("world")
def test_once_it_writes_there_is_a_run_to_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    done = interrupted(monkeypatch, enters("apply"), "apply", "policy.yaml", "--yes", "--journal", "j.db")
    assert done.code == 130
    hint = done.err.splitlines()[-1]
    assert hint.startswith("To finish it: batchgw resume ")
    assert "To begin again" not in done.err
    resumed = batchgw(*hint.removeprefix("To finish it: batchgw ").split(), "--yes", "-o", "json")
    assert (resumed.code, resumed.json["proves"], pending()) == (0, True, 0)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("out", [[], ["--out", "p.plan"]])
def test_a_plan_that_is_made_but_not_shown(monkeypatch: pytest.MonkeyPatch, out: list[str]) -> None:
    monkeypatch.setattr(plan_report, "TimeSlices", partial(TimeSlices, seconds=0.0))  # heeded at every item
    done = interrupted(monkeypatch, last_read(), "plan", "policy.yaml", *out, *AT_ONCE)
    assert (done.code, done.out) == (130, "")
    *_, saved, command, last = done.err.splitlines()
    if out:
        assert saved == "Saved: p.plan. To do exactly this:"
        assert command == "  batchgw apply --plan p.plan"
        assert last == "stopped: the plan was not shown to its end."
        assert batchgw("apply", "--plan", "p.plan", "--yes").code == 0
    else:
        assert last == f"stopped: the plan was not shown to its end. {BEGIN.format('plan')}"


def last_write_and_end(writes: int) -> Callable[[Event], bool]:
    """The answer to the last write, and the end of the phase: the second Ctrl-C finds nothing in flight."""
    answers = count(1)

    def last(event: Event) -> bool:
        return isinstance(event, CallAnswered) and event.operation in WRITES and next(answers) == writes

    return lambda event: last(event) or (isinstance(event, PhaseEnded) and event.phase == "apply")


WRITES = ("PutGatewayResponse", "DeleteGatewayResponse")


@pytest.mark.usefixtures("world")
def test_a_second_one_after_the_last_write_leaves_nothing_to_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    at = last_write_and_end(pending())
    done = interrupted(
        monkeypatch, at, "apply", "policy.yaml", "--yes", "--journal", "j.db", *AT_ONCE, times=2
    )
    assert (done.code, done.out) == (130, "")
    assert "resume" not in done.err.replace("Nothing is left to resume", "")
    run = batchgw("runs", "list", "--journal", "j.db", "-o", "json").json[0]
    assert done.err.splitlines()[-1] == (
        "stopped: all its changes were decided by then. Nothing is left to resume. To see how it ended: "
        f"batchgw runs show {run['run']} --journal j.db"
    )
    assert (run["state"], run["undecided"], run["not_attempted"], pending()) == ("done", 0, 0, 0)
    assert batchgw("runs", "show", run["run"], "--journal", "j.db", "-o", "json").json["summary"]["proves"]
    again = batchgw("resume", "last", "--journal", "j.db").err
    assert f"The newest, {run['run']}, is finished" in again
