"""One response without a policy file: what flags say of it, checked by the same models and the same lint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import Desired, ResponseType, Rule
from batchgw.policy.diagnose import findings_of
from batchgw.policy.findings import Finding, excerpt
from batchgw.policy.lint import lint_policy, lint_response
from batchgw.policy.resolve import resolve
from batchgw.policy.schema import VERSION, PolicyFile, ResponseSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedResponse:
    """One response that can be put, and what should be said about it."""

    type: ResponseType
    rule: Rule
    warnings: tuple[Problem, ...]

    @property
    def desired(self) -> Desired:
        """The desired state that speaks of this response alone."""
        return Desired(rules={self.type: self.rule})


def load_response(type_: str, spec: Mapping[str, object] | str, *, source: str) -> LoadedResponse:
    """Check one response: a mapping in either spelling (texts throughout), or "default".

    `source` stands for the file in messages, such as the name of the command. Raises PolicyInvalid with every
    error and warning found.
    """
    text = spec if isinstance(spec, str) else dict(spec)
    try:
        file = PolicyFile.model_validate({"version": VERSION, "responses": {type_: text}})
    except ValidationError as error:
        raise PolicyInvalid(_problems(findings_of(error), source)) from None
    desired = resolve(file, source).policy.desired
    ((known, rule),) = desired.rules.items()
    value = file.responses[known]
    own = lint_response(known, value) if isinstance(value, ResponseSpec) else ()
    problems = _problems([*own, *lint_policy(file, desired)], source)
    if any(problem.severity == "error" for problem in problems):
        raise PolicyInvalid(problems)
    return LoadedResponse(type=known, rule=rule, warnings=problems)


def _problems(findings: Iterable[Finding], source: str) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            file=source,
            line=0,
            column=0,
            message=f"{_where(finding)}{finding.message}",
            severity=finding.severity,
            rule=finding.rule,
        )
        for finding in findings
    )


def _where(finding: Finding) -> str:
    """The header, the content type or the field it is about; nothing for the response itself."""
    steps = finding.path[3:] if finding.path[2:3] == ("settings",) else finding.path[2:]
    return f"{excerpt(str(steps[:2][-1]))}: " if steps else ""
