"""What may stand in a gateway response: header names, mapping expressions, templates, status codes.

Messages are the service's own, as they were recorded or reported. The few others are marked.
"""

from __future__ import annotations

import re

from batchgw.model import HEADER_PREFIX, ResponseType, Settings
from batchgw.simulator.operations.params import matching, one_of, require
from batchgw.simulator.reply import bad_request

STATUS_CODE = r"[1-5]\d\d"
"""The service model's pattern of statusCode."""

TEMPLATE_LIMIT = 300 * 1024
"""Bytes of one mapping template (developer guide, quotas of API Gateway)."""

RESPONSE_TYPES = (
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "MISSING_AUTHENTICATION_TOKEN",
    "BAD_REQUEST_BODY",
    "INVALID_SIGNATURE",
    "INVALID_API_KEY",
    "BAD_REQUEST_PARAMETERS",
    "AUTHORIZER_FAILURE",
    "UNAUTHORIZED",
    "INTEGRATION_TIMEOUT",
    "ACCESS_DENIED",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "WAF_FILTERED",
    "QUOTA_EXCEEDED",
    "THROTTLED",
    "API_CONFIGURATION_ERROR",
    "UNSUPPORTED_MEDIA_TYPE",
    "INTEGRATION_FAILURE",
    "EXPIRED_TOKEN",
)
"""The types in the order the service lists them in its refusals (recorded)."""

_HEADER = re.compile(re.escape(HEADER_PREFIX) + r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_EXPRESSION = re.compile(
    r"(?s:'.*')"  # a literal: only the outer quotes delimit, so 'default-src 'self'' is one
    r"|method\.request\.(header|path|querystring|multivalueheader|multivaluequerystring)\.[\w$.-]+"
    # seen in public code and never verified; nobody reported a refusal, so it is accepted
    r"|context\.[\w.-]+|stageVariables\.[\w-]+"
)


def response_type(name: str | None, *further: str) -> ResponseType:
    """Give the type of that name. Refuses an unknown one, with `further` violations of the request."""
    require([*one_of(name or "", "responseType", RESPONSE_TYPES), *further])
    return ResponseType(name or "")


def status_violations(value: str | None, path: str) -> list[str]:
    """Give the violations of the pattern of statusCode."""
    return matching(value, path, STATUS_CODE)


def check(settings: Settings) -> None:
    """Refuse the settings that the service refuses. The pattern of the status code was checked before."""
    for member, entries in (
        ("responseParameters", settings.parameters),
        ("responseTemplates", settings.templates),
    ):
        if not all(entries.values()):
            raise bad_request(f"Invalid null or empty value in {member}")
    errors = _parameter_errors(settings)
    if errors:
        found = ", ".join(errors)
        raise bad_request(
            f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{found}]"
        )
    for content_type, template in settings.templates.items():
        _check_template(content_type, template)


def _parameter_errors(settings: Settings) -> list[str]:
    out: list[str] = []
    for name, value in settings.parameters.items():
        if not _HEADER.fullmatch(name):
            out.append(f"Invalid mapping expression parameter specified: {name}")
        if not _EXPRESSION.fullmatch(value):
            out.append(f"Invalid mapping expression specified: {value}")
    return out


def _check_template(content_type: str, template: str) -> None:
    if "/" not in content_type:
        raise bad_request(
            f"Validation Result: warnings : [], errors : [Invalid content type specified: {content_type}]"
        )
    if len(template.encode()) > TEMPLATE_LIMIT:  # the quota is documented, this message is not recorded
        raise bad_request(f"Mapping template for {content_type} exceeds the maximum size of 300 KB")
