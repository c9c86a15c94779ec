"""How the rollout of a run went: its waves, what its gates said, and what people decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from batchgw.journal import JournalRun
from batchgw.journal.rollout_records import GateCheck, WaveDecision, WaveRecord
from batchgw.model.shape import JSON
from batchgw.times import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutReport:
    """All that the journal has of it, each in its order."""

    waves: Sequence[WaveRecord]
    checks: Sequence[GateCheck]
    decisions: Sequence[WaveDecision]

    @classmethod
    async def of_run(cls, run: JournalRun) -> Self | None:
        """Read it; None where no wave has begun."""
        waves = await run.waves()
        if not waves:
            return None
        return cls(waves=waves, checks=await run.checks(), decisions=await run.decisions())

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "waves": [
                {
                    "wave": each.number,
                    "state": each.state.value,
                    "began": timestamp(each.began),
                    "since": timestamp(each.since),
                    "said": each.said,
                }
                for each in self.waves
            ],
            "gates": [
                {
                    "wave": each.wave,
                    "gate": each.gate,
                    "result": each.result.value,
                    "at": timestamp(each.at),
                    "said": each.said,
                }
                for each in self.checks
            ],
            "decisions": [
                {
                    "wave": each.wave,
                    "verdict": each.verdict.value,
                    "at": timestamp(each.at),
                    "who": each.who,
                    "reason": each.reason,
                }
                for each in self.decisions
            ],
        }
