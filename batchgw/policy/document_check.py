"""Checks a document: what it means, and everything that is wrong with it. One fault hides no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from batchgw.policy.diagnose import findings_of, foreign
from batchgw.policy.findings import Finding, Path
from batchgw.policy.lint.registry import lint
from batchgw.policy.lint.view import views_of
from batchgw.policy.meaning.source import Source
from batchgw.policy.schema.file import PolicyFile
from batchgw.policy.sound_part import SoundPart, sound_part
from batchgw.policy.text.document import Mapping, Node, locate, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFinding:
    """A finding, and the document in which its path is looked up."""

    finding: Finding
    root: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A document as a policy file, and the findings about it. `source` is None when its form is wrong."""

    source: Source | None
    findings: tuple[PlacedFinding, ...]


def check(root: Node, name: str) -> Checked:
    """Check a document. `name` is that of its file."""
    try:
        file = PolicyFile.model_validate(plain(root))
    except ValidationError as error:
        if isinstance(root, Mapping) and (other := foreign(root.entries)):
            return Checked(source=None, findings=(PlacedFinding(finding=other, root=root),))
        rest = sound_part(root, error)
        found = [PlacedFinding(finding=finding, root=root) for finding in findings_of(error)]
        return Checked(source=None, findings=(*found, *(_lint_rest(rest, name) if rest else ())))
    source = _source(file, root, name)
    findings = _lint(source)
    return Checked(
        source=source, findings=tuple(PlacedFinding(finding=finding, root=root) for finding in findings)
    )


def _source(file: PolicyFile, root: Node, name: str) -> Source:
    def where(path: Path) -> str:
        position = locate(root, path, at_key=False)
        return f"{name}:{position.line}:{position.column}"

    return Source(name=name, file=file, where=where)


def _lint_rest(rest: SoundPart, name: str) -> Iterator[PlacedFinding]:
    """Lint the sound part of a faulty policy, without the findings that its faults may have caused."""
    for finding in _lint(_source(rest.file, rest.root, name)):
        despite = finding.rule.holds_despite
        if despite is None or rest.broken <= despite:
            yield PlacedFinding(finding=finding, root=rest.root)


def _lint(source: Source) -> Iterator[Finding]:
    """Lint each layer. What is said of several is said once."""
    return iter(dict.fromkeys(finding for view in views_of(source) for finding in lint(view)))
