"""From a quota file to what it says, or to everything that is wrong with it, with line and column.

total: {rate: 20, burst: 80}
share: 0.5
scope: account
operations:
  CreateDeployment: {rate: 0.5}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, PlainValidator, ValidationError
from pydantic_core import ErrorDetails

from batchgw.cli.quotas import LEAST_RATE, UNKNOWN, QuotaFile, QuotasInvalid
from batchgw.control_plane.interface import Request
from batchgw.errors import PolicyInvalid, Problem, UsageError
from batchgw.policy.document import Mapping as MappingNode
from batchgw.policy.document import Mark, Node, locate, plain
from batchgw.policy.fields import Strict
from batchgw.policy.findings import Path as Place
from batchgw.policy.findings import did_you_mean, reject, shown
from batchgw.policy.parse import parse
from batchgw.policy.source import decode
from batchgw.throttle.quota import OPERATIONS, Quota, Scoping

KNOWN = frozenset({*OPERATIONS, *(request.operation for request in Request.__subclasses__())})
"""Operations that have a documented quota of their own, and those that batchgw sends."""


def _number(least: float, most: float, meaning: str) -> Callable[[object], float]:
    """Make the check of a number, which may be written as a fraction: 1/5 is once in five seconds."""

    def check(value: object) -> float:
        above, _, below = str(value).partition("/")
        try:
            number = float(above) / float(below or 1)
        except (ValueError, ZeroDivisionError):
            number = float("nan")
        if isfinite(number) and least <= number <= most:
            return number
        raise reject("schema", f"{_what(value)} is not {meaning}")

    return check


_rate = _number(LEAST_RATE, 1e6, "a rate: calls per second, such as 10 or 1/5")


def _total_rate(value: object) -> float | str:
    return UNKNOWN if str(value).strip().casefold() == UNKNOWN else _rate(value)


def _operation(name: str) -> str:
    if name in KNOWN:
        return name
    hint = did_you_mean(name, KNOWN) or f"; those are {', '.join(sorted(KNOWN))}"
    raise reject("schema", f"{shown(name)} is no operation that has a quota here{hint}")


def _scope(value: object) -> Scoping:
    if str(value) in list(Scoping):
        return Scoping(str(value))
    known = " or ".join(Scoping)
    raise reject("schema", f"{_what(value)} does not say what has a quota of its own: {known}")


RateText = Annotated[float, PlainValidator(_rate)]
BurstText = Annotated[
    float, PlainValidator(_number(1, 1e6, "a burst: calls that may be made at once, 1 or more"))
]
ShareText = Annotated[float, PlainValidator(_number(0.01, 1, "a share: from 0.01 to 1"))]


class TotalSpec(Strict):
    """The quota of all operations together."""

    rate: Annotated[float | Literal["unknown"], PlainValidator(_total_rate)] | None = None
    burst: BurstText | None = None


class OperationSpec(Strict):
    """The quota of one operation."""

    rate: RateText | None = None
    burst: BurstText | None = None


class QuotasSpec(Strict):
    """A quota file. What is left out, or holds nothing, stays as it would be without the file."""

    total: TotalSpec | None = None
    operations: dict[Annotated[str, AfterValidator(_operation)], OperationSpec] | None = None
    scope: Annotated[Scoping, PlainValidator(_scope)] | None = None
    share: ShareText | None = None


def load_quota_file(name: str) -> QuotaFile:
    """Read and check a quota file. Raises UsageError, which is QuotasInvalid for what is in it."""
    path = Path(name)
    try:
        document = parse(decode(path.read_bytes(), name), name, empty=_NOTHING)
    except PolicyInvalid as error:
        raise QuotasInvalid(error.problems) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"cannot read --quota-file {name}: {reason or error}.") from None
    root = _NOTHING if plain(document.root) is None else document.root
    try:
        spec = QuotasSpec.model_validate(plain(root))
        findings = list(_contradictions(spec))
    except ValidationError as error:
        spec, findings = QuotasSpec(), [_said(details) for details in error.errors(include_url=False)]
    problems = [*document.problems, *_problems(name, root, findings)]
    if problems:
        raise QuotasInvalid(tuple(sorted(problems, key=lambda p: (p.line, p.column))))
    return _quota_file(str(path.absolute()), spec)


_NOTHING = MappingNode(mark=Mark(line=1, column=1))
"""A document without content."""

_Finding = tuple[Place, str]
"""Where, and what is wrong there."""


def _quota_file(file: str, spec: QuotasSpec) -> QuotaFile:
    total = spec.total or TotalSpec()
    return QuotaFile(
        file=file,
        rate=total.rate,
        burst=total.burst,
        operations={name: _whole(name, own) for name, own in (spec.operations or {}).items()},
        scope=spec.scope,
        share=spec.share,
    )


def _whole(name: str, own: OperationSpec) -> Quota:
    """A quota of which one half may be the documented one."""
    documented = OPERATIONS.get(name)
    if documented is None:
        return Quota(own.rate or 0, own.burst or 0)  # `_contradictions` has seen to it that both are there
    return Quota(own.rate or documented.rate, own.burst or documented.burst)


def _contradictions(spec: QuotasSpec) -> Iterator[_Finding]:
    if spec.total and spec.total.rate == UNKNOWN and spec.total.burst is not None:
        yield ("total", "burst"), "of an unknown quota, no burst is known: leave it out, or give a rate"
    for name, own in (spec.operations or {}).items():
        missing = [half for half in ("rate", "burst") if getattr(own, half) is None]
        if missing and name not in OPERATIONS:
            yield (
                ("operations", name),
                f"{name} has no documented quota of its own to fill in: give its {' and '.join(missing)}",
            )


def _problems(name: str, root: Node, findings: Iterable[_Finding]) -> Iterator[Problem]:
    for place, message in findings:
        key = place[-1:] == ("[key]",)
        mark = locate(root, place[:-1] if key else place, at_key=key or message.startswith("unknown key"))
        yield Problem(file=name, line=mark.line, column=mark.column, message=message)


def _said(details: ErrorDetails) -> _Finding:
    place = tuple(details["loc"])
    match details["type"]:
        case "extra_forbidden":
            known = _KEYS[len(place) - 1]
            guess = did_you_mean(str(place[-1]), known) or f"; known here are {', '.join(known)}"
            return place, f"unknown key {shown(str(place[-1]))}{guess}"
        case "dict_type" | "model_type":
            return place, f"a mapping (key: value) is needed here, not {_what(details['input'])}"
        case _:
            return place, details["msg"]


_KEYS = tuple(tuple(spec.model_fields) for spec in (QuotasSpec, TotalSpec, OperationSpec))
"""The keys by level."""


def _what(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return shown(str(value))
