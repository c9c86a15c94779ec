"""How stages were seen to be live in this process, and how long after they were moved."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from batchgw.model.deploy import Verify
from batchgw.model.shape import JSON
from batchgw.wording import amount


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLive:
    """How many stages were seen to be live, by what, and after what time.

    Attributes:
        by_probe: stages that answered a request as planned.
        by_export: stages of which only the export was looked at.
        times: seconds from the answer to UpdateStage to the first answer as planned: the shortest, the one in
            the middle, and the longest; None where none was measured. That of a canary is not: it answered
            so before all requests came to it.
        not_probeable: why stages were not probed though the policy says so, with their numbers.
    """

    by_probe: int = 0
    by_export: int = 0
    times: tuple[float, float, float] | None = None
    not_probeable: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether any stage was seen to be live."""
        return bool(self.by_probe or self.by_export)

    def __str__(self) -> str:
        """Say it in one sentence."""
        said = []
        if self.by_probe:
            said.append(f"{amount(self.by_probe, 'stage')} by probe{_after(self.times)}")
        if self.by_export:
            noun = f"{self.by_export:,}" if said else amount(self.by_export, "stage")
            why = "; ".join(f"{number:,}: {why}" for why, number in self.not_probeable.items())
            said.append(f"{noun} by export" + (f" (not probeable: {why})" if why else ""))
        return f"Seen live: {', and '.join(said)}"

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        shortest, middle, longest = self.times or (None, None, None)
        return {
            "by_probe": self.by_probe,
            "by_export": self.by_export,
            "seconds": None if self.times is None else {"min": shortest, "median": middle, "max": longest},
            "not_probeable": dict(self.not_probeable),
        }


class LiveTimes:
    """Takes each stage as it is seen to be live."""

    def __init__(self) -> None:
        self._times = array("d")
        self._by: Counter[Verify] = Counter()
        self._why: Counter[str] = Counter()

    def add(self, by: Verify, seconds: float | None, not_probeable: str) -> None:
        """Add a stage; see `events.StageLive`."""
        self._by[by] += 1
        if not_probeable:
            self._why[not_probeable] += 1
        if seconds is not None and by is not Verify.EXPORT:
            self._times.append(seconds)

    def total(self) -> SeenLive:
        """Give what was seen up to now."""
        times = self._times
        return SeenLive(
            by_probe=self._by[Verify.PROBE] + self._by[Verify.BOTH],
            by_export=self._by[Verify.EXPORT],
            times=(min(times), median(times), max(times)) if times else None,
            not_probeable=dict(self._why.most_common()),
        )


def _after(times: tuple[float, float, float] | None) -> str:
    if times is None:
        return ""
    shortest, middle, longest = (f"{each:.1f} s" for each in times)
    if shortest == longest:
        return f", after {shortest}"
    return f", after {shortest} to {longest}, {middle} in the middle"
