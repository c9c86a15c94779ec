"""The values of responseParameters: literals in single quotes, and mappings from the request.

What the service takes: a literal between one pair of single quotes, or
method.request.{header|path|querystring}.NAME. Only the outer pair of quotes delimits, so quotes within a
literal stand as they are ('default-src 'self''): there is no escape, and none is needed.
"""

from __future__ import annotations

import re
from enum import Enum, auto

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header name (RFC 9110, section 5.6.2)."""

MAPPINGS = "method.request.header.NAME, method.request.path.NAME, method.request.querystring.NAME"
"""The mappings AWS documents, for messages."""

_NAME = r"\.[A-Za-z0-9_$.-]+"
_REQUEST = re.compile(r"method\.request\.(header|path|querystring)" + _NAME)
_UNVERIFIED = re.compile(r"(method\.request\.multivalue(header|querystring)|context|stageVariables)" + _NAME)
SOURCE_PATTERN = f"{_REQUEST.pattern}|{_UNVERIFIED.pattern}"
"""Every mapping that is not refused, for the JSON Schema."""

_SOURCE_WORDS = ("method.", "integration.", "context.", "$context.", "stageVariables.", "$stageVariables.")


class Form(Enum):
    """What a value of responseParameters is."""

    LITERAL = auto()  # 'text'
    REQUEST = auto()  # method.request.header.NAME and its like
    UNVERIFIED = (
        auto()
    )  # context.*, stageVariables.*: seen in public code, not documented for gateway responses
    DOUBLE_QUOTED = auto()  # "text": refused by the service
    MAPPING_UNKNOWN = auto()  # reads like a mapping, but is none the service knows
    UNQUOTED = auto()  # text: refused by the service
    EMPTY = auto()  # nothing at all: refused by the service


def form(expression: str) -> Form:
    """Tell what a raw value is."""
    if not expression:
        return Form.EMPTY
    if len(expression) > 1 and expression[0] == expression[-1] == "'":
        return Form.LITERAL
    if len(expression) > 1 and expression[0] == expression[-1] == '"':
        return Form.DOUBLE_QUOTED
    return source_form(expression)


def source_form(expression: str) -> Form:
    """Tell what an unquoted value is: a mapping, or text that lacks its quotes."""
    if _REQUEST.fullmatch(expression):
        return Form.REQUEST
    if _UNVERIFIED.fullmatch(expression):
        return Form.UNVERIFIED
    return Form.MAPPING_UNKNOWN if expression.startswith(_SOURCE_WORDS) else Form.UNQUOTED


def literal(text: str) -> str:
    """Write text as a literal: the inverse of `literal_text`."""
    return f"'{text}'"


def literal_text(expression: str) -> str | None:
    """Give the text that a literal sends; None for a mapping."""
    return expression[1:-1] if form(expression) is Form.LITERAL else None
