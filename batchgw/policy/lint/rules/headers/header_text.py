"""The text that a header sends: one line, ASCII, and without escapes, which API Gateway does not know."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.form_rules import HEADER_VALUE
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(HEADER_VALUE)
def header_value(policy: PolicyView) -> Iterator[Remark]:
    """Look for line breaks and other control characters."""
    for text, path in policy.header_texts():
        if any((c < " " and c != "\t") or c == "\x7f" for c in text):
            hint = (
                "; it ends in a line break, as | blocks do: put it in quotes" if text.endswith("\n") else ""
            )
            message = f"a header's value is one line without control characters{hint}"
            yield Remark(path=path, message=message)


@checks(Rule(name="non-ascii-header", severity="warning", summary="a header value outside ASCII"))
def non_ascii_header(policy: PolicyView) -> Iterator[Remark]:
    """Look for characters outside ASCII."""
    for text, path in policy.header_texts():
        if not text.isascii():
            message = "clients disagree on how to read characters outside ASCII in a header; encode them"
            yield Remark(path=path, message=message)


@checks(
    Rule(
        name="escaped-quote",
        severity="warning",
        summary="a quote escaped inside a literal: it is sent as it stands",
    )
)
def escaped_quote(policy: PolicyView) -> Iterator[Remark]:
    """Look for single quotes with a backslash before them, and for doubled ones."""
    for text, path in policy.header_texts():
        if "\\'" in text or "''" in text:
            yield Remark(
                path=path,
                message="API Gateway knows no escapes in a literal: the backslash or second quote is sent as"
                " well. A single quote within a literal stands for itself",
            )
