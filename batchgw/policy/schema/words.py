"""The texts of selectors: OUs, owners, dates, expressions, regions with globs. How each is written."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from batchgw.model import OuPattern, Owner
from batchgw.model.fleet.globs import is_glob
from batchgw.model.fleet.selector import compiled
from batchgw.model.owner import KINDS
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import ACCOUNT_ID, EXPRESSION, REGION, SCHEMA
from batchgw.policy.grammar.regions import REGION_FORM, REGIONS
from batchgw.policy.quoting import closest, did_you_mean, excerpt, pasted, shown


def _check_ou(text: str) -> str:
    try:
        OuPattern.parse(text)
    except ValueError:
        raise reject(
            SCHEMA,
            f"{shown(text)} is not an OU: write its id (ou-abcd-11112222, or the root's, r-abcd), or its path"
            " from the root, such as /Prod/Payments or /Prod/**",
        ) from None
    return text


def _check_owner(text: str) -> str:
    kind = text.partition(":")[0]
    try:
        Owner.parse(text)
    except ValueError:
        guess = closest(kind, KINDS)
        hint = f"did you mean {guess + text[len(kind) :]}?" if guess else f"owners are {', '.join(KINDS)}"
        raise reject(SCHEMA, f"{shown(text)} is not an owner; {hint}") from None
    return text


def _check_account(text: str) -> str:
    if text and (not text.isdecimal() or re.fullmatch(r"\d{12}", text, re.ASCII)):
        return text
    lost = text.isascii() and 9 <= len(text) < 12  # noqa: PLR2004 - of 12 digits
    why = f"; has it lost its leading zeros? Write {pasted(text.zfill(12))} if so" if lost else ""
    raise reject(ACCOUNT_ID, f"{shown(text)} is neither an account id of twelve digits nor a name{why}")


def _check_region(text: str) -> str:
    if is_glob(text) or REGION_FORM.fullmatch(text):
        return text
    guess = did_you_mean(text, REGIONS)
    raise reject(REGION, f"{shown(text)} is not a region code such as eu-west-1, nor a glob (eu-*){guess}")


def _check_expression(text: str) -> str:
    try:
        compiled(text)
    except ValueError as error:
        said, _, rest = str(error).partition("\n")
        column = len(rest.rpartition("\n")[2]) if "^" in rest else 0
        where = f", at its character {column}" if column else ""
        raise reject(EXPRESSION, f"not a JMESPath expression{where}: {excerpt(said.rstrip(':'))}") from None
    return text


def seconds(text: str) -> float:
    """Read a date (its midnight in UTC) or a time with an offset. Raises ValueError for anything else."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return moment.timestamp()


def _check_moment(text: str) -> str:
    try:
        seconds(text)
    except (ValueError, OverflowError):
        raise reject(
            SCHEMA, f"{shown(text)} is not a date such as 2024-01-31, nor a time such as 2024-01-31T12:00:00Z"
        ) from None
    return text


def _check_day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise reject(SCHEMA, f"{shown(text)} is not a date such as 2027-01-31")
    return text


OuText = Annotated[
    str, AfterValidator(_check_ou), WithJsonSchema({"type": "string", "pattern": "^(/|ou-|r-)"})
]
OwnerText = Annotated[
    str,
    AfterValidator(_check_owner),
    WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(KINDS)})(:.*)?$"}),
]
AccountGlob = Annotated[
    str, AfterValidator(_check_account), WithJsonSchema({"type": ["string", "integer"], "minLength": 1})
]
RegionGlob = Annotated[
    str, AfterValidator(_check_region), WithJsonSchema({"type": "string", "examples": sorted(REGIONS)})
]
ExpressionText = Annotated[str, AfterValidator(_check_expression), WithJsonSchema({"type": "string"})]
MomentText = Annotated[
    str,
    AfterValidator(_check_moment),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d([T ].+)?$"}),
]
DayText = Annotated[
    str, AfterValidator(_check_day), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"})
]
