"""Mapping templates of gateway responses: texts with variables.

The service replaces $context.* and $stageVariables.* (and $method.request.*) by their values and does nothing
else: no VTL. $context.error.messageString brings its own double quotes; every other variable is bare text.
"""

from __future__ import annotations

import json
import re
from typing import Never

from batchgw.policy.quoting import shown

MAX_TEMPLATE_BYTES = 300 * 1024
"""API Gateway developer guide, quotas: size of a mapping template."""

_VARIABLE = re.compile(
    r"\$(?:context|stageVariables|method\.request\.(?:header|path|querystring))(?:\.[A-Za-z0-9_-]+)+"
)
_MESSAGE_STRING = "$context.error.messageString"
_VTL = re.compile(
    r"#(?:set|if|elseif|foreach|macro|parse|include|evaluate)\s*\(|\$(?:input|util)\b|\$!?\{|\$![A-Za-z]"
)
_CONTENT_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+(\s*;.*)?")

# Their values may be numbers or JSON, so they may stand bare; every other $context value is text.
_MAY_STAND_BARE = re.compile(
    r"\$(?:stageVariables\.|method\.|context\.(?:authorizer\.|status$|requestTimeEpoch$|\w*[lL]atency$"
    r"|responseLength$|responseOverride\.status$))"
)


def is_content_type(text: str) -> bool:
    """Tell whether text has the form type/subtype; the service refuses anything else."""
    return _CONTENT_TYPE.fullmatch(text) is not None


def is_json_type(content_type: str) -> bool:
    """Tell whether clients will parse the body as JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind.endswith(("/json", "+json"))


def with_message(template: str, message: str) -> str:
    """Put a fixed message where the template shows the service's."""
    quoted = json.dumps(message)
    return re.sub(
        r"\$context\.error\.message(String)?\b", lambda m: quoted if m.group(1) else quoted[1:-1], template
    )


def quotes_message_string(template: str) -> bool:
    """Tell whether $context.error.messageString stands inside a JSON string, which its quotes would end."""
    inside = False
    for match in re.finditer(r"\\.|\"|" + re.escape(_MESSAGE_STRING) + r"\b", template, re.DOTALL):
        if match.group() == '"':
            inside = not inside
        elif match.group() == _MESSAGE_STRING and inside:
            return True
    return False


def json_fault(template: str) -> str | None:
    """Tell why the template is not JSON once its variables have values, or None when it is."""
    try:
        json.loads(_VARIABLE.sub(_value, template), parse_constant=_no_constant)
    except RecursionError:
        return "nested too deeply"
    except json.JSONDecodeError as error:
        near = error.doc[max(0, error.pos - 10) : error.pos + 20].strip()
        return f"{error.msg} near {shown(near)}" if near else error.msg
    except ValueError as error:
        return str(error)
    return None


def vtl(template: str) -> str | None:
    """Give the first piece of VTL in a template, if there is one."""
    found = _VTL.search(template)
    return found.group() if found else None


def _value(match: re.Match[str]) -> str:
    variable = match.group()
    if variable == _MESSAGE_STRING:
        return '"message"'
    return "0" if _MAY_STAND_BARE.match(variable) else "text"


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")
