"""Counts calls of deployed APIs, apart from those of the control plane: they cost no quota."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class InvocationTally:
    """Calls of deployed APIs.

    `forbidden` got a plain 403: no such API or stage, or one that is closed. `canary` were answered by a
    stage's canary. `statuses` are those of the other answers, `stages` their number by API/stage.
    """

    invocations: int = 0
    forbidden: int = 0
    canary: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)

    def answered(self, status: int, stage: str, *, canary: bool) -> None:
        """Count a call that a stage answered."""
        self.invocations += 1
        self.canary += canary
        self.statuses[status] += 1
        self.stages[stage] += 1

    def refused(self) -> None:
        """Count a call that got a plain 403."""
        self.invocations += 1
        self.forbidden += 1

    def reset(self) -> None:
        """Count from zero."""
        self.invocations = self.forbidden = self.canary = 0
        self.statuses.clear()
        self.stages.clear()

    def to_json(self) -> dict[str, object]:
        """Render for GET /_batchgw/stats."""
        return {
            "invocations": self.invocations,
            "forbidden": self.forbidden,
            "canary": self.canary,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "stages": dict(self.stages),
        }
