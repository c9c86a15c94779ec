"""Reads a policy from a file, or reports every problem in it with line and column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import Policy
from batchgw.policy.document_check import PlacedFinding, check
from batchgw.policy.meaning.policy import policy_of
from batchgw.policy.text.document import locate
from batchgw.policy.text.parse import Document, parse
from batchgw.policy.text.source import file_name, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPolicy:
    """A policy that can be used, the warnings about it, and its text as it was read."""

    policy: Policy
    warnings: tuple[Problem, ...]
    text: str


def load_policy(path: Path | str, *, text: str | None = None) -> LoadedPolicy:
    """Read and check a policy: a YAML or JSON file, or standard input for "-".

    With `text`, the policy is that text, and `path` is only its name. Raises PolicyInvalid with every error
    and warning found, in the order of the file.
    """
    name = file_name(path)
    text = read_text(path) if text is None else text
    document = parse(text, name)
    checked = check(document.root, name)
    problems = _problems(document, name, checked.findings)
    if checked.source is None or any(p.severity == "error" for p in problems):
        raise PolicyInvalid(problems)
    return LoadedPolicy(policy=policy_of([checked.source]), warnings=problems, text=text)


def _problems(document: Document, name: str, findings: Iterable[PlacedFinding]) -> tuple[Problem, ...]:
    problems = [*document.problems, *(_problem(name, each) for each in findings)]
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.line, p.column)))


def _problem(name: str, placed: PlacedFinding) -> Problem:
    finding = placed.finding
    position = locate(placed.root, finding.path, at_key=finding.at_key)
    return Problem(
        file=name,
        line=position.line,
        column=position.column,
        message=finding.message,
        severity=finding.rule.severity,
        rule=finding.rule.name,
    )
