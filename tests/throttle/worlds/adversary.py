"""Arbitrary courses of events for a model. Hypothesis draws them, and a `Rig` lets them happen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from hypothesis import strategies as st

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.pacer import PacerStatistics
from batchgw.throttle.quota import Quota, Trust

Kind = Literal["wait", "send", "push", "accepted", "refused", "refund", "unanswered", "ask"]


@dataclass(frozen=True, slots=True)
class Step:
    """One event.

    - wait: `amount` seconds go by.
    - send: the pacer's delay goes by, then a call leaves.
    - push: a call leaves at once, whatever the pacer says.
    - ask: the pacer's delay is asked for, and ignored.
    - accepted, refused, refund, unanswered: the answer to one of the calls in flight. `which` is its index in
      them, modulo their number. `amount` is a refusal's Retry-After in seconds; if negative, it has none.
    """

    kind: Kind
    amount: float = 0.0
    which: int = 0


ANSWERS: tuple[Kind, ...] = ("accepted", "refused", "refund", "unanswered")
LIVELY = st.one_of(st.just(0.0), st.floats(0, 0.3), st.floats(0, 10), st.floats(0, 400))
EXTREME = st.one_of(LIVELY, st.floats(0, 1e-9), st.floats(1e4, 1e9))


def steps(
    *kinds: Kind, waits: st.SearchStrategy[float] = LIVELY, most: int = 150
) -> st.SearchStrategy[list[Step]]:
    """Courses of events of those kinds."""
    asked = st.one_of(st.just(-1.0), st.floats(0, 100))
    one = {
        "wait": st.builds(Step, st.just("wait"), waits),
        "refused": st.builds(Step, st.just("refused"), asked, st.integers(0, 50)),
    }
    simple = [k for k in kinds if k not in one]
    others = st.builds(Step, st.sampled_from(simple), st.just(0.0), st.integers(0, 50))
    special = [one[k] for k in kinds if k in one]
    event = st.one_of(others, *special)
    lengths = st.integers(0, most)  # without this, hypothesis prefers lists of about five elements
    return lengths.flatmap(lambda length: st.lists(event, min_size=length, max_size=length))


def quotas(*, least: float = 0.02, most: float = 5000.0) -> st.SearchStrategy[Quota]:
    """Quotas between `least` and `most` calls/second, with bursts of 1 and more."""
    rates = st.one_of(st.sampled_from([0.2, 1 / 30, 10.0, most]), st.floats(least, most))
    bursts = st.one_of(st.sampled_from([1.0, 5.0, 40.0]), st.floats(1, 5000))
    return st.builds(Quota, rates, bursts)


@st.composite
def models(draw: st.DrawFn) -> BucketModel:
    """Models of a known, a guessed or an unknown quota, with all of the rate or a share of it."""
    quota = draw(st.one_of(st.none(), quotas()))
    if quota is None:
        return BucketModel(None)
    share = draw(st.one_of(st.just(1.0), st.floats(0.01, 1)))
    return BucketModel(quota, share=share, trust=draw(st.sampled_from(Trust)))


@dataclass(slots=True)
class Rig:
    """Lets events happen to a pacer.

    Attributes:
        now: seconds.
        departures: when each call left that waited for the pacer, in seconds.
        in_flight: when each call left that is not answered yet, in seconds.
    """

    pacer: BucketModel
    now: float = 0.0
    departures: list[float] = field(default_factory=list)
    in_flight: list[float] = field(default_factory=list)

    def run(self, course: Iterable[Step], look: Callable[[Step], None] = lambda _: None) -> None:
        """Let all steps happen. After each, call `look` with it."""
        for step in course:
            self.happen(step)
            look(step)

    def happen(self, step: Step) -> None:
        """Let one event happen. An answer is ignored if no call is in flight."""
        pacer = self.pacer
        match step.kind:
            case "wait":
                self.now += step.amount
            case "ask":
                self.delay()
            case "send":
                self.send()
            case "push":
                self._leave()
            case _ if self.in_flight:
                sent_at = self.in_flight.pop(step.which % len(self.in_flight))
                if step.kind == "refused":
                    pacer.refused(sent_at, self.now, step.amount if step.amount >= 0 else None)
                else:
                    getattr(pacer, step.kind)(sent_at, self.now)
            case _:
                pass

    def send(self) -> None:
        """Wait as long as the pacer says, and send."""
        for _ in range(100):
            delay = self.delay()
            if delay <= 0:
                break
            later = self.now + delay
            self.now = later if later > self.now else self.now * (1 + 1e-15)
        else:
            raise AssertionError(f"after 100 delays in a row the pacer still asks for {delay} s")
        self.departures.append(self.now)
        self._leave()

    def delay(self) -> float:
        """The pacer's delay, which is always finite and never negative."""
        delay = self.pacer.delay(self.now)
        assert isfinite(delay)
        assert delay >= 0
        return delay

    def statistics(self) -> PacerStatistics:
        """What the pacer believes now."""
        return self.pacer.statistics(self.now)

    def _leave(self) -> None:
        self.pacer.sent(self.now)
        self.in_flight.append(self.now)
