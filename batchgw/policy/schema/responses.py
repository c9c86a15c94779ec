"""What one gateway response shall be, in the friendly spelling or in boto3's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from batchgw.model import Mode
from batchgw.policy.fields import HeaderValue, RawHeaderText, StatusText, Strict, Text

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
