"""The policy file as people write it: its keys, their types, and the checks of each key by itself.

A new key of the format is a field here. Editors and `batchgw schema` show its description. The folder `lint`
checks keys against each other; the folder `meaning` works out what they mean together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from batchgw.model import Mode, ResponseType, Unlisted
from batchgw.policy.fields import (
    FEW,
    MIN_ONE,
    NOT_EMPTY,
    AccountText,
    ApiIdText,
    ExternalIdText,
    HeaderValue,
    RawHeaderText,
    RegionText,
    RoleText,
    SessionNameText,
    StatusText,
    Strict,
    Text,
)
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import EMPTY_SELECTOR, SCHEMA
from batchgw.policy.presets.index import PresetUse
from batchgw.policy.quoting import shown

VERSION = 1
"""The version of the format that this module reads."""


class SelectorSpec(Strict):
    """Matches a REST API when every given field does."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    id: ApiIdText | None = Field(default=None, description="The API's id.", examples=["a1b2c3d4e5"])
    name: Text | None = Field(
        default=None, description="A glob over the API's name; case counts.", examples=["orders-*"]
    )
    tags: dict[Text, Text] = Field(
        default_factory=dict,
        description="Tags the API must carry; each value is a glob.",
        examples=[{"tier": "public"}],
    )

    @model_validator(mode="after")
    def _names_something(self) -> SelectorSpec:
        if self.id is None and self.name is None and not self.tags:
            raise reject(EMPTY_SELECTOR, 'a selector needs an id, a name or tags; every API is {"name": "*"}')
        return self


class ApisSpec(Strict):
    """Which REST APIs: any of `include`, and none of `exclude`."""

    include: Annotated[list[SelectorSpec], NOT_EMPTY] | None = Field(
        default=None,
        description="APIs to target: all, when this is left out.",
        json_schema_extra=MIN_ONE,
    )
    exclude: list[SelectorSpec] = Field(
        default_factory=list, description="APIs to leave alone, even if included."
    )


def _accounts_tag(value: object) -> str:
    return "ids" if isinstance(value, list) else "word"


class TargetsSpec(Strict):
    """Where to look: regions, accounts, how to reach them, and which APIs there."""

    regions: Annotated[list[RegionText], NOT_EMPTY, FEW] | None = Field(
        default=None,
        description="Regions to look in; the default region of the credentials, when left out.",
        examples=[["eu-west-1", "us-east-1"]],
        json_schema_extra=MIN_ONE,
    )
    accounts: Annotated[
        Annotated[Literal["current"], Tag("word")] | Annotated[list[AccountText], NOT_EMPTY, Tag("ids")],
        Discriminator(_accounts_tag),
    ] = Field(
        default="current",
        description="`current`: the account of the credentials; or a list of ids, each reached through"
        " `role`. `current` may stand in the list; the credentials' own account is reached directly.",
        json_schema_extra=MIN_ONE,
    )
    role: RoleText | None = Field(
        default=None,
        description="The role to assume in each account: its name, or an ARN with {account} in it.",
        examples=["OrganizationBatchgw", "arn:aws:iam::{account}:role/ops/Batchgw"],
    )
    external_id: ExternalIdText | None = Field(
        default=None, description="The external id that the role's trust policy asks for."
    )
    session_name: SessionNameText | None = Field(
        default=None, description="The session name that CloudTrail shows; the run's id, when left out."
    )
    apis: ApisSpec = Field(default_factory=ApisSpec, description="Which REST APIs; all, when left out.")


Headers = Annotated[
    dict[str, HeaderValue],
    Field(
        description="Headers by name: the value as it shall be sent, or {from: method.request.header.NAME}.",
        examples=[{"Access-Control-Allow-Origin": "*", "X-Origin": {"from": "method.request.header.Origin"}}],
    ),
]
Templates = Annotated[
    dict[str, Text],
    Field(
        description="Bodies by content type, with $context.*, $stageVariables.* and $method.request.*"
        " variables; not VTL.",
        examples=[{"application/json": '{"message":$context.error.messageString}'}],
    ),
]
ResponseParameters = Annotated[
    dict[str, RawHeaderText],
    Field(
        alias="responseParameters",
        description="boto3's spelling of `headers`: gatewayresponse.header.NAME to 'literal' or a mapping.",
        examples=[{"gatewayresponse.header.WWW-Authenticate": "'Bearer'"}],
    ),
]
ResponseTemplates = Annotated[
    dict[str, Text], Field(alias="responseTemplates", description="boto3's spelling of `templates`.")
]


class ResponseSpec(Strict):
    """What one gateway response shall be, in the friendly spelling, in boto3's, or in both.

    What is left out is the service's default: a customised type inherits nothing from DEFAULT_4XX or
    DEFAULT_5XX.
    """

    status: StatusText | None = Field(default=None, description="The HTTP status code.", examples=[401])
    headers: Headers = Field(default_factory=dict)
    templates: Templates = Field(default_factory=dict)
    mode: Mode | None = Field(default=None, description="The mode of this response, if not the policy's.")
    response_type: Text | None = Field(
        default=None, alias="responseType", description="boto3's spelling of the key above; must equal it."
    )
    status_code: StatusText | None = Field(
        default=None, alias="statusCode", description="boto3's spelling of `status`."
    )
    response_parameters: ResponseParameters = Field(default_factory=dict)
    response_templates: ResponseTemplates = Field(default_factory=dict)


class CustomisedSpec(Strict):
    """What is merged into every type that an API customised itself, in either spelling.

    It has no status: one status for all types would turn a 429 into a 401.
    """

    headers: Headers = Field(default_factory=dict)
    templates: Templates = Field(default_factory=dict)
    response_parameters: ResponseParameters = Field(default_factory=dict)
    response_templates: ResponseTemplates = Field(default_factory=dict)


BodySpec = ResponseSpec | CustomisedSpec
"""The mappings that set headers and templates."""


def _response_tag(value: object) -> str:
    return "settings" if isinstance(value, dict | ResponseSpec) else "word"


ResponseValue = Annotated[
    Annotated[ResponseSpec, Tag("settings")]
    | Annotated[Literal["default"], Tag("word"), Field(description="Take the customisation away.")],
    Discriminator(_response_tag),
]
"""Settings, or `default`: take the customisation away."""


def _check_version(value: object) -> object:
    if str(value) == str(VERSION):
        return VERSION
    raise reject(
        SCHEMA, f"this batchgw reads policies of version {VERSION}; this policy says {shown(str(value))}"
    )


class PolicyFile(Strict):
    """A batchgw policy: which REST APIs, and what their gateway responses shall be."""

    version: Annotated[Literal[1], BeforeValidator(_check_version)] = Field(
        description="The version of the policy format: 1."
    )
    targets: TargetsSpec = Field(
        default_factory=TargetsSpec, description="Where to look, and for which APIs."
    )
    mode: Mode = Field(
        default=Mode.REPLACE,
        description="replace: exactly this; merge: listed keys win, the rest stays; fill: only where nothing"
        " is customised.",
    )
    unlisted: Unlisted = Field(
        default=Unlisted.LEAVE,
        description="Customised types that the policy does not name: leave or reset them.",
    )
    responses: dict[ResponseType, ResponseValue] = Field(
        default_factory=dict, description="What each gateway response type shall be."
    )
    wherever_customised: CustomisedSpec | None = Field(
        default=None,
        description="Headers and templates to merge into the types that an API customised itself; what is"
        " not customised stays so.",
    )
    use: Annotated[list[PresetUse], FEW] = Field(
        default_factory=list,
        description="Presets to start from (see `batchgw presets`); `responses` win over them, later ones"
        " over earlier ones.",
    )
