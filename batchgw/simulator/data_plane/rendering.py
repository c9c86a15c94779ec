"""Puts a call's values into templates and header expressions. Substitution is all there is: no VTL."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAME = r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*"
_VARIABLE = re.compile(
    rf"\$(?:(?P<context>context\.{_NAME})|(?P<stage>stageVariables\.{_NAME})"
    r"|(?P<request>method\.request\.(?:header|path|querystring)\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*))"
)
_LINE_ENDS = re.compile(r"[\r\n\0]")
_MESSAGE_STRING = "context.error.messageString"


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What templates and expressions can name.

    Attributes:
        context: what stands behind `context.`, such as `requestId`.
        stage_variables: of the stage, a canary's overrides included.
        headers: of the request, by their names in small letters.
        path: parameters of the path.
        query: parameters of the query.
    """

    context: Mapping[str, str]
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    def of(self, source: str) -> str | None:
        """Give the value of a variable, written without its $; None where it has none.

        `context.error.messageString` is the message as a JSON text, quotes included.
        """
        if source == _MESSAGE_STRING:
            message = self.context.get("error.message")
            return None if message is None else json.dumps(message)
        for prefix, values, lower in (
            ("context.", self.context, False),
            ("stageVariables.", self.stage_variables, False),
            ("method.request.header.", self.headers, True),
            ("method.request.path.", self.path, False),
            ("method.request.querystring.", self.query, False),
        ):
            if source.startswith(prefix):
                name = source.removeprefix(prefix)
                return values.get(name.lower() if lower else name)
        return None


def render(template: str, values: Values) -> str:
    """Replace every variable of a template. One without a value becomes an empty text."""
    return _VARIABLE.sub(lambda match: values.of(match[0][1:]) or "", template)


def header(expression: str, values: Values) -> str | None:
    """Give the value of a header: a text between single quotes as it is, else what the expression names.

    None where that has no value: the header is not sent then. A line end, which would end the header, becomes
    a space.
    """
    quoted = len(expression) > 1 and expression[0] == expression[-1] == "'"
    value = expression[1:-1] if quoted else values.of(expression)
    return None if value is None else _LINE_ENDS.sub(" ", value)
