"""One response given by flags, without a policy file. The same models and the same lint check it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import Desired, ResponseType, Rule
from batchgw.policy.document_check import check
from batchgw.policy.findings import Finding
from batchgw.policy.meaning.folding.desired import desired_of
from batchgw.policy.meaning.source import layers_of
from batchgw.policy.quoting import excerpt
from batchgw.policy.schema.file import VERSION
from batchgw.policy.text.document import at_no_position


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedResponse:
    """One response that can be put, and the warnings about it."""

    type: ResponseType
    rule: Rule
    warnings: tuple[Problem, ...]

    @property
    def desired(self) -> Desired:
        """The desired state of this response alone."""
        return Desired(rules={self.type: self.rule})


def load_response(type_: str, spec: Mapping[str, object] | str, *, source: str) -> LoadedResponse:
    """Check one response: "default", or a mapping in either spelling whose values are texts.

    `source` stands for the file in messages, such as the name of the command. Raises PolicyInvalid with every
    error and warning found.
    """
    checked = check(at_no_position({"version": VERSION, "responses": {type_: spec}}), source)
    problems = _problems((placed.finding for placed in checked.findings), source)
    if checked.source is None or any(problem.severity == "error" for problem in problems):
        raise PolicyInvalid(problems)
    ((known, rule),) = desired_of(layers_of([checked.source])).rules.items()
    return LoadedResponse(type=known, rule=rule, warnings=problems)


def _problems(findings: Iterable[Finding], source: str) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            file=source,
            line=0,
            column=0,
            message=f"{_where(finding)}{finding.message}",
            severity=finding.rule.severity,
            rule=finding.rule.name,
        )
        for finding in findings
    )


def _where(finding: Finding) -> str:
    """Name the header, content type or field that a finding is about; nothing for the response itself."""
    steps = finding.path[3:] if finding.path[2:3] == ("settings",) else finding.path[2:]
    return f"{excerpt(str(steps[:2][-1]))}: " if steps else ""
