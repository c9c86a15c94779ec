"""Progress of a rollout: its waves, bakes, gates and both lanes; on terminals, and on none."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from rich.console import Console as RichConsole

from batchgw.cli.observers.live import LiveView, drawn
from batchgw.cli.observers.progress import PlainView, ProgressObserver
from batchgw.cli.observers.progress_lines import progress_line
from batchgw.cli.observers.tracker import Tracker
from batchgw.cli.output.console import Console
from batchgw.events import (
    CallAnswered,
    Decided,
    Event,
    GateAnswered,
    GateAsked,
    PhaseEnded,
    PhaseStarted,
    WaveEntered,
    WavesEnded,
)
from batchgw.model import AccountId, Action, Applied, Effort, Region, ResponseType, RestApi, RestApiId, Scope
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.kinds import target_of
from batchgw.model.response_change import TARGETS
from batchgw.report.views.text import plain

EU = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
ASKED = GateAsked(number=2, of=4, gate="smoke.sh")
ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def entered(state: str, *, lasts: float | None = None, said: str = "") -> WaveEntered:
    return WaveEntered(number=2, of=4, state=state, run="r1", unit="5%", lasts=lasts, said=said)


def writing(*scopes: Scope, responses: int = 100, stages: int = 20) -> PhaseStarted:
    """A wave's phase with so many of each kind in each scope."""
    return PhaseStarted(
        run="r1",
        phase="apply",
        scopes=scopes,
        expected=dict.fromkeys(scopes, responses + stages),
        kinds=frozenset({"response", STAGE}),
        by_kind={"response": dict.fromkeys(scopes, responses), STAGE: dict.fromkeys(scopes, stages)},
    )


def decided(kind: str, scope: Scope = EU) -> Decided:
    target = TARGETS[ResponseType.THROTTLED] if kind == "response" else target_of(STAGE, "prod")
    api = RestApi(scope=scope, id=RestApiId("a"))
    return Decided(outcome=Applied(api=api, target=target, action=Action.UPDATE, effort=Effort()))


def snapshot(scope: Scope = EU) -> CallAnswered:
    return CallAnswered(
        scope=scope,
        operation="CreateDeployment",
        api=RestApiId("a"),
        target=None,
        attempt=1,
        latency=0.1,
        request_id=None,
    )


def tracked(*events: Event, at: float = 0.0) -> Tracker:
    tracker = Tracker(quota=10, snapshots=0.2)
    for event in events:
        tracker.notify(event, at)
    return tracker


def screen(tracker: Tracker, now: float, *, width: int = 120) -> list[str]:
    file = io.StringIO()
    RichConsole(width=width, file=file, force_terminal=True, color_system="standard").print(
        drawn(tracker, now)
    )
    return ANSI.sub("", file.getvalue()).splitlines()


@pytest.mark.parametrize(
    ("events", "now", "said"),
    [
        ([entered("writing")], 1.0, "Wave 2 of 4 (5%): writing"),
        ([entered("baking", lasts=600.0)], 120.0, "Wave 2 of 4 (5%): baking, 8 min left"),
        ([entered("baking", lasts=600.0)], 601.0, "Wave 2 of 4 (5%): baking, 0.0 s left"),
        ([entered("asking"), ASKED], 1.0, "Wave 2 of 4 (5%): asking gate smoke.sh"),
        ([entered("held", lasts=3600.0)], 600.0, "Wave 2 of 4 (5%): held, 50 min left"),
        ([entered("held")], 600.0, "Wave 2 of 4 (5%): held"),
    ],
)
def test_between_its_calls_a_frame_is_the_wave_and_what_it_waits_for(
    events: list[Event], now: float, said: str
) -> None:
    assert screen(tracked(*events), now) == [said]


@pytest.mark.parametrize("over", [entered("passed"), entered("failed"), WavesEnded(run="r1", why="stopped")])
def test_a_wave_that_is_over_is_waited_for_no_more(over: Event) -> None:
    tracker = tracked(entered("baking", lasts=600.0), over)
    assert (tracker.waves.now, tracker.waves.waits) == (None, False)


def test_what_is_left_of_a_held_run_is_turned_away_without_its_wave() -> None:
    assert tracked(entered("held"), writing(EU)).waves.now is None


def test_a_frame_shows_the_wave_and_both_lanes() -> None:
    """60 of 100 responses and 4 of 20 stages; two snapshots in two and a half seconds are 0.8/s.

    40 responses take 4 s at the quota. 16 stages are for 8 snapshots, as 4 were for 2: these take 40 s.
    """
    tracker = tracked(entered("writing"), writing(EU))
    calls: list[Event] = [*[decided("response")] * 60, *[snapshot()] * 2, *[decided(STAGE)] * 4]
    for event in calls:
        tracker.notify(event, 2.0)
    wave, whole, changes, deployments = screen(tracker, 2.5)
    assert wave == "Wave 2 of 4 (5%): writing"
    assert re.match(r"Applying .* 64 of 120 targets .* 40 s left", whole)
    assert re.match(r"  changes .* 60 of 100 responses", changes)
    assert re.match(r"  deployments .* 4 of 20 stages  0\.8/s of 0\.2  2 snapshots .* 40 s left", deployments)
    assert plain(progress_line(tracker, 2.5)).startswith(
        "Applying: 64 of 120 targets (60 responses, 4 stages, 2 snapshots), "
    )


def test_before_the_first_snapshot_each_stage_counts_as_one() -> None:
    """20 stages at a snapshot in five seconds are 100 s: longer than 100 responses, at ten a second."""
    lanes = tracked(writing(EU)).lanes(0.0)
    assert lanes is not None
    assert (lanes.stages, lanes.all_stages, lanes.left) == (0, 20, 100.0)


def test_when_the_deployments_are_done_the_changes_tell_how_long_it_takes() -> None:
    tracker = tracked(writing(EU, stages=2), snapshot(), decided(STAGE), decided(STAGE))
    assert (tracker.all(1.0).left, tracker.lanes(1.0) is None) == (10.0, False)


def test_a_run_without_stages_has_one_lane() -> None:
    tracker = tracked(writing(EU, stages=0))
    assert tracker.lanes(1.0) is None
    assert not [text for text in screen(tracker, 1.0) if "deployments" in text]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_of_four_hundred_scopes_every_line_fits(width: int) -> None:
    scopes = [Scope(account=AccountId(f"{n:012}"), region=Region("eu-west-1")) for n in range(400)]
    tracker = tracked(entered("writing"), writing(*scopes))
    tracker.notify(decided("response", scopes[0]), 1.0)
    lines = screen(tracker, 1.0, width=width)
    assert max(map(len, lines)) <= width
    assert len(lines) == 15  # the wave, the whole, two lanes, ten scopes, and how many there are besides
    assert lines[0] == "Wave 2 of 4 (5%): writing"
    assert "1 of 48,000 targets" in lines[1]
    assert "390 more scopes" in lines[-1]


def plainly(events: list[Event], *, live: bool = False) -> Iterator[str]:
    """Give what each event makes appear where nobody looks at a terminal."""
    err = io.StringIO()
    console = Console(out=io.StringIO(), err=err)
    view = LiveView(console) if live else PlainView(console)
    observer = ProgressObserver(Tracker(quota=10), view, clock=lambda: 0.0)
    for event in events:
        observer.notify(event)
        yield err.getvalue()
        err.seek(0)
        err.truncate()


def test_without_a_terminal_lines_tell_the_same_at_once() -> None:
    events: list[Event] = [
        entered("writing"),
        entered("baking", lasts=600.0),
        entered("asking"),
        ASKED,
        GateAnswered(number=2, of=4, gate="smoke.sh", result="pass", said="exit code 0:\n\x1b[31mred"),
        entered("held", lasts=3600.0, said="prompt: a person decides"),
        entered("held"),
        entered("passed"),
        entered("failed", said="smoke.sh: exit code 1"),
        WavesEnded(run="r1"),
    ]
    how = "`batchgw promote r1` lets the run go on, `batchgw abort r1` ends it: from any process"
    told = list(plainly(events))
    assert "\x1b" not in "".join(told)
    starts = [
        "Wave 2 of 4 (5%) begins.",
        "Wave 2 of 4 (5%) bakes for 10 min.",
        "",
        "Wave 2 of 4: gate smoke.sh is asked.",
        "Wave 2 of 4: gate smoke.sh: pass. exit code 0:",
        f"Wave 2 of 4 (5%) is held for 1 h 00 min at most. {how}",
        f"Wave 2 of 4 (5%) is held. {how}",
        "Wave 2 of 4 (5%) has passed.",
        "Wave 2 of 4 (5%) has failed: smoke.sh: exit code 1.",
        "",
    ]
    assert [said.startswith(start) for said, start in zip(told, starts, strict=True)] == [True] * 10, told
    assert [said.count("\n") for said in told] == [bool(start) for start in starts]


def test_what_a_gate_says_is_cut_to_a_line() -> None:
    (told,) = plainly([GateAnswered(number=1, of=1, gate="g", result="fail", said="word " * 1000)])
    assert told.endswith("…\n")
    assert len(told) < 300


def test_a_bake_without_a_terminal_is_a_line_a_minute() -> None:
    err = io.StringIO()
    view, tracker = PlainView(Console(out=io.StringIO(), err=err)), tracked(entered("baking", lasts=600.0))
    for now in range(0, 300, 10):
        view.show(tracker, float(now))
    left = re.findall(r"Wave 2 of 4 \(5%\): baking, (\d+) min left", err.getvalue())
    assert left == ["9", "8", "7", "6"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_while_a_question_is_open_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the view would be drawn over the question, and over what is typed."""
    monkeypatch.setenv("TERM", "xterm")
    err = Terminal()
    console = Console(out=io.StringIO(), err=err)
    view, tracker = LiveView(console), tracked(entered("held", lasts=3600.0))
    view.show(tracker, 0.0)
    assert "held, 1 h 00 min left" in err.getvalue()
    with console.question():
        before = err.tell()
        view.show(tracker, 1.0)
        console.tell()
        assert err.tell() == before
    view.show(tracker, 2.0)
    assert err.tell() > before
    view.close()
    assert (console.above, console.hide) == (None, None)
    assert err.getvalue().count("\x1b[?25l") == err.getvalue().count("\x1b[?25h")  # the cursor is given back


def test_the_live_view_says_no_color_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    err = Terminal()
    view = LiveView(Console(out=io.StringIO(), err=err))
    view.show(tracked(entered("writing"), writing(EU)), 1.0)
    view.end(tracked(writing(EU)), 1.0, 1.0)
    styles = re.findall(r"\x1b\[([0-9;]+)m", err.getvalue())
    assert {code for style in styles for code in style.split(";")} <= {"0", "1", "2"}  # bold and dim alone


def test_the_view_is_gone_when_the_waves_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    err = Terminal()
    console = Console(out=io.StringIO(), err=err)
    view, tracker = LiveView(console), Tracker(quota=10)
    observer = ProgressObserver(tracker, view, clock=lambda: 0.0)
    events: list[Event] = [
        entered("writing"),
        writing(EU),
        PhaseEnded(run="r1", phase="apply", elapsed=1.0),
        entered("baking", lasts=9.0),
    ]
    for event in events:
        observer.notify(event)
    view.show(tracker, 1.0)
    drawn_before = console.hide is not None
    observer.notify(WavesEnded(run="r1"))
    assert (drawn_before, console.hide, console.above) == (True, None, None)
