"""What can be said about a policy file: a rule that is broken, where, and in which words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic_core import PydanticCustomError

Severity = Literal["error", "warning"]
Path = tuple[str | int, ...]
"""Where in the document: mapping keys and list indexes, from the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the policy format, as `batchgw validate` and docs/policy.md name it.

    Attributes:
        name: stable, for scripts and for readers who search for it.
        severity: an error refuses the policy, a warning does not.
        summary: one line that says what breaks the rule.
        holds_despite: for a rule about something that is missing. Keys at the top of the file whose errors
            cannot be why it is missing. Beside an error under any other key the rule is not reported.
    """

    name: str
    severity: Severity
    summary: str
    holds_despite: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a rule says about the value at `path`, or about its key (`at_key`)."""

    path: Path
    message: str
    at_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Remark):
    """A remark, and the rule that makes it."""

    rule: Rule


def reject(rule: Rule, message: str) -> PydanticCustomError:
    """Make the error that a pydantic validator raises to report `message` under `rule`."""
    return PydanticCustomError(f"batchgw:{rule.name}", "{message}", {"message": message})
