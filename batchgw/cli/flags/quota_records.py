"""What a quota file says, as a plan or run keeps it, and how numbers are written in it and in flags.

`quota_file` reads the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Literal

from batchgw.errors import Problem
from batchgw.model.shape import JSON, number, record, text, truth
from batchgw.throttle.quota import Quota, Scoping

if TYPE_CHECKING:
    Rate = float | Literal["unknown"]
else:
    Rate = float  # a type that Typer knows; the flag has a parser of its own

UNKNOWN: Literal["unknown"] = "unknown"
"""How an unknown rate is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number as people write it: 0.2, or as a fraction: 1/5 is once in five seconds.

    Attributes:
        least, most: its bounds, both allowed.
        meaning: what it is, for messages.
    """

    least: float
    most: float
    meaning: str

    def read(self, text: str) -> float | None:
        """Give the number; None for a text that is not a number within the bounds."""
        above, slash, below = text.partition("/")
        try:
            number = float(above) / (float(below) if slash else 1)
        except (ValueError, ZeroDivisionError):
            return None
        return number if isfinite(number) and self.least <= number <= self.most else None


RATE = Number(least=0.001, most=1e6, meaning="a rate: calls per second, such as 10 or 1/5")
BURST = Number(least=1, most=1e6, meaning="a burst: calls that may be made at once, 1 or more")
SHARE = Number(least=0.01, most=1, meaning="a share: from 0.01 to 1")

SHARE_OF_UNKNOWN = (
    "{rate} is unknown, and a share is a part of a quota: state the rate, or leave the share out"
)
"""What is wrong with a share of an unknown rate."""


def read_total_rate(text: str) -> Rate | None:
    """Read the rate of all operations together, which may be unknown; None for any other text."""
    return UNKNOWN if text.strip().casefold() == UNKNOWN else RATE.read(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position in a file, as in `Problem`."""

    file: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFile:
    """What a quota file says; None stands for what it does not mention.

    Attributes:
        file: its absolute path.
        rate: calls/second of all operations together.
        burst: calls at once, of all operations together.
        operations: the operations it names, each with rate and burst.
        services: the other services it names, each with how fast it is asked.
        scope: what has a quota of its own.
        share: the part of the rate that is used.
        polite: whether other callers go first.
        positions: where the rate, the burst and the share stand in the file, by these names. A run does not
            keep them.
        from_stdin: whether it was read from standard input.
    """

    file: str
    rate: Rate | None = None
    burst: float | None = None
    operations: Mapping[str, Quota] = field(default_factory=dict)
    services: Mapping[str, Quota] = field(default_factory=dict)
    scope: Scoping | None = None
    share: float | None = None
    polite: bool | None = None
    positions: Mapping[str, Position] = field(default_factory=dict, repr=False, compare=False)
    from_stdin: bool = field(default=False, compare=False)

    def problem(self, name: str, message: str) -> Problem:
        """Say what is wrong with the rate, the burst or the share, with its position."""
        at = self.positions.get(name) or Position(file=self.file)
        return Problem(file=at.file, line=at.line, column=at.column, message=message)

    def to_json(self) -> dict[str, JSON]:
        """Render for a plan or the journal; what the file does not mention is left out."""
        total = {"rate": self.rate, "burst": self.burst}
        values: dict[str, JSON] = {
            "file": self.file,
            "total": {name: value for name, value in total.items() if value is not None} or None,
            "operations": _to_json(self.operations) or None,
            "services": _to_json(self.services) or None,
            "scope": self.scope and self.scope.value,
            "share": self.share,
            "polite": self.polite,
        }
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, JSON]) -> QuotaFile:
        """Read what `to_json` rendered. Raises KeyError, TypeError or ValueError for anything else."""
        total = record(value.get("total", {}))
        rate, scope, polite = total.get("rate"), value.get("scope"), value.get("polite")
        return cls(
            file=text(value["file"]),
            rate=UNKNOWN if rate == UNKNOWN else _number_or_none(rate),
            burst=_number_or_none(total.get("burst")),
            operations=_quotas(record(value.get("operations", {}))),
            services=_quotas(record(value.get("services", {}))),
            scope=None if scope is None else Scoping(text(scope)),
            share=_number_or_none(value.get("share")),
            polite=None if polite is None else truth(polite),
        )


def _number_or_none(value: JSON) -> float | None:
    return None if value is None else number(value)


def _to_json(quotas: Mapping[str, Quota]) -> dict[str, JSON]:
    return {name: {"rate": quota.rate, "burst": quota.burst} for name, quota in quotas.items()}


def _quotas(value: Mapping[str, JSON]) -> dict[str, Quota]:
    return {name: _quota(record(quota)) for name, quota in value.items()}


def _quota(value: Mapping[str, JSON]) -> Quota:
    return Quota(rate=number(value["rate"]), burst=number(value["burst"]))
