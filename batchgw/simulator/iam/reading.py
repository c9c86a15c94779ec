"""Reads a policy document: plain data in, a `Policy` out, or a fault with its place.

It is stricter than AWS in one thing: a condition operator, key or variable that is not simulated is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from enum import Enum
from typing import Final, cast

from batchgw.simulator.iam.conditions import IF_EXISTS, KEYS, NULL, OPERATORS, Condition, Of, known
from batchgw.simulator.iam.documents import Effect, Patterns, Policy, Statement
from batchgw.simulator.iam.wildcards import VARIABLE

Path = tuple[str | int, ...]
"""Keys and indexes that lead to a value."""


class PolicyFault(Exception):
    """A document that cannot be used. `path` is where in it, `message` what is wrong there."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{dotted(path)}: {message}" if path else message)
        self.path = path
        self.message = message


class Kind(Enum):
    """What a document is for, which decides about Principal and Resource."""

    IDENTITY = "an identity-based policy"
    SESSION = "a session policy"
    SCP = "a service control policy"
    TRUST = "a role's trust policy"


CURRENT: Final = "2012-10-17"
"""The version with policy variables. A document that names none is of the other one."""

_VERSIONS = (CURRENT, "2008-10-17")
_ELEMENTS = ("Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition")
_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[\w*?-]+")
_SID = re.compile(r"[0-9A-Za-z]*")
_PRINCIPAL = re.compile(
    r"\*|\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|(role|user)/[\w+=,.@/-]+)"
    r"|arn:aws[a-z-]*:sts::\d{12}:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+"
)
_PRINCIPALS = ("AWS", "Service", "Federated", "CanonicalUser")


def read(document: object, kind: Kind) -> Policy:
    """Read a document. Raises PolicyFault."""
    if not isinstance(document, Mapping):
        raise PolicyFault((), "a policy is a mapping with Version and Statement")
    _require_known(document, ("Version", "Id", "Statement"), ())
    version = str(document.get("Version", _VERSIONS[1]))
    if version not in _VERSIONS:
        raise PolicyFault(("Version",), f"the version is {' or '.join(_VERSIONS)}, not {version!r}")
    statements = document.get("Statement")
    if isinstance(statements, Mapping):
        return _policy([_statement(statements, kind, ("Statement",), version)], version)
    if not isinstance(statements, list | tuple) or not statements:
        raise PolicyFault(("Statement",), "a policy needs a statement, or a list of them")
    read_ones = [_statement(s, kind, ("Statement", n), version) for n, s in enumerate(statements)]
    _require_distinct(statements)
    return _policy(read_ones, version)


def _policy(statements: Sequence[Statement], version: str) -> Policy:
    return Policy(statements=tuple(statements), variables=version == CURRENT)


def _statement(statement: object, kind: Kind, at: Path, version: str) -> Statement:
    if not isinstance(statement, Mapping):
        raise PolicyFault(at, "a statement is a mapping")
    _require_known(statement, _ELEMENTS, at)
    if kind is not Kind.TRUST and not _SID.fullmatch(str(statement.get("Sid", ""))):
        raise PolicyFault((*at, "Sid"), "a Sid has letters and digits only")
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyFault((*at, "Effect"), f"the effect is Allow or Deny, not {effect!r}")
    resources = None
    if kind is Kind.TRUST:
        for name in ("Resource", "NotResource"):
            if name in statement:
                raise PolicyFault((*at, name), "a trust policy is about its own role; it has no resource")
    else:
        resources = _patterns(statement, "Resource", at)
        _require_arns(resources, at, version)
    return Statement(
        effect=cast("Effect", effect),
        actions=_actions(statement, at),
        resources=resources,
        principals=_principals(statement, kind, at),
        conditions=tuple(_conditions(statement.get("Condition", {}), (*at, "Condition"), version)),
    )


def _actions(statement: Mapping[object, object], at: Path) -> Patterns:
    found = _patterns(statement, "Action", at)
    for action in found.globs:
        if not _ACTION.fullmatch(action):
            raise PolicyFault(at, f"an action is SERVICE:NAME or *, not {action!r}")
    return Patterns(globs=tuple(action.lower() for action in found.globs), excluded=found.excluded)


def _patterns(statement: Mapping[object, object], name: str, at: Path) -> Patterns:
    """Read an element or its Not form, of which there must be exactly one."""
    given = [n for n in (name, f"Not{name}") if n in statement]
    if len(given) != 1:
        raise PolicyFault(at, f"a statement needs {name} or Not{name}, and one of them only")
    globs = _texts(statement[given[0]], (*at, given[0]))
    if not globs:
        raise PolicyFault((*at, given[0]), "the list is empty")
    return Patterns(globs=globs, excluded=given[0] != name)


def _require_arns(resources: Patterns, at: Path, version: str) -> None:
    for resource in resources.globs:
        if resource != "*" and not resource.startswith("arn:"):
            raise PolicyFault(at, f"a resource is an ARN or *, not {resource!r}")
        _require_variables(resource, at, version)


def _principals(statement: Mapping[object, object], kind: Kind, at: Path) -> tuple[str, ...] | None:
    here = (*at, "Principal")
    if kind is not Kind.TRUST:
        if "Principal" in statement:
            raise PolicyFault(here, f"{kind.value} has no principal")
        return None
    given = statement.get("Principal")
    if given == "*":
        return ("*",)
    if not isinstance(given, Mapping) or not given:
        raise PolicyFault(here, 'a trust policy needs a principal: "*", or a mapping with AWS')
    _require_known(given, _PRINCIPALS, here)
    found = _texts(given.get("AWS", ()), (*here, "AWS"))
    for principal in found:
        if not _PRINCIPAL.fullmatch(principal):
            raise PolicyFault(
                (*here, "AWS"),
                f"a principal is an account's id, the ARN of a root, role, user or session, or *, "
                f"without wildcards within it; not {principal!r}",
            )
    return found


def _conditions(block: object, at: Path, version: str) -> Iterator[Condition]:
    if not isinstance(block, Mapping):
        raise PolicyFault(at, "a condition is a mapping: operator, key, values")
    for operator, tests in block.items():
        here = (*at, str(operator))
        if not isinstance(tests, Mapping):
            raise PolicyFault(here, "an operator takes a mapping from keys to values")
        for key, wanted in tests.items():
            values = _texts(wanted, (*here, str(key)))
            for value in values:
                _require_variables(value, (*here, str(key)), version)
            yield _condition(str(operator), str(key), values, here)


def _condition(written: str, key: str, wanted: tuple[str, ...], at: Path) -> Condition:
    if not known(key):
        raise PolicyFault((*at, key), f"the key {key} is not simulated{_meant(key, KEYS)}")
    if written == NULL:
        if any(value.lower() not in ("true", "false") for value in wanted):
            raise PolicyFault((*at, key), "Null takes true or false")
        return Condition(key=key.lower(), wanted=tuple(v.lower() for v in wanted), operator=None)
    of, _, name = written.rpartition(":")
    name, if_exists = name.removesuffix(IF_EXISTS), name.endswith(IF_EXISTS)
    if of not in ("", "ForAnyValue", "ForAllValues") or name not in OPERATORS:
        raise PolicyFault(at, f"the operator {written} is not simulated{_meant(name, (*OPERATORS, NULL))}")
    return Condition(
        key=key.lower(), wanted=wanted, operator=OPERATORS[name], of=cast("Of", of), if_exists=if_exists
    )


def _require_variables(text: str, at: Path, version: str) -> None:
    """Refuse a variable that is not simulated. In the old version there are none, and it is a text."""
    if version != CURRENT:
        return
    for variable in VARIABLE.finditer(text):
        if variable[1] not in ("*", "?", "$") and not known(variable[1]):
            raise PolicyFault(at, f"the policy variable {variable[0]} is not simulated")


def _require_known(given: Mapping[object, object], names: Sequence[str], at: Path) -> None:
    for name in given:
        if name not in names:
            raise PolicyFault((*at, str(name)), f"there is no {name!r} here{_meant(str(name), names)}")


def _require_distinct(statements: Sequence[object]) -> None:
    seen: set[object] = set()
    for n, statement in enumerate(statements):
        sid = statement.get("Sid") if isinstance(statement, Mapping) else None
        if sid in seen:
            raise PolicyFault(("Statement", n, "Sid"), f"there is another statement with the Sid {sid}")
        if sid is not None:
            seen.add(sid)


def _texts(value: object, at: Path) -> tuple[str, ...]:
    """Read a text or a list of texts. A number or a boolean is the text that JSON writes for it."""
    items = value if isinstance(value, list | tuple) else (value,)
    return tuple(_text(item, at) for item in items)


def _text(item: object, at: Path) -> str:
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, str | int):
        return str(item)
    raise PolicyFault(at, f"a text or a list of texts is needed here, not {type(item).__name__}")


def _meant(word: str, names: Sequence[str]) -> str:
    without_case = {name.lower(): name for name in names}
    close = get_close_matches(word.lower(), without_case, n=1)
    return f"; did you mean {without_case[close[0]]}?" if close else f"; there are {', '.join(names)}"


def dotted(path: Path) -> str:
    """Write a path as people do: Statement[0].Condition."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return steps.removeprefix(".")
