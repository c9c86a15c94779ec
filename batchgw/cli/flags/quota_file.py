"""Reads a quota file, or says everything that is wrong with it, with line and column.

total: {rate: 20, burst: 80}
share: 0.5
scope: account
polite: true
operations:
  CreateDeployment: {rate: 0.5}
services:
  organizations: {rate: 3}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, PlainValidator, ValidationError
from pydantic_core import ErrorDetails

from batchgw.cli.flags.quota_records import (
    BURST,
    RATE,
    SHARE,
    SHARE_OF_UNKNOWN,
    UNKNOWN,
    Number,
    Position,
    QuotaFile,
    Rate,
    read_total_rate,
)
from batchgw.control_plane.operations import NAMES
from batchgw.errors import PolicyInvalid, Problem, QuotasInvalid, UsageError
from batchgw.policy.fields import Strict
from batchgw.policy.findings import Path as Steps
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import SCHEMA
from batchgw.policy.quoting import did_you_mean, shown
from batchgw.policy.text.document import Mapping as MappingNode
from batchgw.policy.text.document import Node, locate, plain
from batchgw.policy.text.document import Position as TextPosition
from batchgw.policy.text.opening import STDIN
from batchgw.policy.text.parse import parse
from batchgw.policy.text.source import MAX_BYTES, decode, file_name, read_bounded
from batchgw.throttle.quota import OPERATIONS, SERVICES, Quota, Scoping

KNOWN = frozenset(OPERATIONS) | NAMES
"""Operations with a documented quota of their own, and those that batchgw sends."""


def _checked(number: Number) -> Callable[[object], float]:
    """Make the check of a number."""

    def check(value: object) -> float:
        found = number.read(str(value))
        if found is None:
            raise reject(SCHEMA, f"{_what(value)} is not {number.meaning}")
        return found

    return check


def _total_rate(value: object) -> Rate:
    found = read_total_rate(str(value))
    return _checked(RATE)(value) if found is None else found


def _operation_rate(value: object) -> float:
    if read_total_rate(str(value)) == UNKNOWN:
        raise reject(
            SCHEMA, f"{_what(value)} is for the total alone: give calls per second, such as 10 or 1/5"
        )
    return _checked(RATE)(value)


def _operation(name: str) -> str:
    if name in KNOWN:
        return name
    hint = did_you_mean(name, KNOWN) or f"; those are {', '.join(sorted(KNOWN))}"
    raise reject(SCHEMA, f"{shown(name)} is no operation that has a quota here{hint}")


def _service(name: str) -> str:
    if name in SERVICES:
        return name
    hint = did_you_mean(name, SERVICES) or f"; those are {', '.join(SERVICES)}"
    raise reject(SCHEMA, f"{shown(name)} is no other service that is asked{hint}")


def _polite(value: object) -> bool:
    said = str(value).casefold()
    if said not in ("true", "false"):
        raise reject(SCHEMA, f"{_what(value)} does not say whether others go first: true or false")
    return said == "true"


def _scope(value: object) -> Scoping:
    if str(value) in list(Scoping):
        return Scoping(str(value))
    known = " or ".join(Scoping)
    raise reject(SCHEMA, f"{_what(value)} does not say what has a quota of its own: {known}")


RateText = Annotated[float, PlainValidator(_operation_rate)]
BurstText = Annotated[float, PlainValidator(_checked(BURST))]
ShareText = Annotated[float, PlainValidator(_checked(SHARE))]


class TotalSpec(Strict):
    """The quota of all operations together."""

    rate: Annotated[float | Literal["unknown"], PlainValidator(_total_rate)] | None = None
    burst: BurstText | None = None


class PartSpec(Strict):
    """The quota of one operation, or how fast one other service is asked."""

    rate: RateText | None = None
    burst: BurstText | None = None


class QuotasSpec(Strict):
    """A quota file. What is left out or empty stays as it would be without the file."""

    total: TotalSpec | None = None
    operations: dict[Annotated[str, AfterValidator(_operation)], PartSpec] | None = None
    services: dict[Annotated[str, AfterValidator(_service)], PartSpec] | None = None
    scope: Annotated[Scoping, PlainValidator(_scope)] | None = None
    share: ShareText | None = None
    polite: Annotated[bool, PlainValidator(_polite)] | None = None


def load_quota_file(name: str) -> QuotaFile:
    """Read and check a quota file, or standard input for "-".

    Raises UsageError for a file that cannot be read, and QuotasInvalid with every problem in its content.
    """
    shown_as = file_name(name)
    try:
        document = parse(decode(_content(name), shown_as), shown_as, empty=_NOTHING)
    except PolicyInvalid as error:
        raise QuotasInvalid(error.problems) from None
    root = _NOTHING if plain(document.root) is None else document.root
    try:
        spec, findings = QuotasSpec.model_validate(plain(root)), []
    except ValidationError as error:
        spec, findings = QuotasSpec(), [_finding(details) for details in error.errors(include_url=False)]
    problems = [*document.problems, *_problems(shown_as, root, [*findings, *_contradictions(plain(root))])]
    if not problems and _is_empty(spec):
        problems = [_empty(shown_as, root)]
    if problems:
        raise QuotasInvalid(tuple(sorted(problems, key=lambda p: (p.line, p.column))))
    return _quota_file(name, spec, _positions(shown_as, root))


_NOTHING = MappingNode(position=TextPosition(line=1, column=1))
"""A document without content."""

_Finding = tuple[Steps, str]
"""Where something is wrong, and what."""

_POSITIONS: Mapping[str, Steps] = {
    "rate": ("total", "rate"),
    "burst": ("total", "burst"),
    "share": ("share",),
}
"""Where in a file the values stand that flags may contradict."""


def _content(name: str) -> bytes:
    try:
        content = read_bounded(name)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"cannot read --quota-file {name}: {reason or error}.") from None
    if len(content) > MAX_BYTES:
        raise UsageError(f"cannot read --quota-file {name}: it is larger than {MAX_BYTES // 1_000_000} MB.")
    return content


def _is_empty(spec: QuotasSpec) -> bool:
    said = (spec.total, spec.operations, spec.services, spec.scope, spec.share, spec.polite)
    return not any(each is not None and each not in (TotalSpec(), {}) for each in said)


def _empty(name: str, root: Node) -> Problem:
    message = f"the quota file is empty; it may have {', '.join(_KEYS[0])}"
    return Problem(
        file=name, line=root.position.line, column=root.position.column, message=message, rule="file"
    )


def _positions(name: str, root: Node) -> Mapping[str, Position]:
    positions = {key: locate(root, path, at_key=False) for key, path in _POSITIONS.items()}
    return {
        key: Position(file=name, line=position.line, column=position.column)
        for key, position in positions.items()
    }


def _quota_file(name: str, spec: QuotasSpec, positions: Mapping[str, Position]) -> QuotaFile:
    total = spec.total or TotalSpec()
    return QuotaFile(
        file=file_name(name) if name == STDIN else str(Path(name).absolute()),
        rate=total.rate,
        burst=total.burst,
        operations={name: _whole(OPERATIONS.get(name), own) for name, own in (spec.operations or {}).items()},
        services={name: _whole(SERVICES[name], own) for name, own in (spec.services or {}).items()},
        scope=spec.scope,
        share=spec.share,
        polite=spec.polite,
        positions=positions,
        from_stdin=name == STDIN,
    )


def _whole(default: Quota | None, own: PartSpec) -> Quota:
    """Fill in the default's rate or burst where one of them is left out."""
    if default is None:
        return Quota(own.rate or 0, own.burst or 0)  # `_contradictions` has refused it unless both are given
    return Quota(own.rate or default.rate, own.burst or default.burst)


def _contradictions(said: object) -> Iterator[_Finding]:
    """Find what does not go together. The document may have other faults, too."""
    top = _mapping(said)
    total = _mapping(top.get("total"))
    if read_total_rate(str(total.get("rate"))) == UNKNOWN:
        if total.get("burst") is not None:
            yield ("total", "burst"), "an unknown quota has no known burst: leave it out, or give a rate"
        if (SHARE.read(str(top.get("share"))) or 1) < 1:
            yield ("share",), SHARE_OF_UNKNOWN.format(rate="the rate")
    for name, own in _mapping(top.get("operations")).items():
        misspelt = not isinstance(own, Mapping) or any(key not in _HALVES for key in own)
        missing = [half for half in _HALVES if _mapping(own).get(half) is None]
        if name in KNOWN and name not in OPERATIONS and missing and not misspelt:
            yield (
                ("operations", name),
                f"{name} has no documented quota of its own to fill in: give its {' and '.join(missing)}",
            )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _problems(name: str, root: Node, findings: Iterable[_Finding]) -> Iterator[Problem]:
    for path, message in findings:
        key = path[-1:] == ("[key]",)
        mark = locate(root, path[:-1] if key else path, at_key=key or message.startswith("unknown key"))
        yield Problem(file=name, line=mark.line, column=mark.column, message=message)


def _finding(details: ErrorDetails) -> _Finding:
    path = tuple(details["loc"])
    match details["type"]:
        case "extra_forbidden":
            known = _KEYS[len(path) - 1]
            guess = did_you_mean(str(path[-1]), known) or f"; known here are {', '.join(known)}"
            return path, f"unknown key {shown(str(path[-1]))}{guess}"
        case "dict_type" | "model_type":
            return path, f"a mapping (key: value) is needed here, not {_what(details['input'])}"
        case _:
            return path, details["msg"]


_KEYS = tuple(tuple(spec.model_fields) for spec in (QuotasSpec, TotalSpec, PartSpec))
"""The keys by level."""

_HALVES = _KEYS[2]
"""The keys of an operation or service."""


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
