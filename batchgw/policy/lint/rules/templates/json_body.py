"""A body that says it is JSON must be JSON once its variables have values, or no client can read it."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.grammar.templates import is_json_type, json_fault, quotes_message_string
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView, Template


@checks(
    Rule(
        name="quoted-message-string",
        severity="error",
        summary="$context.error.messageString inside quotes: it brings its own",
    )
)
def quoted_message_string(policy: PolicyView) -> Iterator[Remark]:
    """Look for quotes around the variable that brings its own."""
    for template in _json_templates(policy):
        if quotes_message_string(template.text):
            yield Remark(
                path=template.path,
                message="$context.error.messageString brings its own quotes, so inside quotes it breaks the"
                " JSON: take the quotes around it away, or use $context.error.message",
            )


@checks(
    Rule(
        name="template-json",
        severity="error",
        summary="a template that is not JSON after substitution, for a JSON content type",
    )
)
def template_json(policy: PolicyView) -> Iterator[Remark]:
    """Look for what is not JSON, other than because of quotes that the rule above reports."""
    for template in _json_templates(policy):
        fault = None if quotes_message_string(template.text) else json_fault(template.text)
        if fault is not None:
            yield Remark(
                path=template.path,
                message=f"not JSON once the variables have values: {fault}. Variables with text need quotes"
                " around them, all but $context.error.messageString",
            )


def _json_templates(policy: PolicyView) -> Iterator[Template]:
    return (each for each in policy.templates() if each.text and is_json_type(each.content_type))
