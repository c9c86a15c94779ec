"""From a file to a policy, or to every problem in it with line and column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import Policy, ResponseType
from batchgw.policy.diagnose import findings_of
from batchgw.policy.document import Mapping, locate, plain
from batchgw.policy.findings import Finding
from batchgw.policy.lint import lint_policy, lint_response
from batchgw.policy.parse import Document, parse
from batchgw.policy.resolve import resolve
from batchgw.policy.schema import PolicyFile, ResponseSpec
from batchgw.policy.source import file_name, read_text


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
    policy, findings = _check(document, name)
    problems = _problems(document, name, findings)
    if policy is None or any(p.severity == "error" for p in problems):
        raise PolicyInvalid(problems)
    return LoadedPolicy(policy=policy, warnings=problems, text=text)


def _check(document: Document, name: str) -> tuple[Policy | None, list[Finding]]:
    try:
        file = PolicyFile.model_validate(plain(document.root))
    except ValidationError as error:
        return None, [*findings_of(error), *_lint_sound_responses(document)]
    resolved = resolve(file, name)
    findings = [*resolved.findings, *lint_policy(file, resolved.policy.desired)]
    for type_, spec in file.responses.items():
        if isinstance(spec, ResponseSpec):
            findings.extend(lint_response(type_, spec))
    return resolved.policy, findings


def _lint_sound_responses(document: Document) -> Iterator[Finding]:
    """Lint the well-formed responses of a policy that is not, so that problems are not told piecemeal."""
    root = document.root
    responses = root.entries.get("responses") if isinstance(root, Mapping) else None
    if responses is None or not isinstance(responses.node, Mapping):
        return
    for key, entry in responses.node.entries.items():
        try:
            spec = ResponseSpec.model_validate(plain(entry.node))
            yield from lint_response(ResponseType(key), spec)
        except ValueError:  # told already, as errors of the whole
            continue


def _problems(document: Document, name: str, findings: Iterable[Finding]) -> tuple[Problem, ...]:
    problems = [*document.problems, *(_problem(document, name, finding) for finding in findings)]
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.line, p.column)))


def _problem(document: Document, name: str, finding: Finding) -> Problem:
    mark = locate(document.root, finding.path, at_key=finding.at_key)
    return Problem(
        file=name,
        line=mark.line,
        column=mark.column,
        message=finding.message,
        severity=finding.severity,
        rule=finding.rule,
    )
