"""One run printed second by second: what the client believed, what was true, and what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import anyio

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.events import Observer
from batchgw.model import AccountId, Region, Scope
from benchmarks.virtual.client import MakeClient, client_of, remembered
from benchmarks.virtual.run import Measured, measure
from benchmarks.virtual.stage import ACCOUNT, Stage
from benchmarks.virtual.worlds.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the client believed of the first region's bucket, and the truth, when a call came back.

    `at` is seconds since the first call, `sent_at` when this call was sent. `rate` and `level` are what the
    client believed; `true_level` is the bucket's own level at the last arrival. The rest are counts so far.
    """

    at: float
    sent_at: float
    rate: float
    level: float
    true_level: float
    sent: int
    refused: int
    theirs: int
    their_refused: int


class Samples:
    """Takes a sample of client and server as each call comes back."""

    def __init__(self, scenario: Scenario, calls: int, seed: int) -> None:
        self.samples: list[Sample] = []
        self.stage = Stage(scenario, calls, seed, on_answer=self._sample)
        self._scope = Scope(account=AccountId(ACCOUNT), region=Region(self.stage.world.regions[0]))
        self._paced: PacedControlPlane | None = None

    def run(self) -> Measured:
        """Make the run."""
        return measure(self.stage, self._keeping(client_of(self.stage.scenario, remembered(self.stage))))

    def _keeping(self, make: MakeClient) -> MakeClient:
        """Keep the client that is made, so that it can be sampled."""

        def kept(plane: ControlPlane, observer: Observer, seed: int) -> PacedControlPlane:
            self._paced = make(plane, observer, seed)
            return self._paced

        return kept

    def _sample(self, sent_at: float) -> None:
        if self._paced is None:
            return
        log, quotas = self.stage.log, self.stage.plane.engine.quotas
        believed = self._paced.state.limiters.of(self._scope).statistics()
        others = quotas.neighbours().values()
        self.samples.append(
            Sample(
                at=anyio.current_time() - log.began,
                sent_at=sent_at - log.began,
                rate=believed.rate,
                level=believed.level,
                true_level=quotas.level(self._scope.account, self._scope.region) or 0.0,
                sent=len(log.sent),
                refused=len(log.refused),
                theirs=sum(other["accepted"] + other["refused"] for other in others),
                their_refused=sum(other["refused"] for other in others),
            )
        )


HEADER = (
    f"{'t':>8}{'believed/s':>12}{'level':>8}{'true':>8}{'sent':>8}{'refused':>8}{'theirs':>8}{'refused':>11}"
)


def lines(samples: list[Sample], *, every: float = 1.0) -> Iterator[str]:
    """A line for each interval of `every` seconds in which calls came back; refused calls with their time."""
    yield HEADER
    last = Sample(
        at=0.0, sent_at=0.0, rate=0.0, level=0.0, true_level=0.0, sent=0, refused=0, theirs=0, their_refused=0
    )
    for interval in _intervals(samples, every):
        now = interval[-1]
        refused = _refused(last, interval)
        yield (
            f"{now.at:>8.2f}{now.rate:>12.3f}{now.level:>8.2f}{now.true_level:>8.2f}"
            f"{now.sent - last.sent:>8}{now.refused - last.refused:>8}"
            f"{now.theirs - last.theirs:>8}{now.their_refused - last.their_refused:>11}"
            + ("  refused, sent at " + ", ".join(f"{at:.3f}" for at in refused) if refused else "")
        )
        last = now


def _intervals(samples: list[Sample], every: float) -> Iterator[list[Sample]]:
    interval: list[Sample] = []
    for sample in samples:
        if interval and int(sample.at / every) != int(interval[0].at / every):
            yield interval
            interval = []
        interval.append(sample)
    if interval:
        yield interval


def _refused(before: Sample, interval: list[Sample]) -> list[float]:
    """When the calls were sent whose refusals came back in an interval."""
    pairs = zip([before, *interval], interval, strict=False)
    return [later.sent_at for earlier, later in pairs if later.refused > earlier.refused]
