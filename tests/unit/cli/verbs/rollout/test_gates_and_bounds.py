"""Every kind of gate, every guard rail and every bound in time, without a terminal and at one.

Whatever stops a run says the same there, and asks nothing: no answer could lift it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from batchgw.execution.rollout import conduct
from tests.unit.cli.verbs.rollout.rolling import World, rolling
from tests.unit.cli_driver import batchgw
from tests.unit.cli_terminal import at_terminal

CALENDAR = "arn:aws:ssm:eu-west-1:111111111111:document/freeze"
COMMAND = 'command: [sh, -c, "exit {}"]'


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all: each rollout wants something new of it."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patched, rolling(patched, folder) as found:
        yield found


def state(alarm: str = "OK", calendar: str = "OPEN") -> dict[str, object]:
    return {
        "alarms": [{"name": "errors", "states": [{"state": alarm}]}],
        "calendars": [{"name": "freeze", "states": [{"state": calendar}]}],
    }


def test_gates_that_pass_ask_nobody(world: World) -> None:
    """One of each kind, and one that cannot tell where that is good enough."""
    world.tell("signals", state())
    gates = (
        COMMAND.format(0),
        COMMAND.format(75) + ", on_inconclusive: pass, name: weak",
        "alarm: errors",
        f"calendar: '{CALENDAR}'",
    )
    seen = world.watched("gates: [" + ", ".join(f"{{{gate}}}" for gate in gates) + "]")
    assert (seen.code, seen.asked) == (0, 0), seen.text
    for said in (
        "gate sh: pass. the command sh ended with exit code 0",
        "gate weak: inconclusive. the command sh ended with exit code 75",
        "gate errors: pass. alarm errors is OK",
        f"{CALENDAR} is open",
    ):
        assert seen.text.replace("\r\n", "").count(said) == 2, seen.text  # after each of two waves


@pytest.mark.parametrize(
    ("gate", "terminal", "said"),
    [
        (COMMAND.format(9), True, "gate sh failed after wave 1: the command sh ended with exit code 9"),
        ("command: [./none]", False, "the command ./none cannot be run: No such file or directory"),
        (COMMAND.format(75) + ", on_inconclusive: fail", False, "gate sh failed after wave 1"),
        ("alarm: errors", True, "wave 1 has not begun: gate errors is not good before it"),
        ("alarm: none", False, "there is no alarm none in 111111111111/eu-west-1"),
        (f"calendar: '{CALENDAR}'", True, f"gate freeze failed after wave 1: {CALENDAR} is closed"),
    ],
)
def test_a_gate_that_fails_stops_the_run_and_asks_nobody(
    world: World, gate: str, said: str, *, terminal: bool
) -> None:
    world.tell("signals", state("ALARM", "CLOSED"))
    ended = (world.watched if terminal else world.apply)(f"gates: [{{{gate}}}]")
    assert (ended.code, said in ended.out) == (3, True), ended
    assert "Enter a value" not in str(ended)


def test_guard_rails_are_refused_before_any_question_unless_they_are_allowed_by_name(world: World) -> None:
    """The policy resets a type of all four APIs, which was set before, and sets the status of another."""
    put = ("put", "--type", "QUOTA_EXCEEDED", "--status", "499", "--name", "*", "--region", "eu-west-1")
    assert batchgw(*put, "--yes").code == 0
    limits = "limits: {apis: 3, percent: 50, status_changes: 0, stages: 2, resets: 0}"
    policy = Path(world.policy(limits, deploys=True))
    policy.write_text(policy.read_text().replace("responses: {", "responses: {QUOTA_EXCEEDED: default, "))
    runs = len(batchgw("runs", "list", "-o", "json").json)
    refused, seen = batchgw("apply", policy, "--yes"), at_terminal("apply", policy)
    assert (refused.code, seen.code, seen.asked) == (3, 3, 0)
    for said in (
        "4 REST APIs that are changed or made live > apis: 3",
        "100 per cent of all REST APIs > percent: 50",
        "4 response types that are reset to the service's default > resets: 0",
        "response types whose status code changes > status_changes: 0",
        "3 stages that are moved > stages: 2",
        "allow it with `--allow apis,percent,resets,status_changes,stages`, or raise the limits",
    ):
        assert said in refused.err
        assert said in seen.text
    some = batchgw("apply", policy, "--yes", "--allow", "apis,percent,resets,status_changes")
    assert (some.code, "`--allow stages`" in some.err) == (3, True)
    allowed = at_terminal(
        "apply", policy, "--allow", "apis,percent,resets,status_changes,stages", answers=["no"]
    )
    assert (allowed.code, allowed.asked) == (3, 1), allowed.text
    assert "not confirmed, nothing was written" in allowed.text
    assert len(batchgw("runs", "list", "-o", "json").json) == runs


def another_day() -> str:
    """Name a day of the week that is neither today, nor yesterday, nor tomorrow."""
    return (datetime.now(UTC) + timedelta(days=3)).strftime("%a").lower()


def test_a_window_that_is_closed_stops_a_run_which_says_when_it_opens(world: World) -> None:
    window = f"window: {{days: [{another_day()}], from: '09:00', to: '16:00', zone: UTC}}"
    closed = world.apply(window)
    assert closed.code == 3
    assert "no calls are made outside of" in closed.out
    assert "which opens next at 20" in closed.out
    assert "--wait-for-window" in closed.out
    seen = world.watched(window)
    assert (seen.code, seen.asked, "no calls are made outside of" in seen.out) == (3, 0, True), seen.out


def test_a_window_that_is_closed_is_waited_for_where_a_flag_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the clock of this run it opens half a second after the first look."""
    opens = datetime(2026, 11, 30, 9, tzinfo=UTC).timestamp()
    looks: list[float] = []

    def clock() -> float:
        looks.append(time.monotonic())
        return opens - 0.5 + looks[-1] - looks[0]

    monkeypatch.setattr(conduct, "Conduct", partial(conduct.Conduct, clock=clock))
    window = "window: {days: [mon], from: '09:00', to: '16:00', zone: UTC}"
    done = world.apply(window, "--wait-for-window")
    assert done.code == 0, done
    assert looks[-1] - looks[0] >= 0.5


def test_a_wave_is_the_last_one_where_a_flag_says_so(world: World) -> None:
    seen = world.watched("", "--stop-after", "1")
    assert (seen.code, seen.asked) == (3, 0)
    assert "wave 1 has passed, after which the run was to stop" in seen.out
    assert "To finish it: batchgw resume" in seen.text


def test_a_deadline_that_is_over_stops_a_run(world: World) -> None:
    late = world.watched("bake: 1s", "--deadline", "1")
    assert (late.code, late.asked) == (3, 0)
    assert "the run was given 1 s (--deadline), and these are over. Resume it when there is time" in late.out


def test_a_budget_that_is_exceeded_stops_a_run_with_its_arithmetic(world: World) -> None:
    world.tell("faults", [{"match": {"operation": "PutGatewayResponse"}, "fault": "bad_request"}])
    try:
        stopped = world.apply("max_failures: {run: 0}")
        seen = world.watched("max_failures: {per_wave: 10%}")
    finally:
        world.tell("faults", [])
    assert (stopped.code, "1 failure in the run > 0" in stopped.out) == (3, True), stopped.out
    assert (seen.code, seen.asked, "1 failure in wave 1 > 10 % of 1 = 0" in seen.out) == (3, 0, True)
