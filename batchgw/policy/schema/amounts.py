"""The texts of times and shares: how each is written, and what is refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from batchgw.policy.findings import reject
from batchgw.policy.form_rules import SCHEMA
from batchgw.policy.grammar.amounts import DURATION_PATTERN, PERCENT_PATTERN, duration_of, percent_of
from batchgw.policy.quoting import pasted, shown

_COUNT = r"\d{1,9}"


def _check_duration(text: str) -> str:
    try:
        duration_of(text)
    except ValueError:
        hint = f": write {pasted(text + 's')} or {pasted(text + 'm')}" if text.isdecimal() else ""
        raise reject(
            SCHEMA, f"{shown(text)} is not a time such as 90s, 10m or 1h30m, of a year at most{hint}"
        ) from None
    return text


def _check_percent(text: str) -> str:
    try:
        percent_of(text)
    except ValueError:
        hint = f": write {pasted(text + '%')}" if text.isdecimal() and int(text) <= 100 else ""  # noqa: PLR2004
        raise reject(SCHEMA, f"{shown(text)} is not a share such as 10%, of 100% at most{hint}") from None
    return text


def _check_amount(text: str) -> str:
    if text.endswith("%"):
        return _check_percent(text)
    return _check_count(text)


def _check_count(text: str) -> str:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:  # noqa: PLR2004 - more than there can be
        raise reject(SCHEMA, f"{shown(text)} is not a whole number from 0, such as 5")
    return text


def _true(value: object) -> object:
    if value in (True, "true", "True"):
        return True
    raise reject(SCHEMA, f"this is true, or it is left out; {shown(str(value))} means nothing here")


TrueWord = Annotated[Literal[True], BeforeValidator(_true)]
"""`true`; there is no other choice than to leave it out."""

DurationText = Annotated[
    str,
    AfterValidator(_check_duration),
    WithJsonSchema({"type": ["string", "integer"], "pattern": f"^(0|{DURATION_PATTERN})$"}),
]
PercentText = Annotated[
    str, AfterValidator(_check_percent), WithJsonSchema({"type": "string", "pattern": f"^{PERCENT_PATTERN}$"})
]
CountText = Annotated[
    str,
    AfterValidator(_check_count),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "pattern": f"^{_COUNT}$"}),
]
AmountText = Annotated[
    str,
    AfterValidator(_check_amount),
    WithJsonSchema(
        {"type": ["integer", "string"], "minimum": 0, "pattern": f"^({_COUNT}|{PERCENT_PATTERN})$"}
    ),
]
"""A number of them, or a share of all."""
