"""Checks a document: what it means, and everything that is wrong with it. One fault hides no other."""

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
from batchgw.policy.sound_part import SoundPart, sound_part
from batchgw.policy.text.document import Node, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFinding:
    """A finding, and the document in which its path is looked up."""

    finding: Finding
    root: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a document means, and the findings about it. `policy` is None when its form is wrong."""

    policy: Policy | None
    findings: tuple[PlacedFinding, ...]


def check(root: Node, source: str) -> Checked:
    """Check a document. `source` is its name in messages."""
    try:
        file = PolicyFile.model_validate(plain(root))
    except ValidationError as error:
        rest = sound_part(root, error)
        found = [PlacedFinding(finding=finding, root=root) for finding in findings_of(error)]
        return Checked(policy=None, findings=(*found, *(_lint_rest(rest, source) if rest else ())))
    policy, findings = _lint(file, source)
    return Checked(
        policy=policy, findings=tuple(PlacedFinding(finding=finding, root=root) for finding in findings)
    )


def _lint_rest(rest: SoundPart, source: str) -> Iterator[PlacedFinding]:
    """Lint the sound part of a faulty policy, without the findings that its faults may have caused."""
    for finding in _lint(rest.file, source)[1]:
        despite = finding.rule.holds_despite
        if despite is None or rest.broken <= despite:
            yield PlacedFinding(finding=finding, root=rest.root)


def _lint(file: PolicyFile, source: str) -> tuple[Policy, list[Finding]]:
    resolved = resolve(file, source)
    view = PolicyView(file=file, desired=resolved.policy.desired, overrides=resolved.overrides)
    return resolved.policy, list(lint(view))
