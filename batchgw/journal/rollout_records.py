"""What the journal keeps of a rollout: how far each wave is, what its gates said, what people decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class WaveState(StrEnum):
    """How far a wave is. One that has not begun has no record."""

    WRITING = "writing"  # its APIs are brought to plan and made live
    BAKING = "baking"  # it is watched
    ASKING = "asking"  # its gates are asked
    HELD = "held"  # it waits for a person
    PASSED = "passed"  # the next one may begin
    FAILED = "failed"  # a gate or a budget ended it


class GateResult(StrEnum):
    """What a gate says of a wave."""

    PASS = "pass"  # asked, and good  # noqa: S105 - no password
    FAIL = "fail"  # asked, and bad
    INCONCLUSIVE = "inconclusive"  # it cannot tell
    SKIPPED = "skipped"  # somebody broke the glass


class Verdict(StrEnum):
    """What a person decides about a wave."""

    PROMOTE = "promote"  # go on
    ABORT = "abort"  # end the run
    ROLLBACK = "rollback"  # end the run, and take it back


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveRecord:
    """A wave that has begun. Times are seconds since the epoch: of its beginning, and of this state."""

    number: int
    state: WaveState
    began: float
    since: float
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCheck:
    """A gate was asked at a time, and said this, on these data."""

    wave: int
    gate: str
    result: GateResult
    at: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveDecision:
    """A person has decided about a wave at a time."""

    wave: int
    verdict: Verdict
    at: float
    who: str
    reason: str
