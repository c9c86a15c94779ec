"""The field types that the models of the policy file share: how each is written, and what is refused."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    PlainValidator,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticKnownError

from batchgw.model import ResponseType
from batchgw.model.fleet.targets import CURRENT
from batchgw.policy.findings import Rule, reject
from batchgw.policy.form_rules import ACCOUNT_ID, EMPTY_LIST, MAPPING, REGION, ROLE, SCHEMA, STATUS_CODE
from batchgw.policy.grammar.expressions import MAPPINGS, SOURCE_PATTERN, is_source, meant_source
from batchgw.policy.grammar.regions import REGION_FORM, REGIONS
from batchgw.policy.quoting import did_you_mean, pasted, shown


class Strict(BaseModel):
    """A mapping of the policy file. It has no keys but its own, and is never changed after it was read."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        field_title_generator=lambda name, field: field.alias or name,
        model_title_generator=lambda model: model.__name__.removesuffix("Spec"),
    )


Text = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""A text. Numbers and booleans are read as the texts that were typed, so `5` and `true` need no quotes."""

_NAME = r"[A-Za-z0-9_+=,.@-]"
_ROLE = rf"({_NAME}|/){{1,512}}"
_ROLE_ARN = rf"arn:(aws[a-z-]*|\*|\{{partition\}}):iam::(\{{account\}}|\*|\d{{12}}):role/{_ROLE}"


def _form(pattern: str, rule: Rule, message: str, *types: str) -> tuple[AfterValidator, WithJsonSchema]:
    """Make the check of a text's form, and its JSON Schema. `message` is shown without the text itself."""
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if compiled.fullmatch(text):
            return text
        raise reject(rule, message)

    kind = ["string", *types] if types else "string"
    return AfterValidator(check), WithJsonSchema({"type": kind, "pattern": f"^({pattern})$"})


def _check_account(text: str) -> str:
    if re.fullmatch(r"\d{12}", text, re.ASCII):
        return text
    lost = text.isascii() and text.isdecimal() and 9 <= len(text) < 12  # noqa: PLR2004 - of 12 digits
    if lost:
        why = f"; has it lost its leading zeros? Write {pasted(text.zfill(12))} if so"
    elif text == "organization":
        why = "; it stands alone, as in `accounts: organization`"
    elif text[:1].isdigit():
        why = ""
    else:
        why = f"; an OU is a path from the root, such as /Prod, and a name is {pasted({'name': 'payments'})}"
    raise reject(ACCOUNT_ID, f"an account id is twelve digits, and this is {shown(text)}{why}")


def _check_region(text: str) -> str:
    if REGION_FORM.fullmatch(text):
        return text
    guess = did_you_mean(text, REGIONS)
    if text == "enabled":
        guess = "; it stands alone, as in `regions: enabled`"
    raise reject(REGION, f"{shown(text)} is not a region code such as eu-west-1{guess}")


def _check_source(text: str) -> str:
    if is_source(text):
        return text
    meant = meant_source(f"method.request.{text}", text.removeprefix("$"))
    hint = f"; did you mean {meant}?" if meant else ""
    raise reject(MAPPING, f"{shown(text)} is not a mapping the service knows: those are {MAPPINGS}{hint}")


def _check_not_empty(items: list[object]) -> list[object]:
    if items:
        return items
    raise reject(
        EMPTY_LIST, "an empty list could mean nothing or everything; leave the key out, or list something"
    )


MAX_LISTED = 200
"""Regions or presets that a policy may list: AWS has under 40 regions, and there are under 10 presets."""


def _check_few(items: object) -> object:
    if isinstance(items, list) and len(items) > MAX_LISTED:
        raise reject(SCHEMA, f"this lists {len(items)} things, and at most {MAX_LISTED} make sense here")
    return items


FEW = BeforeValidator(_check_few)
"""Refuses a list that is too long before each of its items is checked."""

NOT_EMPTY = AfterValidator(_check_not_empty)
MIN_ONE: dict[str, JsonValue] = {"minItems": 1}
"""What NOT_EMPTY means in JSON Schema."""

AccountText = Annotated[
    str,
    AfterValidator(lambda text: text if text == CURRENT else _check_account(text)),
    WithJsonSchema({"type": ["string", "integer"], "pattern": rf"^(\d{{12}}|{CURRENT})$"}),
]
AccountIdText = Annotated[
    str,
    AfterValidator(_check_account),
    WithJsonSchema({"type": ["string", "integer"], "pattern": r"^\d{12}$"}),
]
RegionText = Annotated[
    str,
    AfterValidator(_check_region),
    WithJsonSchema({"type": "string", "pattern": f"^{REGION_FORM.pattern}$", "examples": sorted(REGIONS)}),
]
RoleText = Annotated[
    str,
    *_form(
        f"{_ROLE}|{_ROLE_ARN}",
        ROLE,
        "write a role's name, or its ARN with {account} for the account id, such as"
        ' "arn:aws:iam::{account}:role/NAME"',
    ),
]
ExternalIdText = Annotated[
    str,
    *_form(
        rf"({_NAME}|[:/]){{2,1224}}",
        SCHEMA,
        "an external id has 2 to 1224 letters, digits or any of _+=,.@:/-",
        "number",
    ),
]
SessionNameText = Annotated[
    str,
    *_form(
        f"{_NAME}{{2,64}}", SCHEMA, "a session name has 2 to 64 letters, digits or any of _+=,.@-", "number"
    ),
]
SourceIdentityText = Annotated[
    str,
    *_form(
        f"{_NAME}{{2,64}}",
        SCHEMA,
        "a source identity has 2 to 64 letters, digits or any of _+=,.@-",
        "number",
    ),
]
ApiIdText = Annotated[
    str,
    *_form("[A-Za-z0-9_-]{1,64}", SCHEMA, "an API id is letters and digits, such as a1b2c3d4e5", "number"),
]
StatusText = Annotated[
    str,
    *_form(r"[1-5]\d\d", STATUS_CODE, "a status code is three digits from 100 to 599")[:1],
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^[1-5]\d\d$"},
                {"type": "integer", "minimum": 100, "maximum": 599},
            ]
        }
    ),
]
HeaderSourceText = Annotated[
    str,
    AfterValidator(_check_source),
    WithJsonSchema({"type": "string", "pattern": f"^({SOURCE_PATTERN})$"}),
]
RawHeaderText = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^('.*'|{SOURCE_PATTERN})$"})]
"""A value of responseParameters. Its form is checked by lint, whose message can say what to write instead."""


CUSTOMISED: Final = "customised"
"""The word in a preset's `types` for the types that an API customised itself."""

TYPE_WORDS: Final = (*(t.value for t in ResponseType), CUSTOMISED)
"""The words that a preset's `types` may contain."""


def _type_word(value: object) -> ResponseType | Literal["customised"]:
    if value == CUSTOMISED:
        return CUSTOMISED
    if isinstance(value, str) and value in TYPE_WORDS:
        return ResponseType(value)
    raise PydanticKnownError("enum", {"expected": ", ".join(TYPE_WORDS)})


TypeWord = Annotated[
    ResponseType | Literal["customised"], PlainValidator(_type_word), WithJsonSchema({"enum": [*TYPE_WORDS]})
]
"""A response type, or `customised`."""


class HeaderSource(Strict):
    """A header's value taken from the request."""

    source: HeaderSourceText = Field(
        alias="from", description=f"One of {MAPPINGS}.", examples=["method.request.header.Origin"]
    )


def _header_tag(value: object) -> str:
    return "source" if isinstance(value, dict | HeaderSource) else "literal"


HeaderValue = Annotated[
    Annotated[Text, Tag("literal")] | Annotated[HeaderSource, Tag("source")], Discriminator(_header_tag)
]
"""A literal as it is to be sent, or `{from: ...}`."""
