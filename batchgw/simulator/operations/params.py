"""Reads wire parameters: JSON values of any shape in, typed values or the service's refusal out.

It also checks the constraints of the service model. All violations are reported at once, in one sentence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from batchgw.simulator.reply import Params, ServiceFault

_JAVA: Mapping[type, str] = {
    bool: "class java.lang.Boolean",
    int: "class com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    float: "class com.amazon.coral.value.json.numbers.TruncatingBigNumber",
}


def _not_a_string(value: object) -> ServiceFault:
    java = _JAVA.get(type(value))
    if java is None:
        message = "Start of structure or map found where not expected."
    else:
        message = f"{java} can not be converted to an String"
    return ServiceFault("SerializationException", 400, message, modelled=False)


def optional_text(params: Params, name: str) -> str | None:
    """Read a string member; None when it is absent or null."""
    value = params.get(name)
    if value is None or isinstance(value, str):
        return value
    raise _not_a_string(value)


def text(params: Params, name: str) -> str:
    """Read a string member that names something. An absent one is "", which is the name of nothing."""
    return optional_text(params, name) or ""


def flag(params: Params, name: str) -> bool | None:
    """Read a boolean member. Its text form is accepted, as in query strings."""
    value = params.get(name)
    if isinstance(value, str):
        return value.lower() == "true"
    return None if value is None else bool(value)


def whole(params: Params, name: str) -> int | None:
    """Read an integer member. Its text form is accepted, as in query strings. Raises for anything else."""
    value = params.get(name)
    if value is None:
        return None
    try:
        return int(str(value))
    except ValueError:
        raise ServiceFault(
            "SerializationException", 400, f"{value} can not be converted to an Integer", modelled=False
        ) from None


def decimal(params: Params, name: str) -> float | None:
    """Read a member that is a finite number. Its text form is accepted. Raises for anything else."""
    value = params.get(name)
    if value is None:
        return None
    try:
        return finite(str(value))
    except ValueError:
        raise ServiceFault(
            "SerializationException", 400, f"{value} can not be converted to a Double", modelled=False
        ) from None


def finite(value: str) -> float:
    """Read a number that JSON can hold. Raises ValueError for any other text."""
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(f"not a finite number: {value}")
    return found


def structure(params: Params, name: str) -> Params | None:
    """Read a member that is a structure; None when it is absent."""
    value = params.get(name)
    if value is None or isinstance(value, Mapping):
        return value
    raise ServiceFault("SerializationException", 400, "Unexpected token found.", modelled=False)


def structures(params: Params, name: str) -> list[Params]:
    """Read a list of structures; empty when it is absent."""
    return [structure({name: v}, name) or {} for v in _sequence(params, name) or ()]


def _sequence(params: Params, name: str) -> Sequence[object] | None:
    value = params.get(name)
    if value is None or (isinstance(value, Sequence) and not isinstance(value, str | bytes)):
        return value
    raise ServiceFault("SerializationException", 400, "Expected list or null", modelled=False)


def strings(params: Params, name: str) -> list[str] | None:
    """Read a list of strings; None when it is absent."""
    found = _sequence(params, name)
    return None if found is None else [text({name: v}, name) for v in found]


def string_map(params: Params, name: str) -> dict[str, str]:
    """Read a map from string to string; empty when it is absent. A null value is read as ""."""
    found = structure(params, name) or {}
    return {key: text(found, key) for key in found}


def one_of(value: str | None, path: str, allowed: Sequence[str]) -> list[str]:
    """Give the violations of an enumeration. `path` is the member, as the service names it."""
    if value is None or value in allowed:
        return []
    return [_violation(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")]


def all_of(values: Iterable[str], path: str, allowed: Sequence[str]) -> list[str]:
    """Give the violations of a list of enumerated values: one for the whole list."""
    found = list(values)
    if all(v in allowed for v in found):
        return []
    constraint = (
        f"Member must satisfy constraint: [Member must satisfy enum value set: [{', '.join(allowed)}]]"
    )
    return [_violation(f"[{', '.join(found)}]", path, constraint)]


def matching(value: str | None, path: str, pattern: str) -> list[str]:
    """Give the violations of a regular expression that the whole value must match."""
    if value is None or re.fullmatch(pattern, value):
        return []
    return [_violation(value, path, f"Member must satisfy regular expression pattern: {pattern}")]


def _violation(value: str, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def require(violations: list[str]) -> None:
    """Refuse the request if there are violations. The message names all of them."""
    if not violations:
        return
    errors = "error" if len(violations) == 1 else "errors"
    message = f"{len(violations)} validation {errors} detected: " + "; ".join(violations)
    raise ServiceFault("ValidationException", 400, message, modelled=False)
