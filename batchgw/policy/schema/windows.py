"""When calls may be made: days and times on the clock of a zone, an iCalendar file, or a Change Calendar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from batchgw.model.rollout.window import DAYS, MINUTES
from batchgw.policy.fields import FEW, MIN_ONE, NOT_EMPTY, Strict, Text
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import SCHEMA
from batchgw.policy.quoting import did_you_mean, shown

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_DAY_PATTERN = f"({'|'.join(DAYS)})"


def days_of(text: str) -> Iterator[int]:
    """Give the days of `mon`, or of `mon-thu`. Raises ValueError for anything else."""
    first, _, last = text.casefold().partition("-")
    begin = DAYS.index(first)
    end = DAYS.index(last or first)
    yield from ((begin + n) % len(DAYS) for n in range((end - begin) % len(DAYS) + 1))


def minutes_of(text: str) -> int:
    """Give the minutes of `09:00` after midnight; `24:00` is the end of the day. Raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"not a time of day: {text!r}")
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _check_days(text: str) -> str:
    try:
        list(days_of(text))
    except ValueError:
        guess = did_you_mean(text, DAYS)
        raise reject(
            SCHEMA, f"{shown(text)} is neither a day such as mon, nor days such as mon-thu{guess}"
        ) from None
    return text


def _check_time(text: str) -> str:
    try:
        minutes_of(text)
    except ValueError:
        raise reject(SCHEMA, f"{shown(text)} is not a time of day such as 09:00 or 24:00") from None
    return text


def _check_opening(text: str) -> str:
    if minutes_of(text) == MINUTES:
        raise reject(SCHEMA, "a window opens at 00:00 of the next day, rather than at 24:00")
    return text


def _check_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        raise _no_zone(text) from None
    except KeyError:
        raise _no_zone(text) from None
    return text


def _no_zone(text: str) -> Exception:
    return reject(SCHEMA, f"{shown(text)} is not a time zone such as Europe/Berlin")


DaysText = Annotated[
    str,
    AfterValidator(_check_days),
    WithJsonSchema({"type": "string", "pattern": f"^{_DAY_PATTERN}(-{_DAY_PATTERN})?$"}),
]
TimeText = Annotated[
    str,
    AfterValidator(_check_time),
    WithJsonSchema({"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"}),
]
ZoneText = Annotated[str, AfterValidator(_check_zone), WithJsonSchema({"type": "string"})]


class WindowSpec(Strict):
    """When calls may be made: by the clock, or by `file`, or by `calendar`."""

    days: Annotated[list[DaysText], FEW, NOT_EMPTY] | None = Field(
        default=None,
        description="The days on which it opens; every day, when left out.",
        json_schema_extra=MIN_ONE,
        examples=[["mon-thu"]],
    )
    opens: Annotated[TimeText, AfterValidator(_check_opening)] | None = Field(
        default=None, alias="from", description="When it opens; 00:00, when left out.", examples=["09:00"]
    )
    closes: TimeText | None = Field(
        default=None,
        alias="to",
        description="When it closes; 24:00, when left out. Not later than `from`: on the next day.",
        examples=["16:00"],
    )
    zone: ZoneText | None = Field(
        default=None,
        description="The time zone of the clock; UTC without it.",
        examples=["Europe/Berlin"],
    )
    file: Text | None = Field(
        default=None,
        min_length=1,
        description="An iCalendar file, from the folder of this file: open during its events.",
        examples=["changes.ics"],
    )
    calendar: Text | None = Field(
        default=None, min_length=1, description="The name or ARN of an SSM Change Calendar: open when it is."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        clock = any(each is not None for each in (self.days, self.opens, self.closes, self.zone))
        if sum((clock, self.file is not None, self.calendar is not None)) != 1:
            raise reject(
                SCHEMA, "a window is by days and times, by a `file` or by a `calendar`; list several"
            )
        return self
