"""Reads a selector that is written on the command line, in the words of a policy file."""

from __future__ import annotations

from dataclasses import replace

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import Selector
from batchgw.policy.document_check import PlacedFinding, check
from batchgw.policy.findings import Path
from batchgw.policy.meaning.selectors import selector_of
from batchgw.policy.schema.file import VERSION
from batchgw.policy.text.document import Entry, Mapping, Node, Position, Scalar, Sequence, locate
from batchgw.policy.text.parse import parse

_PLACE: Path = ("targets", "apis", "include")
"""Where such a selector would stand in a policy file."""


def read_selector(text: str, name: str) -> Selector:
    """Read a YAML mapping such as `{tags: {tier: internal}, ou: /Prod/**}`; the outer braces may be left out.

    `name` is that of the flag. Raises PolicyInvalid with every error, each with its column in the text.
    """
    braced = text.lstrip().startswith(("{", "["))  # a list is not meant, and is told as such
    document = parse(text if braced else f"{{{text}}}", name)
    root = _as_policy(document.root)
    checked = check(root, name)
    found = [*document.problems, *(_problem(root, name, each) for each in checked.findings if _is_ours(each))]
    if not braced:
        found = [replace(problem, column=max(1, problem.column - 1)) for problem in found]
    if checked.source is None or any(problem.severity == "error" for problem in found):
        raise PolicyInvalid(tuple(found))
    selectors = checked.source.file.targets.apis.include or []
    return selector_of(selectors[0], name)


def _as_policy(selector: Node) -> Node:
    """Make a policy of a selector, so that all that is known of policies is known of it."""
    here = Position(line=1, column=1)

    def mapping(**entries: Node) -> Mapping:
        return Mapping(
            position=here, entries={key: Entry(key=here, node=node) for key, node in entries.items()}
        )

    apis = mapping(include=Sequence(position=here, items=[selector]))
    return mapping(
        version=Scalar(position=here, text=str(VERSION)),
        targets=mapping(apis=apis),
    )


def _is_ours(placed: PlacedFinding) -> bool:
    """Tell whether a finding is about the selector, and not about what a whole policy must have."""
    return placed.finding.path[: len(_PLACE)] == _PLACE


def _problem(root: Node, name: str, placed: PlacedFinding) -> Problem:
    finding = placed.finding
    position = locate(root, finding.path, at_key=finding.at_key)
    return Problem(
        file=name,
        line=position.line,
        column=position.column,
        message=finding.message,
        severity=finding.rule.severity,
        rule=finding.rule.name,
    )
