"""What to do about a refusal, where batchgw knows more than AWS's own words say. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from batchgw.control_plane.interface import API_GATEWAY, Request
from batchgw.errors import (
    AccessDenied,
    ApiDenied,
    CallError,
    CredentialsExpired,
    CredentialsRejected,
    CredentialsUnavailable,
    DeniedByScp,
    EndpointUnreachable,
    ForeignAnswer,
    ForeignDenial,
    OrganizationNotInUse,
    ResourceQuotaExceeded,
    Starved,
)
from batchgw.model.fleet.partitions import partition

_STATEMENT = "`batchgw iam-policy POLICY --for VERB` prints the statement"

_BY_KIND: Mapping[type[CallError], str] = {
    CredentialsExpired: "The credentials have expired: renew them (`aws sso login`, a new session token), "
    "then resume.",
    ResourceQuotaExceeded: "This is a quota on things, not on calls: waiting does not help. "
    "Remove some, or ask AWS Support whether it can be raised.",
    ApiDenied: f"Give the identity this permission ({_STATEMENT}; a policy may also deny it by the API's "
    "id or tags), or leave this API out with an exclude rule.",
    AccessDenied: f"Give the identity this permission ({_STATEMENT}; a permissions boundary may also deny "
    "it), or leave this account-region out of the targets.",
    DeniedByScp: "No permission of the account's own helps: ask those who keep the organisation's service "
    "control policies, or leave this account-region out of the targets.",
    OrganizationNotInUse: "Use credentials of the organisation's management account or of a delegated "
    "administrator, or name a role that is there: `organization: {role: ...}` in the policy.",
}

_ONE_BY_SCP = (
    "No permission of the account's own helps: ask those who keep the organisation's service control "
    "policies, or leave this API out with an exclude rule."
)
"""About a denial of a single API by a service control policy: one that denies writes is such."""

_TO_READER = (
    "Who reads the organisation needs this permission (`batchgw iam-policy POLICY --organization` prints the "
    "statement), and must be of the management account or a delegated administrator; `organization: {role: "
    "...}` in the policy names another one."
)
"""About a denial of a call that is signed by whoever reads the organisation."""

_TO_TELL_OWNERS = (
    "To tell who manages an API takes this permission: `batchgw iam-policy POLICY --on-managed hold` prints "
    "the statement."
)
"""About a denial of a call that asks for the owner of an API."""

_TO_SHOW_STAGES = (
    "To show stages takes this permission: `batchgw iam-policy POLICY --stages` prints the statement."
)
"""About a denial of a call that asks for the stages of an API, which are only shown."""

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

_NOT_AWS = "This does not look like AWS: check --endpoint-url / AWS_ENDPOINT_URL and the proxy."
_UNNAMED = re.compile(r"HTTP\d+")

_BY_SCP = re.compile(r"with an explicit deny in a service control policy", re.IGNORECASE)
"""IAM's words (IAM user guide, "Troubleshoot access denied error messages"). Nothing else tells."""


def paragraph(kind: type[CallError], code: str, status: int, message: str) -> str:
    """Join AWS's words with the advice. `code` is "HTTP404" and the like when the answer named no error."""
    unnamed = _UNNAMED.fullmatch(code)
    words = message or f"HTTP {status} {'without an AWS error code' if unnamed else code}, without a message."
    advice = _advice(kind, code)
    return f"{_ended(words)} {advice}" if advice else words


def _ended(words: str) -> str:
    """Give a sentence with its full stop."""
    return words if words[-1:] in ".!?" else f"{words}."


def by_scp(message: str) -> bool:
    """Tell whether a denial's words name a service control policy, so that no permission helps."""
    return _BY_SCP.search(message) is not None


def words(error: CallError) -> str:
    """Give AWS's own words again, for a message that has better advice."""
    return error.message.removesuffix(_advice(type(error), error.code)).rstrip()


def for_one_api(error: AccessDenied) -> ApiDenied:
    """Give the same denial as one of a single API, with the advice for that."""
    if isinstance(error, DeniedByScp):
        return _advised(error, _ONE_BY_SCP)
    return ApiDenied(
        paragraph(ApiDenied, error.code, error.status, words(error)),
        code=error.code,
        status=error.status,
        request_id=error.request_id,
        retry_after=error.retry_after,
    )


def for_owner(error: AccessDenied | ApiDenied) -> ApiDenied:
    """Give a denial of a call that asks for an API's owner as one of that API, with the advice for that.

    It says nothing of the account-region: what is asked may be another service.
    """
    if isinstance(error, ApiDenied) and by_scp(error.message):
        return error
    return _advised(error, _BY_KIND[DeniedByScp] if isinstance(error, DeniedByScp) else _TO_TELL_OWNERS)


def for_stages(error: ApiDenied) -> ApiDenied:
    """Give a denial of a call that asks for an API's stages, to show them, with the advice for that."""
    return error if by_scp(error.message) else _advised(error, _TO_SHOW_STAGES)


def _advised(error: AccessDenied | ApiDenied, advice: str) -> ApiDenied:
    return ApiDenied(
        f"{_ended(words(error))} {advice}",
        code=error.code,
        status=error.status,
        request_id=error.request_id,
        retry_after=error.retry_after,
    )


def permission(request: Request[object]) -> str:
    """Name the IAM action and the resource that a request needs.

    API Gateway's actions are HTTP methods and its resources are paths. Of other services the calls that only
    read are allowed on `*` (service authorization reference).
    """
    operation, region = request.operation, request.scope.region
    if operation.service != API_GATEWAY:
        return f"{operation.service}:{operation.name} on *"
    path = operation.path.format_map(request.params())
    return f"apigateway:{operation.http} on arn:{partition(region)}:apigateway:{region}::{path}"


def with_permission(error: AccessDenied, request: Request[object]) -> AccessDenied:
    """Give a refusal that says what the request needs: the same one where AWS's own words say it."""
    if _UNNAMED.fullmatch(error.code):
        return error
    for_reader = request.credentials == "organization" and not isinstance(error, DeniedByScp)
    message = f"{_ended(words(error))} {_TO_READER}" if for_reader else error.message
    if f"{request.operation.service}:" not in error.message:
        message = f"{permission(request)} was refused: {message}"
    return error if message == error.message else error.again(message=message)


_CLEAR = (CredentialsUnavailable, CredentialsRejected, OrganizationNotInUse, EndpointUnreachable, Starved)
"""Errors that say what they are about, whatever was called."""


def with_operation(error: CallError, service: str, operation: str) -> CallError:
    """Give an error that names the call: the same one where its own words do, or the call does not matter.

    It is for calls to other services. What API Gateway answers is told of an API or an account-region.
    """
    if isinstance(error, _CLEAR) or f"{service}:" in error.message:
        return error
    return error.again(message=f"{service}:{operation}: {error.message}")


def _advice(kind: type[CallError], code: str) -> str:
    if kind is CredentialsRejected:
        return next(advice for pattern, advice in _REJECTED if pattern.search(code))
    if kind in (ForeignAnswer, ForeignDenial) or (kind is ApiDenied and _UNNAMED.fullmatch(code)):
        return _NOT_AWS
    return _BY_KIND.get(kind, "")
