"""The field types that the policy file's models share, each saying how it is written and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from batchgw.policy.expressions import MAPPINGS, Form, source_form
from batchgw.policy.findings import did_you_mean, reject, shown
from batchgw.policy.regions import REGION_FORM, REGIONS


class Strict(BaseModel):
    """A mapping of the policy file: no keys but its own, and never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _matching(pattern: str, rule: str, message: str) -> Callable[[str], str]:
    """Make a check that refuses what does not match, without repeating what was written."""
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if compiled.fullmatch(text):
            return text
        raise reject(rule, message)

    return check


Text = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""A text. Numbers and booleans are taken as they were typed, so `5` and `true` need no quotes."""


def _check_account(text: str) -> str:
    if re.fullmatch(r"\d{12}", text, re.ASCII):
        return text
    lost = text.isascii() and text.isdecimal() and 9 <= len(text) < 12  # noqa: PLR2004 - of 12 digits
    why = f"; has it lost its leading zeros? Write {shown(text.zfill(12))} if so" if lost else ""
    raise reject("account-id", f"an account id is twelve digits, and this is {shown(text)}{why}")


def _check_region(text: str) -> str:
    if REGION_FORM.fullmatch(text):
        return text
    raise reject(
        "region", f"{shown(text)} is not a region code such as eu-west-1{did_you_mean(text, REGIONS)}"
    )


def _check_source(text: str) -> str:
    if source_form(text) in (Form.REQUEST, Form.UNVERIFIED):
        return text
    full = f"method.request.{text}"
    hint = f"; did you mean {full}?" if source_form(full) is Form.REQUEST else ""
    raise reject("mapping", f"{shown(text)} is not a mapping the service knows: those are {MAPPINGS}{hint}")


def _check_not_empty(items: list[Any]) -> list[Any]:
    if items:
        return items
    raise reject(
        "empty-list", "an empty list could mean nothing or everything; leave the key out, or list something"
    )


_check_status = _matching(r"[1-5]\d\d", "status-code", "a status code is three digits from 100 to 599")
_check_role = _matching(
    r"[\w+=,.@/-]{1,512}|arn:aws[a-z-]*:iam::(\{account\}|\d{12}):role/[\w+=,.@/-]{1,512}",
    "role",
    "write a role's name, or its ARN with {account} for the account id: arn:aws:iam::{account}:role/NAME",
)
_check_external_id = _matching(
    r"[\w+=,.@:/-]{2,1224}", "schema", "an external id has 2 to 1224 letters, digits or any of _+=,.@:/-"
)
_check_session_name = _matching(
    r"[\w+=,.@-]{2,64}", "schema", "a session name has 2 to 64 letters, digits or any of _+=,.@-"
)
_check_api_id = _matching(
    r"[A-Za-z0-9_-]{1,64}", "schema", "an API id is made of letters and digits, such as a1b2c3d4e5"
)

AccountIdText = Annotated[
    str,
    AfterValidator(_check_account),
    WithJsonSchema({"type": ["string", "integer"], "pattern": r"^\d{12}$", "examples": ["111122223333"]}),
]
RegionText = Annotated[
    str, AfterValidator(_check_region), WithJsonSchema({"type": "string", "examples": sorted(REGIONS)})
]
RoleText = Annotated[str, AfterValidator(_check_role)]
ExternalIdText = Annotated[Text, AfterValidator(_check_external_id)]
SessionNameText = Annotated[Text, AfterValidator(_check_session_name)]
ApiIdText = Annotated[Text, AfterValidator(_check_api_id)]
StatusText = Annotated[
    str,
    AfterValidator(_check_status),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^[1-5]\d\d$"},
                {"type": "integer", "minimum": 100, "maximum": 599},
            ]
        }
    ),
]
NotEmpty = AfterValidator(_check_not_empty)


class HeaderSource(Strict):
    """A header's value taken from the request."""

    source: Annotated[
        str,
        AfterValidator(_check_source),
        Field(
            alias="from",
            description=f"One of {MAPPINGS}.",
            examples=["method.request.header.Origin"],
        ),
    ]


def _header_tag(value: object) -> str:
    return "source" if isinstance(value, dict | HeaderSource) else "literal"


HeaderValue = Annotated[
    Annotated[Text, Tag("literal")] | Annotated[HeaderSource, Tag("source")], Discriminator(_header_tag)
]
"""A literal as it shall be sent, or `{from: ...}`."""
