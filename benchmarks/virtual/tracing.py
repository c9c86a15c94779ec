"""One run told second by second: what the client believed, what was true, and what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import anyio

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.events import Observer
from batchgw.model import AccountId, Region, Scope
from benchmarks.virtual.client import Pacing, pacing, remembered
from benchmarks.virtual.run import Measured, measure
from benchmarks.virtual.scenarios import Scenario
from benchmarks.virtual.stage import ACCOUNT, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The moment a call came back: what the client then believes of the first region's bucket, and the truth.

    `at` is seconds since the first departure, `left` when the call left; `rate` and `level` are believed,
    `true_level` is the bucket's own at the last arrival. The rest are counts so far.
    """

    at: float
    left: float
    rate: float
    level: float
    true_level: float
    sent: int
    refused: int
    theirs: int
    their_refused: int


class Samples:
    """Looks at client and server as each call comes back."""

    def __init__(self, scenario: Scenario, calls: int, seed: int) -> None:
        self.samples: list[Sample] = []
        self.stage = Stage(scenario, calls, seed, looking=self._look)
        self._scope = Scope(account=AccountId(ACCOUNT), region=Region(self.stage.world.regions[0]))
        self._paced: PacedControlPlane | None = None

    def run(self) -> Measured:
        """Make the run."""
        return measure(self.stage, self._noting(pacing(self.stage.scenario, remembered(self.stage))))

    def _noting(self, make: Pacing) -> Pacing:
        def noted(plane: ControlPlane, observer: Observer, seed: int) -> PacedControlPlane:
            self._paced = make(plane, observer, seed)
            return self._paced

        return noted

    def _look(self, left: float) -> None:
        if self._paced is None:
            return
        watched, quotas = self.stage.watched, self.stage.plane.engine.quotas
        believed = self._paced.limited.limiter(self._scope).statistics()
        others = quotas.neighbours().values()
        self.samples.append(
            Sample(
                at=anyio.current_time() - watched.began,
                left=left - watched.began,
                rate=believed.rate,
                level=believed.level,
                true_level=quotas.level(self._scope.account, self._scope.region) or 0.0,
                sent=len(watched.left),
                refused=len(watched.refused),
                theirs=sum(other["accepted"] + other["refused"] for other in others),
                their_refused=sum(other["refused"] for other in others),
            )
        )


HEADER = (
    f"{'t':>8}{'believed/s':>12}{'level':>8}{'true':>8}{'sent':>8}{'refused':>8}{'theirs':>8}{'refused':>11}"
)


def lines(samples: list[Sample], *, every: float = 1.0) -> Iterator[str]:
    """A line for each stretch of `every` seconds in which calls came back, and refusals' send times."""
    yield HEADER
    last = Sample(
        at=0.0, left=0.0, rate=0.0, level=0.0, true_level=0.0, sent=0, refused=0, theirs=0, their_refused=0
    )
    for stretch in _stretches(samples, every):
        now = stretch[-1]
        marks = _refused(last, stretch)
        yield (
            f"{now.at:>8.2f}{now.rate:>12.3f}{now.level:>8.2f}{now.true_level:>8.2f}"
            f"{now.sent - last.sent:>8}{now.refused - last.refused:>8}"
            f"{now.theirs - last.theirs:>8}{now.their_refused - last.their_refused:>11}"
            + ("  refused, sent at " + ", ".join(f"{at:.3f}" for at in marks) if marks else "")
        )
        last = now


def _stretches(samples: list[Sample], every: float) -> Iterator[list[Sample]]:
    stretch: list[Sample] = []
    for sample in samples:
        if stretch and int(sample.at / every) != int(stretch[0].at / every):
            yield stretch
            stretch = []
        stretch.append(sample)
    if stretch:
        yield stretch


def _refused(before: Sample, stretch: list[Sample]) -> list[float]:
    """When the calls left whose refusals came back in a stretch."""
    found: list[float] = []
    refused: Callable[[Sample, Sample], bool] = lambda earlier, later: later.refused > earlier.refused  # noqa: E731
    for earlier, later in zip([before, *stretch], stretch, strict=False):
        if refused(earlier, later):
            found.append(later.left)
    return found
