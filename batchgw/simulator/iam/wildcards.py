"""Patterns of policies: `*` and `?`, policy variables such as `${aws:PrincipalTag/team}`, and ARNs.

A pattern becomes a glob of `fnmatch`. What a variable stands for is meant literally, wildcards included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

Values = Mapping[str, tuple[str, ...]]
"""What a request says, by condition key in lower case. A key that is not there has no value."""

VARIABLE = re.compile(r"\$\{([^}]*)\}")

_LITERAL = {"*": "*", "?": "?", "$": "$"}  # ${*} is an asterisk (IAM user guide, policy variables)
_SEGMENTS = 6  # arn:partition:service:region:account:resource


def filled(pattern: str, values: Values) -> str | None:
    """Put the request's values in the place of a text's variables. None when the request lacks one."""
    return _filled(pattern, values, glob=False)


def globbed(pattern: str, values: Values | None) -> str | None:
    """Make a glob of a pattern. None when the request lacks a variable; no variables without `values`."""
    return _plain(pattern) if values is None else _filled(pattern, values, glob=True)


def matches(glob: str, text: str) -> bool:
    """Whether a text matches a glob, case counted."""
    return fnmatchcase(text, glob)


def arn_matches(glob: str, arn: str) -> bool:
    """Whether an ARN matches. A wildcard ends with its segment, and segments left out match everything."""
    if glob == "*":
        return True
    wanted, found = glob.split(":", _SEGMENTS - 1), arn.split(":", _SEGMENTS - 1)
    if len(found) != len(wanted) and len(wanted) == _SEGMENTS:
        return False
    return all(fnmatchcase(f, w) for w, f in zip(wanted, found, strict=False))


def _filled(pattern: str, values: Values, *, glob: bool) -> str | None:
    if "${" not in pattern:
        return _plain(pattern) if glob else pattern
    pieces: list[str] = []
    end = 0
    for variable in VARIABLE.finditer(pattern):
        value = _value(variable[1], values)
        if value is None:
            return None
        between = pattern[end : variable.start()]
        pieces += (_plain(between), _escaped(value)) if glob else (between, value)
        end = variable.end()
    rest = pattern[end:]
    return "".join((*pieces, _plain(rest) if glob else rest))


def _value(variable: str, values: Values) -> str | None:
    """Give what a variable stands for. A key with several values is none that a variable can name."""
    if variable in _LITERAL:
        return _LITERAL[variable]
    found = values.get(variable.lower(), ())
    return found[0] if len(found) == 1 else None


def _plain(pattern: str) -> str:
    """A bracket is a bracket in IAM's patterns."""
    return pattern.replace("[", "[[]")


def _escaped(text: str) -> str:
    return re.sub(r"[*?\[]", r"[\g<0>]", text)
