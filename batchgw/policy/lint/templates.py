"""What can be said of a mapping template."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Finding, Path, shown
from batchgw.policy.lint.template_text import (
    MAX_TEMPLATE_BYTES,
    is_content_type,
    is_json_type,
    json_fault,
    quotes_message_string,
    vtl,
)
from batchgw.policy.lint.variables import unknown_variables


def lint_template(content_type: str, text: str, path: Path) -> Iterator[Finding]:
    """Give the findings on one template."""
    if not is_content_type(content_type):
        message = f"{shown(content_type)} is not a content type such as application/json"
        yield Finding(rule="content-type", path=path, at_key=True, message=message)
    if not text:
        yield Finding(
            rule="empty-value", path=path, message="the service refuses an empty template; leave it out"
        )
        return
    size = len(text.encode())
    if size > MAX_TEMPLATE_BYTES:
        message = f"the template has {size} bytes, and the service takes {MAX_TEMPLATE_BYTES} (300 KB)"
        yield Finding(rule="template-size", path=path, message=message)
    yield from _variables(text, path)
    if is_json_type(content_type):
        yield from _json(text, path)


def _variables(text: str, path: Path) -> Iterator[Finding]:
    piece = vtl(text)
    if piece is not None:
        yield Finding(
            rule="template-vtl",
            path=path,
            message=f"{shown(piece)} is VTL, which gateway responses do not run: it is sent as it stands."
            " Only $context.*, $stageVariables.* and $method.request.* are replaced",
        )
    for sentence in unknown_variables(text):
        yield Finding(rule="unknown-variable", path=path, message=sentence)


def _json(text: str, path: Path) -> Iterator[Finding]:
    if quotes_message_string(text):
        yield Finding(
            rule="quoted-message-string",
            path=path,
            message="$context.error.messageString brings its own quotes, so inside quotes it breaks the JSON:"
            " take the quotes around it away, or use $context.error.message",
        )
        return
    fault = json_fault(text)
    if fault is not None:
        yield Finding(
            rule="template-json",
            path=path,
            message=f"not JSON once the variables have values: {fault}. Variables with text need quotes"
            " around them, all but $context.error.messageString",
        )
