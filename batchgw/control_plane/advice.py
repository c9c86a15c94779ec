"""What to do about a refusal, where batchgw knows more than AWS's own words say. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from batchgw.control_plane.interface import Request
from batchgw.errors import (
    AccessDenied,
    ApiDenied,
    CallError,
    CredentialsExpired,
    CredentialsRejected,
    ForeignAnswer,
    ForeignDenial,
    ResourceQuotaExceeded,
)

_BY_KIND: Mapping[type[CallError], str] = {
    CredentialsExpired: "The credentials have expired: renew them (`aws sso login`, a new session token), "
    "then resume.",
    ResourceQuotaExceeded: "This is a quota on things, not on calls: waiting does not help. "
    "Remove some, or ask AWS Support whether it can be raised.",
    ApiDenied: "Give the identity this permission (a policy may also deny it by the API's id or tags), "
    "or leave this API out with an exclude rule.",
    AccessDenied: "Give the identity this permission (an SCP or a permissions boundary may also deny it), "
    "or leave this account-region out of the targets.",
}

_REJECTED: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"RequestTimeTooSkewed|RequestExpired|InvalidSignature|SignatureDoesNotMatch|Incomplete"),
        "The signature was not accepted: check this machine's clock and the secret key.",
    ),
    (
        re.compile(r"OptIn|Subscription"),
        "Enable the region or the service for this account, or leave the region out with --region.",
    ),
    (
        re.compile(r""),
        "The key is not known there: check the profile; for an opt-in region, enable it or leave it out.",
    ),
)
"""By the code of credentials that were rejected; the first that is found in it."""

_NOT_AWS = "This does not look like API Gateway: check --endpoint-url / AWS_ENDPOINT_URL and the proxy."
_UNNAMED = re.compile(r"HTTP\d+")


def paragraph(kind: type[CallError], code: str, status: int, message: str) -> str:
    """Join AWS's words with the advice. `code` is "HTTP404" and the like when the answer named no error."""
    unnamed = _UNNAMED.fullmatch(code)
    words = message or f"HTTP {status} {'without an AWS error code' if unnamed else code}, without a message."
    advice = _advice(kind, code)
    stop = "" if not advice or words[-1] in ".!?" else "."
    return f"{words}{stop} {advice}".strip()


def words(error: CallError) -> str:
    """Give AWS's own words again, for a message that has better advice."""
    return error.message.removesuffix(_advice(type(error), error.code)).rstrip()


def for_one_api(error: AccessDenied) -> ApiDenied:
    """Give the same denial as one of a single API, with the advice for that."""
    return ApiDenied(
        paragraph(ApiDenied, error.code, error.status, words(error)),
        code=error.code,
        status=error.status,
        request_id=error.request_id,
        retry_after=error.retry_after,
    )


def permission(request: Request[object]) -> str:
    """Name the IAM action and the resource that a request needs."""
    region = request.scope.region
    partition = next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")
    path = request.operation.path.format_map(request.params())
    return f"apigateway:{request.operation.http} on arn:{partition}:apigateway:{region}::{path}"


def with_permission(error: AccessDenied, request: Request[object]) -> AccessDenied:
    """Give a refusal that says what the request needs: the same one where AWS's own words say it."""
    if "apigateway:" in error.message or _UNNAMED.fullmatch(error.code):
        return error
    return error.again(message=f"{permission(request)} was refused: {error.message}")


_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""By the beginning of a region's name; every other region is of partition aws."""


def _advice(kind: type[CallError], code: str) -> str:
    if kind is CredentialsRejected:
        return next(advice for pattern, advice in _REJECTED if pattern.search(code))
    if kind in (ForeignAnswer, ForeignDenial) or (kind is ApiDenied and _UNNAMED.fullmatch(code)):
        return _NOT_AWS
    return _BY_KIND.get(kind, "")
