"""The service replaces variables and runs no VTL. Anything else in a template is sent as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.grammar.templates import vtl
from batchgw.policy.grammar.variables import unknown_variables
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.quoting import shown


@checks(
    Rule(
        name="template-vtl",
        severity="warning",
        summary="VTL in a template: gateway responses know variables only",
    )
)
def template_vtl(policy: PolicyView) -> Iterator[Remark]:
    """Look for VTL."""
    for template in policy.templates():
        piece = vtl(template.text)
        if piece is not None:
            yield Remark(
                path=template.path,
                message=f"{shown(piece)} is VTL, which gateway responses do not run: it is sent as it stands."
                " Only $context.*, $stageVariables.* and $method.request.* are replaced",
            )


@checks(
    Rule(
        name="unknown-variable",
        severity="warning",
        summary="a $variable that gateway responses do not replace",
    )
)
def unknown_variable(policy: PolicyView) -> Iterator[Remark]:
    """Look for variables that are not known."""
    for template in policy.templates():
        for sentence in unknown_variables(template.text):
            yield Remark(path=template.path, message=sentence)
