"""What a quota file says, and how it is kept with a plan or a run. Reading one is `quota_file`'s business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from batchgw.errors import Problem, UsageError
from batchgw.throttle.quota import Quota, Scoping

if TYPE_CHECKING:
    Rate = float | Literal["unknown"]
else:
    Rate = float  # what Typer can make something of; the flag has a parser of its own

UNKNOWN: Literal["unknown"] = "unknown"
"""How a rate is written that is not known."""

LEAST_RATE = 0.001
"""Calls/second that are taken for a slip when there are fewer."""


class QuotasInvalid(UsageError):
    """A quota file cannot be used. `problems` are all that are in it, in its order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(p) for p in problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFile:
    """What a quota file says; None stands for what it does not mention.

    Attributes:
        file: its name, whole.
        rate: calls/second of all operations together.
        burst: calls at once, of all operations together.
        operations: the operations it names, each with its whole quota.
        scope: what has a quota of its own.
        share: the part of the rate that is ours.
    """

    file: str
    rate: Rate | None = None
    burst: float | None = None
    operations: Mapping[str, Quota] = field(default_factory=dict)
    scope: Scoping | None = None
    share: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Render for a plan or the journal; what is not said is left out."""
        total = {"rate": self.rate, "burst": self.burst}
        operations = {name: {"rate": q.rate, "burst": q.burst} for name, q in self.operations.items()}
        values = {
            "file": self.file,
            "total": {name: value for name, value in total.items() if value is not None} or None,
            "operations": operations or None,
            "scope": self.scope and self.scope.value,
            "share": self.share,
        }
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> QuotaFile:
        """Read what `to_json` has rendered."""
        total = value.get("total", {})
        scope = value.get("scope")
        return cls(
            file=value["file"],
            rate=total.get("rate"),
            burst=total.get("burst"),
            operations={name: Quota(**quota) for name, quota in value.get("operations", {}).items()},
            scope=scope and Scoping(scope),
            share=value.get("share"),
        )
