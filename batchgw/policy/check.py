"""From a document to what it means, or to everything that is wrong with it: one fault hides no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from batchgw.model import Policy
from batchgw.policy.diagnose import findings_of
from batchgw.policy.findings import Finding
from batchgw.policy.lint.registry import lint
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.meaning.resolve import resolve
from batchgw.policy.schema import PolicyFile
from batchgw.policy.sound_part import Salvage, salvage
from batchgw.policy.text.document import Node, plain


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
        despite = finding.rule.holds_despite
        if despite is None or rest.broken <= despite:
            yield Told(finding=finding, root=rest.root)


def _lint(file: PolicyFile, source: str) -> tuple[Policy, list[Finding]]:
    resolved = resolve(file, source)
    view = PolicyView(file=file, desired=resolved.policy.desired, overrides=resolved.overrides)
    return resolved.policy, list(lint(view))
