"""IAM policy documents: statements, and how they are rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from batchgw.model.shape import JSON

VERSION = "2012-10-17"
"""The version of the policy language (IAM user guide, policy elements)."""

Condition = Mapping[str, Mapping[str, str]]
"""Operator -> key -> value."""

Effect = Literal["Allow", "Deny"]
"""What a statement does with the calls it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement. `why` says what the job needs it for, in a sentence without its full stop."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    why: str = ""
    effect: Effect = "Allow"
    condition: Condition = field(default_factory=dict)
    principals: tuple[str, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        """Render as IAM reads it. One of something stands alone, as people write it."""
        out: dict[str, JSON] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals:
            out["Principal"] = {"AWS": _one_or_many(self.principals)}
        out["Action"] = _one_or_many(self.actions)
        if self.resources:
            out["Resource"] = _one_or_many(self.resources)
        if self.condition:
            out["Condition"] = {operator: dict(keys) for operator, keys in self.condition.items()}
        return out


def document(statements: Sequence[Statement]) -> dict[str, JSON]:
    """Make a policy document."""
    return {"Version": VERSION, "Statement": [each.to_json() for each in statements]}


def _one_or_many(values: Sequence[str]) -> JSON:
    return values[0] if len(values) == 1 else list(values)
