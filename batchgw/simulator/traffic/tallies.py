"""What is counted of one kind: calls of the control plane, calls of deployed APIs, other people's edits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Calls of one kind. `refused` by quota; `errors` by code, refusals not among them."""

    calls: int = 0
    succeeded: int = 0
    refused: int = 0
    cut: int = 0
    current: int = 0
    max_concurrent: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    first: float | None = None
    last: float = 0.0

    def enter(self, now: float) -> None:
        """A call arrived."""
        self.calls += 1
        self.current = current = self.current + 1
        if current > self.max_concurrent:  # noqa: PLR1730 - three times a call: max() takes twice as long
            self.max_concurrent = current
        if self.first is None:
            self.first = now

    def leave(self, now: float) -> None:
        """The call was answered, cut or given up."""
        self.current -= 1
        self.last = now

    def reset(self) -> None:
        """Count from zero; calls still in flight stay in flight."""
        self.calls = self.succeeded = self.refused = self.cut = 0
        self.max_concurrent = self.current
        self.errors.clear()
        self.first, self.last = None, 0.0

    def to_json(self) -> dict[str, object]:
        """Render for GET /_batchgw/stats."""
        return {
            "calls": self.calls,
            "succeeded": self.succeeded,
            "refused": self.refused,
            "cut": self.cut,
            "errors": dict(self.errors),
            "concurrent": self.current,
            "max_concurrent": self.max_concurrent,
            "first": self.first,
            "last": self.last,
        }


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


@dataclass(slots=True)
class EditTally:
    """Edits by their names: those that were `made`, and those that the service `refused`, with its code."""

    made: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def reset(self) -> None:
        """Count from zero."""
        self.made.clear()
        self.refused.clear()

    def to_json(self) -> dict[str, object]:
        """Render for GET /_batchgw/stats."""
        return {"made": dict(self.made), "refused": dict(self.refused)}
