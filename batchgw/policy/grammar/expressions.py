"""The values of responseParameters: literals in single quotes, and mappings from the request.

The service accepts a literal between one pair of single quotes, or
method.request.{header|path|querystring}.NAME. Only the outer pair of quotes delimits a literal. Quotes inside
it are sent as they are ('default-src 'self''), so there are no escapes.
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
_UNVERIFIED = re.compile(
    r"(method\.request\.multivalue(header|querystring)|context|stageVariables)\.[^\x00-\x20\x7f]+"
)  # claims may have any name: cognito:username, https://example.com/role
SOURCE_PATTERN = f"{_REQUEST.pattern}|{_UNVERIFIED.pattern}"
"""Every mapping that is not refused, for the JSON Schema."""

_PLAIN = re.compile(r"[A-Za-z0-9_.$:/-]{1,200}")
_SOURCE_WORDS = tuple(
    dollar + word
    for dollar in ("", "$")
    for word in ("method.", "integration.", "context.", "stageVariables.")
)


_BEFORE_QUOTE = " \t,;:=(["
_AFTER_QUOTE = " \t,;)]'"
"""Characters before an opening quote and after a closing one. Any other quote is an apostrophe."""


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


def is_source(text: str) -> bool:
    """Tell whether an unquoted value is a mapping that is not refused."""
    return source_form(text) in (Form.REQUEST, Form.UNVERIFIED)


def meant_source(*guesses: str) -> str | None:
    """Give the first guess that is a mapping and simple enough for a message."""
    return next((guess for guess in guesses if _PLAIN.fullmatch(guess) and is_source(guess)), None)


def quoted_text(text: str) -> str | None:
    """Give the text inside the single quotes around a whole value; None where no pair surrounds all of it.

    In 'default-src 'self'; img-src *' the first and the last quote are a pair around all the rest. In
    'self', 'none' they are not: the first is closed before the end.
    """
    if form(text) is not Form.LITERAL:
        return None
    depth = 0
    for at in range(1, len(text) - 1):
        if text[at] == "'":
            opens, closes = text[at - 1] in _BEFORE_QUOTE, text[at + 1] in _AFTER_QUOTE
            depth += opens - closes
            if depth < 0:
                return None
    return text[1:-1]


def literal(text: str) -> str:
    """Write text as a literal: the inverse of `literal_text`."""
    return f"'{text}'"


def literal_text(expression: str) -> str | None:
    """Give the text that a literal sends; None for a mapping."""
    return expression[1:-1] if form(expression) is Form.LITERAL else None
