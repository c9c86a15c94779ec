"""The variables of mapping templates: which of them gateway responses replace, and what a wrong one means.

Names are those of the API Gateway developer guide, "Variables for data transformations" and "Variables for
access logging". AWS may add variables, so an unknown name is a warning, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from batchgw.policy.quoting import closest, excerpt

_CONTEXT = (
    "accountId",
    "apiId",
    "awsEndpointRequestId",
    "deploymentId",
    "domainName",
    "domainPrefix",
    "error.message",
    "error.messageString",
    "error.responseType",
    "error.validationErrorString",
    "extendedRequestId",
    "httpMethod",
    "integrationErrorMessage",
    "integrationLatency",
    "integrationStatus",
    "isCanaryRequest",
    "path",
    "protocol",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "resourceId",
    "resourcePath",
    "responseLatency",
    "responseLength",
    "stage",
    "status",
    "wafResponseCode",
    "webaclArn",
    "xrayTraceId",
)
"""The variables below $context."""

_OPEN = (
    "authenticate",
    "authorize",
    "authorizer",
    "customDomain",
    "identity",
    "integration",
    "requestOverride",
    "responseOverride",
    "waf",
)
"""The variables below $context that have further names below them."""

_PLACES = ("header", "path", "querystring")
_ROOTS = ("context", "stageVariables", "method")
_FORMS = "$context.*, $stageVariables.*, $method.request.{header,path,querystring}.NAME"
_IN_VTL = ("input", "util")  # reported as VTL
_WRITTEN = re.compile(r"\$([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)")


def unknown_variables(template: str) -> Iterator[str]:
    """Give a sentence for each variable that the service does not replace by a value."""
    for written in dict.fromkeys(_WRITTEN.findall(template)):
        root, _, name = written.partition(".")
        if root in _IN_VTL or _known(root, name):
            continue
        meant = _meant(root, name)
        hint = f"did you mean ${meant}?" if meant else f"those are {_FORMS}"
        yield f"${excerpt(written)} is no variable that gateway responses have; {hint}"


def _known(root: str, name: str) -> bool:
    match root:
        case "context":
            # What follows a hyphen may be text, as in $context.requestId-$context.stage.
            return name.partition("-")[0] in _CONTEXT or _is_below(name, _OPEN)
        case "stageVariables":
            return bool(name)
        case "method":
            return _is_below(name, tuple(f"request.{place}" for place in _PLACES))
        case _:
            return False


def _is_below(name: str, parents: tuple[str, ...]) -> bool:
    return name.startswith(tuple(f"{parent}." for parent in parents))


def _meant(root: str, name: str) -> str | None:
    """Give the variable that was probably meant, without its $."""
    known = closest(root, _ROOTS)
    if known is None or not name:
        return None
    if known != root and _known(known, name):
        return f"{known}.{name}"
    if known == "context":
        found = _meant_in_context(name)
        return None if found is None else f"context.{found}"
    if known == "method":
        return _meant_in_request(name)
    return None


def _meant_in_context(name: str) -> str | None:
    first, dot, rest = name.partition(".")
    opened = closest(first, _OPEN, cutoff=0.8) if rest else None
    return f"{opened}{dot}{rest}" if opened else closest(name, _CONTEXT)


def _meant_in_request(name: str) -> str | None:
    first, _, rest = name.partition(".")
    place, _, leaf = rest.partition(".")
    known = closest(place, _PLACES)
    return f"method.request.{known}.{leaf}" if closest(first, ["request"]) and known and leaf else None
