"""What a gateway response is: its 21 types, their service defaults, and the settings of one.

Source of every table here: the API Gateway developer guide ("Gateway response types") and answers recorded
from the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from batchgw.model.shape import JSON, text, text_or_none, texts

HEADER_PREFIX = "gatewayresponse.header."
"""Every key of responseParameters starts with it."""


class ResponseType(StrEnum):
    """The closed set of gateway response types."""

    DEFAULT_4XX = "DEFAULT_4XX"
    DEFAULT_5XX = "DEFAULT_5XX"
    ACCESS_DENIED = "ACCESS_DENIED"
    API_CONFIGURATION_ERROR = "API_CONFIGURATION_ERROR"
    AUTHORIZER_CONFIGURATION_ERROR = "AUTHORIZER_CONFIGURATION_ERROR"
    AUTHORIZER_FAILURE = "AUTHORIZER_FAILURE"
    BAD_REQUEST_BODY = "BAD_REQUEST_BODY"
    BAD_REQUEST_PARAMETERS = "BAD_REQUEST_PARAMETERS"
    EXPIRED_TOKEN = "EXPIRED_TOKEN"  # noqa: S105 - the name of a response type, not a secret
    INTEGRATION_FAILURE = "INTEGRATION_FAILURE"
    INTEGRATION_TIMEOUT = "INTEGRATION_TIMEOUT"
    INVALID_API_KEY = "INVALID_API_KEY"
    INVALID_SIGNATURE = "INVALID_SIGNATURE"
    MISSING_AUTHENTICATION_TOKEN = "MISSING_AUTHENTICATION_TOKEN"  # noqa: S105 - as above
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    THROTTLED = "THROTTLED"
    UNAUTHORIZED = "UNAUTHORIZED"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    WAF_FILTERED = "WAF_FILTERED"

    @property
    def family(self) -> ResponseType | None:
        """The DEFAULT_* type this one inherits from while it is not customised; None for those two."""
        return _FAMILIES.get(self)


DEFAULT_STATUS: Mapping[ResponseType, str] = {
    ResponseType.BAD_REQUEST_BODY: "400",
    ResponseType.BAD_REQUEST_PARAMETERS: "400",
    ResponseType.UNAUTHORIZED: "401",
    ResponseType.ACCESS_DENIED: "403",
    ResponseType.EXPIRED_TOKEN: "403",
    ResponseType.INVALID_API_KEY: "403",
    ResponseType.INVALID_SIGNATURE: "403",
    ResponseType.MISSING_AUTHENTICATION_TOKEN: "403",
    ResponseType.WAF_FILTERED: "403",
    ResponseType.RESOURCE_NOT_FOUND: "404",
    ResponseType.REQUEST_TOO_LARGE: "413",
    ResponseType.UNSUPPORTED_MEDIA_TYPE: "415",
    ResponseType.QUOTA_EXCEEDED: "429",
    ResponseType.THROTTLED: "429",
    ResponseType.API_CONFIGURATION_ERROR: "500",
    ResponseType.AUTHORIZER_CONFIGURATION_ERROR: "500",
    ResponseType.AUTHORIZER_FAILURE: "500",
    ResponseType.INTEGRATION_FAILURE: "504",
    ResponseType.INTEGRATION_TIMEOUT: "504",
}
"""The status code the service shows for an uncustomised type; DEFAULT_4XX and DEFAULT_5XX have none.

INTEGRATION_FAILURE is shown as 504 and answered as 500 while it is not customised: never pin the shown value.
"""

_FAMILIES: Mapping[ResponseType, ResponseType] = {
    kind: ResponseType.DEFAULT_4XX if status[0] == "4" else ResponseType.DEFAULT_5XX
    for kind, status in DEFAULT_STATUS.items()
}

DEFAULT_TEMPLATES: Mapping[str, str] = {"application/json": '{"message":$context.error.messageString}'}
"""The mapping template of every type that has none of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be set about one gateway response, under put_gateway_response's own three names.

    As desired state a None or empty field means "the service's default", as in the call itself.
    `parameters` keys carry their "gatewayresponse.header." prefix. Never change the mappings.
    """

    status_code: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, JSON]:
        """Render as the keyword arguments of the boto3 call; what is left to the service is left out."""
        out: dict[str, JSON] = {}
        if self.status_code is not None:
            out["statusCode"] = self.status_code
        if self.parameters:
            out["responseParameters"] = dict(self.parameters)
        if self.templates:
            out["responseTemplates"] = dict(self.templates)
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Settings:
        """Read what `to_json` wrote, or an answer of the service. Raises TypeError for anything else."""
        status = text_or_none(data.get("statusCode"))
        parameters, templates = data.get("responseParameters"), data.get("responseTemplates")
        return cls(
            status_code=status,
            parameters={} if parameters is None else texts(parameters),
            templates={} if templates is None else texts(templates),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayResponse:
    """One gateway response as the service answers it: effective values, and whether they are its own.

    `default_response` true means: not customised. The values are then the service's defaults or inherited
    from DEFAULT_4XX/DEFAULT_5XX, and must never be written back by PUT.
    """

    type: ResponseType
    settings: Settings
    default_response: bool

    def to_json(self) -> dict[str, JSON]:
        """Render under the service's names."""
        return {
            "responseType": self.type.value,
            **self.settings.to_json(),
            "defaultResponse": self.default_response,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> GatewayResponse:
        """Read an answer of the service, or what `to_json` wrote."""
        return cls(
            type=ResponseType(text(data["responseType"])),
            settings=Settings.from_json(data),
            default_response=bool(data.get("defaultResponse", False)),
        )
