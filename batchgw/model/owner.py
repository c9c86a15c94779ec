"""Who manages a REST API: the tool that would put back what others change in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

KINDS = ("cloudformation", "cdk", "sam", "serverless", "terraform", "unknown")
"""The tools that can be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A tool, and what it calls what it manages: CloudFormation's stack. `unknown` is nobody we can tell."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        """Render as `kind:name`, or as the kind alone; `parse` reads it."""
        return f"{self.kind}:{self.name}" if self.name else self.kind

    @classmethod
    def parse(cls, text: str) -> Owner:
        """Read `kind` or `kind:name`. Raises ValueError for a kind that there is not."""
        kind, _, name = text.partition(":")
        if kind not in KINDS:
            raise ValueError(f"not an owner: {text!r}. Owners are {', '.join(KINDS)}")
        return cls(kind=kind, name=name)


class OnManaged(StrEnum):
    """What happens to what another tool manages, and may put back as it was: APIs, or their stages."""

    WARN = "warn"  # it is written all the same
    HOLD = "hold"  # nothing is written to it: its targets end skipped
    FAIL = "fail"  # nothing is written to it: its targets end failed


UNKNOWN = Owner(kind="unknown")
"""Every rung of the ladder was asked, and none could tell."""
