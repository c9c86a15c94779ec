"""The wave that a run is in, as its events tell it, and what is said of it in a line. Has no clock."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.events import Event, GateAnswered, GateAsked, PhaseStarted, WaveEntered, WavesEnded
from batchgw.report.views.text import Line, line
from batchgw.times import duration

WRITING, BAKING, ASKING, HELD = "writing", "baking", "asking", "held"
"""States of a wave that is not over, as `events.WaveEntered` names them."""

LONGEST = 200
"""Characters of what a gate says that are shown. All of it is in the journal, and in the log."""


@dataclass(slots=True, kw_only=True)
class WaveSeen:
    """A wave under way, since when it is in its state, and the gate that is asked."""

    entered: WaveEntered
    since: float
    gate: str = ""

    def left(self, now: float) -> float | None:
        """Seconds until its state ends by itself; None where it does not."""
        lasts = self.entered.lasts
        return None if lasts is None else max(0.0, self.since + lasts - now)

    def says(self, now: float) -> str:
        """Say which wave it is, and how it is: `Wave 2 of 4 (5%): baking, 8 min left`."""
        state, left = self.entered.state, self.left(now)
        if state == ASKING and self.gate:
            state = f"asking gate {self.gate}"
        time = "" if left is None else f", {duration(left)} left"
        return f"{name(self.entered)}: {state}{time}"


class WavesSeen:
    """Knows the wave that a run is in."""

    def __init__(self) -> None:
        self.now: WaveSeen | None = None
        """The wave that is under way, if any."""

    @property
    def waits(self) -> bool:
        """Whether nothing is written, and something is waited for: a bake, a gate or a person."""
        return self.now is not None and self.now.entered.state in (BAKING, ASKING, HELD)

    def notify(self, event: Event, now: float) -> None:
        """Take note of an event that happened at `now`, in seconds on any monotonic scale."""
        match event:
            case WaveEntered() if event.state in (WRITING, BAKING, ASKING, HELD):
                self.now = WaveSeen(entered=event, since=now)
            case GateAsked() if self.now is not None:
                self.now.gate = event.gate
            case WaveEntered() | WavesEnded():
                self.now = None
            case PhaseStarted() if self.waits:  # what is left of a run that has stopped
                self.now = None
            case _:
                pass


def name(event: WaveEntered | GateAsked | GateAnswered) -> str:
    """Name a wave: `Wave 2 of 4 (5%)`."""
    unit = f" ({event.unit})" if isinstance(event, WaveEntered) and event.unit else ""
    return f"Wave {event.number} of {event.of}{unit}"


def told(event: Event) -> Line | None:
    """Give what people are told as soon as it happens: a state of a wave, a gate, an answer."""
    match event:
        case WaveEntered():
            said = _entered(event)
            return line(f"{name(event)} {said}.") if said else None
        case GateAsked():
            return line(f"{name(event)}: gate {event.gate} is asked.")
        case GateAnswered():
            return line(f"{name(event)}: gate {event.gate}: {event.result}. {_short(event.said)}")
        case _:
            return None


def _entered(event: WaveEntered) -> str:
    lasts = "" if event.lasts is None else f" for {duration(event.lasts)}"
    match event.state:
        case "writing":
            return "begins"
        case "baking":
            return f"bakes{lasts}"
        case "held":
            how = (
                f"`batchgw promote {event.run}` lets the run go on, `batchgw abort {event.run}` ends it: "
                "from any process that shares its journal"
            )
            return f"is held{lasts and lasts + ' at most'}. {how}" if event.run else f"is held{lasts}"
        case "passed":
            return "has passed"
        case "failed":
            return f"has failed: {_short(event.said)}".rstrip(".")
        case _:  # its gates are told one by one
            return ""


def _short(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= LONGEST else one[: LONGEST - 1] + "…"
