"""The service refuses empty header expressions and empty templates."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.grammar.expressions import Form, literal
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.quoting import pasted

EMPTY_VALUE = Rule(name="empty-value", severity="error", summary="an empty value, which the service refuses")


@checks(EMPTY_VALUE)
def empty_parameter(policy: PolicyView) -> Iterator[Remark]:
    """Look for empty expressions under responseParameters."""
    for parameter in policy.parameters():
        if parameter.form is Form.EMPTY:
            message = f"the service refuses an empty value; an empty header is written {pasted(literal(''))}"
            yield Remark(path=parameter.path, message=message)


@checks(EMPTY_VALUE)
def empty_template(policy: PolicyView) -> Iterator[Remark]:
    """Look for templates without a text."""
    for template in policy.templates():
        if not template.text:
            message = "the service refuses an empty template; leave it out"
            yield Remark(path=template.path, message=message)
