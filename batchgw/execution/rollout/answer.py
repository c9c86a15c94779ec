"""What a gate says."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.journal.rollout_records import GateResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a gate says, and on what data."""

    result: GateResult
    said: str


def inconclusive(said: str) -> Answer:
    """Make the answer of a gate that cannot tell, and say why."""
    return Answer(result=GateResult.INCONCLUSIVE, said=said)
