"""From a file to a policy, or to every problem in it with line and column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import Policy, Selector
from batchgw.policy.check import Told, check
from batchgw.policy.text.document import locate
from batchgw.policy.text.parse import Document, parse
from batchgw.policy.text.source import file_name, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPolicy:
    """A policy that can be used, what should be said about it, and its text as it was read."""

    policy: Policy
    warnings: tuple[Problem, ...]
    text: str


def load_policy(path: Path | str, *, text: str | None = None) -> LoadedPolicy:
    """Read and check a policy: a YAML or JSON file, or standard input for "-".

    With `text`, that is the policy and `path` only names it. Raises PolicyInvalid with every error and
    warning found, in the order of the file.
    """
    name = file_name(path)
    text = read_text(path) if text is None else text
    document = parse(text, name)
    checked = check(document.root, name)
    problems = _problems(document, name, checked.told)
    if checked.policy is None or any(p.severity == "error" for p in problems):
        raise PolicyInvalid(problems)
    return LoadedPolicy(policy=_placed(checked.policy, document, name), warnings=problems, text=text)


def _placed(policy: Policy, document: Document, name: str) -> Policy:
    """Note at each selector where it stands in the file."""

    def placed(key: str, selectors: tuple[Selector, ...]) -> tuple[Selector, ...]:
        marks = (
            locate(document.root, ("targets", "apis", key, n), at_key=False) for n in range(len(selectors))
        )
        return tuple(
            replace(selector, where=f"{name}:{mark.line}:{mark.column}")
            for selector, mark in zip(selectors, marks, strict=True)
        )

    apis = policy.targets.apis
    found = replace(apis, include=placed("include", apis.include), exclude=placed("exclude", apis.exclude))
    return replace(policy, targets=replace(policy.targets, apis=found))


def _problems(document: Document, name: str, told: Iterable[Told]) -> tuple[Problem, ...]:
    problems = [*document.problems, *(_problem(name, each) for each in told)]
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.line, p.column)))


def _problem(name: str, told: Told) -> Problem:
    finding = told.finding
    mark = locate(told.root, finding.path, at_key=finding.at_key)
    return Problem(
        file=name,
        line=mark.line,
        column=mark.column,
        message=finding.message,
        severity=finding.rule.severity,
        rule=finding.rule.name,
    )
