"""Single quotes make a literal under responseParameters. Under `headers` they would be sent to clients."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.fields import HeaderSource
from batchgw.policy.findings import Remark, Rule
from batchgw.policy.form_rules import QUOTED_TWICE
from batchgw.policy.grammar.expressions import Form, form, literal, quoted_text
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.quoting import shown, written_out


@checks(QUOTED_TWICE)
def quoted_twice(policy: PolicyView) -> Iterator[Remark]:
    """Look for single quotes around a value under `headers`."""
    for header in policy.headers():
        bare = None if isinstance(header.value, HeaderSource) else quoted_text(header.value)
        if bare is not None:
            message = (
                "the single quotes would be sent to clients: under `headers` write the value as it shall"
                f" arrive{written_out(bare)}; quotes of its own belong under responseParameters"
            )
            yield Remark(path=header.path, message=message)


@checks(
    Rule(
        name="unquoted-literal",
        severity="error",
        summary="a literal in responseParameters without its single quotes",
    )
)
def unquoted_literal(policy: PolicyView) -> Iterator[Remark]:
    """Look for expressions that are neither a mapping nor in single quotes."""
    for parameter in policy.parameters():
        if parameter.form is Form.UNQUOTED:
            message = (
                f"{shown(parameter.expression)} needs single quotes of its own, or the service refuses it"
                f"{written_out(literal(_without_stray_quotes(parameter.expression)))}"
            )
            yield Remark(path=parameter.path, message=message)


@checks(
    Rule(
        name="double-quoted-literal",
        severity="error",
        summary="a literal in responseParameters in double quotes",
    )
)
def double_quoted_literal(policy: PolicyView) -> Iterator[Remark]:
    """Look for expressions in double quotes."""
    for parameter in policy.parameters():
        if parameter.form is Form.DOUBLE_QUOTED:
            message = f"the service refuses double quotes{written_out(literal(parameter.expression[1:-1]))}"
            yield Remark(path=parameter.path, message=message)


def _without_stray_quotes(expression: str) -> str:
    """Take off white space around a literal, and a single quote that lacks its partner at the other end."""
    text = expression.strip()
    if form(text) is Form.LITERAL:
        return text[1:-1]
    if text[:1] == "'" or text[-1:] == "'":
        return text.removeprefix("'").removesuffix("'")
    return expression
