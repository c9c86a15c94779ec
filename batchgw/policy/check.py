"""From a document to what it means, or to everything that is wrong with it: one fault hides no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from batchgw.model import Policy
from batchgw.policy.diagnose import findings_of
from batchgw.policy.findings import Finding
from batchgw.policy.lint.policy import lint_body, lint_policy, lint_response
from batchgw.policy.resolve import resolve
from batchgw.policy.salvage import Salvage, salvage
from batchgw.policy.schema import PolicyFile, ResponseSpec
from batchgw.policy.text.document import Node, plain

_RESPONSES_UNHARMED = frozenset({"targets", "version"})
_TARGETS_UNHARMED = frozenset({"responses", "use", "mode", "unlisted", "version", "wherever_customised"})
_ABSENCES = {
    "empty-policy": _RESPONSES_UNHARMED,
    "empty-response": _RESPONSES_UNHARMED,
    "detached-headers": _RESPONSES_UNHARMED,
    "detached-template": _RESPONSES_UNHARMED,
    "accounts-without-role": _TARGETS_UNHARMED,
}
"""Rules that speak of what is not there, and the keys at the top whose faults do not mislead them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finding, and the document that its path leads through."""

    finding: Finding
    root: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a document means, None when its form is at fault; and what should be said about it."""

    policy: Policy | None
    told: tuple[Told, ...]


def check(root: Node, source: str) -> Checked:
    """Check a document; `source` is its name, for messages."""
    try:
        file = PolicyFile.model_validate(plain(root))
    except ValidationError as error:
        rest = salvage(root, error)
        told = [Told(finding=finding, root=root) for finding in findings_of(error)]
        return Checked(policy=None, told=(*told, *(_lint_rest(rest, source) if rest else ())))
    policy, findings = _lint(file, source)
    return Checked(policy=policy, told=tuple(Told(finding=finding, root=root) for finding in findings))


def _lint_rest(rest: Salvage, source: str) -> Iterator[Told]:
    """Lint what is sound in a policy that is not, leaving out what its faults may have brought about."""
    for finding in _lint(rest.file, source)[1]:
        if rest.broken <= _ABSENCES.get(finding.rule, rest.broken):
            yield Told(finding=finding, root=rest.root)


def _lint(file: PolicyFile, source: str) -> tuple[Policy, list[Finding]]:
    resolved = resolve(file, source)
    findings = [*resolved.findings, *lint_policy(file, resolved.policy.desired)]
    for type_, spec in file.responses.items():
        if isinstance(spec, ResponseSpec):
            findings.extend(lint_response(type_, spec))
    if file.wherever_customised is not None:
        findings.extend(lint_body(file.wherever_customised, ("wherever_customised",)))
    return resolved.policy, findings
