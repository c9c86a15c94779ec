"""Maps an unsuccessful answer to an error class: by its code, its HTTP status and its message.

This module is pure. The AWS client, its STS calls and the in-process simulator all use it, so an error means
the same wherever it comes from. It judges in this order:

1. The **code** decides if it is enough. It goes before the status, because services disagree on statuses:
   Organizations throttles with 400, API Gateway with 429, and 429 may also mean a full resource quota.
2. Some codes need the **message**. LimitExceededException is a rate or a full quota. ConflictException is
   passing or permanent. NotFoundException is about the API, a customisation, or something else. Every bad
   request needs its message, too: a concurrent modification passes, whatever code and status it comes with.
   So does every denial: only the message tells that a service control policy denies.
3. A code that is not listed here is judged by its **status**. An unknown 4xx is permanent, because the same
   request would fail again. An unknown 5xx is a failure of the service, and may pass.
4. An answer without a code does not come from AWS's service itself. So nobody knows what the service behind
   it has done, or would do.

The codes and messages are taken from three sources: API Gateway's service model (its exceptions), answers
recorded from the service (messages), and the common errors of AWS's Query and JSON protocols (codes about
signatures and tokens).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from batchgw.control_plane.advice import by_scp, paragraph
from batchgw.errors import (
    AccessDenied,
    ApiNotFound,
    BadRequest,
    CallError,
    ConcurrentModification,
    Conflict,
    CredentialsExpired,
    CredentialsRejected,
    DeniedByScp,
    EntityNotFound,
    ForeignAnswer,
    ForeignDenial,
    NotCustomized,
    OrganizationNotInUse,
    OtherAccountAnswered,
    RegionOff,
    ResourceQuotaExceeded,
    ServiceFailure,
    Throttled,
)
from batchgw.model import AccountId, Region, Scope
from batchgw.redaction import foreign

_Judge = Callable[[str, float | None], type[CallError]]


def classify(
    code: str,
    status: int,
    message: str,
    *,
    retry_after: float | None = None,
    request_id: str | None = None,
    secrets: Iterable[str | None] = (),
) -> CallError:
    """Make the error that an unsuccessful answer stands for.

    Args:
        code: the error's name as it was received. A namespace ("aws.api#Name") or an address
            ("Name:http://...") around it is ignored. Without a name: empty, or the status in digits.
        status: HTTP status of the answer.
        message: the service's own words. They are cut to `LONGEST_WORDS`, and secrets are removed.
        retry_after: seconds that the answer asked to wait (see `parse_retry_after`).
        request_id: AWS's id of the request.
        secrets: the keys that signed the call, because a refusal may quote them.
    """
    name = _bare(code)
    text = " ".join(foreign(message, secrets).split())
    kind = _kind(name, status, text, retry_after)
    code = name or f"HTTP{status}"
    return kind(
        paragraph(kind, code, status, text),
        code=code,
        status=status,
        request_id=request_id,
        retry_after=retry_after,
    )


def of_other_account(error: ApiNotFound, scope: Scope) -> OtherAccountAnswered | None:
    """Make the error for a "no such API" that comes from another account than the scope's. Else None.

    Such an API may still be there: it was looked for in the wrong account.
    """
    found = _ANSWERING.search(error.message)
    if found is None or found[1] == scope.account:
        return None
    return OtherAccountAnswered(
        f"a call that was meant for account {scope.account} was answered by account {found[1]}: the keys in "
        f"use are of that account ({error.message}). Nothing more is sent to {scope}. Check the profile, "
        "the role, and what renews the credentials; then resume, or plan again.",
        code=error.code,
        status=error.status,
        request_id=error.request_id,
    )


def of_region_off(error: CredentialsRejected, account: AccountId | None, region: Region) -> RegionOff:
    """Make the error of a region that does not know an account's keys, which are known to be good."""
    return RegionOff(
        f"{region} is not enabled for account {account}: it does not know keys that STS accepts. Enable the "
        "region there (`aws account enable-region`), or leave it out of the targets.",
        code=error.code,
        status=error.status,
        request_id=error.request_id,
    )


def parse_retry_after(text: str | None, now: float) -> float | None:
    """Read a Retry-After value: seconds, or an HTTP date compared with `now` (seconds since the epoch).

    Returns seconds, never negative: a date that has passed means 0. Returns None for a value that cannot be
    read, so the caller's own backoff applies.
    """
    if text is None:
        return None
    seconds = _seconds(text.strip())
    if seconds is None:
        seconds = _seconds_until(text.strip(), now)
    return seconds


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _seconds_until(text: str, now: float) -> float | None:
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:  # HTTP dates are GMT, even if they do not say so
            date = date.replace(tzinfo=UTC)
        return max(0.0, date.timestamp() - now)
    except (ValueError, OverflowError):  # not a date, or one that Python's calendar cannot hold
        return None


def _bare(code: str) -> str:
    """Remove namespace and address from an error's name, as AWS's JSON protocols require."""
    name = code.strip().split(":", 1)[0].rsplit("#", 1)[-1]
    return "" if name.isdigit() else name


def _kind(code: str, status: int, message: str, retry_after: float | None) -> type[CallError]:
    entry = _BY_CODE.get(code)
    if entry is None:
        kind = _by_status(status, message)
    else:
        kind = entry if isinstance(entry, type) else entry(message, retry_after)
    if kind is BadRequest and _CONCURRENT.search(message):
        return ConcurrentModification
    if kind is BadRequest and _NO_STACK.search(message):
        return EntityNotFound
    if kind is AccessDenied and code and by_scp(message):
        return DeniedByScp
    return kind if code else _FOREIGN.get(kind, kind)


_FOREIGN: Mapping[type[CallError], type[CallError]] = {
    BadRequest: ForeignAnswer,
    Conflict: ForeignAnswer,
    AccessDenied: ForeignDenial,
}
"""By the class a refusal would be with a code: what it is without one. Not the service itself refused."""

_RATE = re.compile(r"too many requests|rate exceeded|request rate|throttl|slow ?down", re.IGNORECASE)
_HARD = re.compile(r"maximum number|has been reached|limit exceeded for", re.IGNORECASE)


def _limit(message: str, retry_after: float | None) -> type[CallError]:
    """Distinguish a rate limit from a full quota: by the message, and if it says neither, by Retry-After.

    Without any sign of a rate it counts as a full quota, because waiting for one would never end.
    """
    if _RATE.search(message):
        return Throttled
    if _HARD.search(message) or retry_after is None:
        return ResourceQuotaExceeded
    return Throttled


_NO_STACK = re.compile(r"\bstack (for|with id) \S+ does not exist", re.IGNORECASE)
"""CloudFormation's words, with the code ValidationError."""

_PASSING = re.compile(r"try again later|concurrent modification", re.IGNORECASE)

_CONCURRENT = re.compile(r"due to (a )?concurrent modification", re.IGNORECASE)
"""A bad request may say this, too. "Try again later" alone is not enough there: it may quote a template."""


def _conflict(message: str, _retry_after: float | None) -> type[CallError]:
    return ConcurrentModification if _PASSING.search(message) else Conflict


_NO_API = re.compile(r"invalid (rest )?api (id|identifier)\b", re.IGNORECASE)
_ANSWERING = re.compile(r"invalid (?:rest )?api (?:id|identifier) specified (\d{12}):", re.IGNORECASE)
"""Finds the account in API Gateway's answer that there is no such API. It is the account that signed the call
(recorded from the service)."""

_NO_CUSTOMIZATION = re.compile(r"gateway ?response( type)? not (defined|found)", re.IGNORECASE)


def _not_found(message: str, _retry_after: float | None) -> type[CallError]:
    """Tell what is missing: the API, or the customisation.

    If it is anything else, such as a stage, it must not count as a deleted API, because then an API that is
    there would be skipped.
    """
    if _NO_CUSTOMIZATION.search(message):
        return NotCustomized
    return ApiNotFound if _NO_API.search(message) else EntityNotFound


def _codes(kind: type[CallError] | _Judge, *codes: str) -> dict[str, type[CallError] | _Judge]:
    """Spell each code in both ways: with "Exception" (REST services), and without (Query services: STS)."""
    return {spelling: kind for c in codes for spelling in (c, c + "Exception")}


_BY_CODE: Mapping[str, type[CallError] | _Judge] = {
    **_codes(
        Throttled,
        "TooManyRequests",
        "Throttling",
        "Throttled",
        "ThrottledRequest",
        "RequestThrottled",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "EC2Throttled",
        "PriorRequestNotComplete",
        "SlowDown",
    ),
    **_codes(_limit, "LimitExceeded"),
    **_codes(_conflict, "Conflict"),
    **_codes(_not_found, "NotFound"),
    **_codes(
        BadRequest,
        "BadRequest",
        "Validation",
        "ValidationError",
        "Serialization",
        "InvalidParameterValue",
        "InvalidDocumentType",
        "UnsupportedCalendar",
    ),
    **_codes(
        EntityNotFound,
        "AccountNotFound",
        "ParentNotFound",
        "RootNotFound",
        "TargetNotFound",
        "ResourceNotFound",
        "InvalidDocument",  # "The specified SSM document doesn't exist" (API reference, GetCalendarState)
    ),
    **_codes(OrganizationNotInUse, "AWSOrganizationsNotInUse"),
    **_codes(
        AccessDenied,
        "Unauthorized",
        "UnauthorizedOperation",
        "AccessDenied",
        "AccessDeniedForDependency",
        "NotAuthorized",
        "Forbidden",
    ),
    **_codes(CredentialsExpired, "ExpiredToken", "TokenRefreshRequired"),
    **_codes(
        CredentialsRejected,
        "RequestExpired",
        "RequestTimeTooSkewed",
        "UnrecognizedClient",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "InvalidToken",
        "InvalidSecurityToken",
        "InvalidSignature",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "AuthFailure",
        "OptInRequired",
        "SubscriptionRequired",
    ),
    # These are failures of the service, whatever status they come with.
    **_codes(
        ServiceFailure,
        "ServiceUnavailable",
        "InternalFailure",
        "InternalError",
        "InternalServerError",
        "InternalServer",
        "RequestTimeout",
        "GatewayTimeout",
    ),
}

_BY_STATUS: Mapping[int, type[CallError]] = {
    401: AccessDenied,
    403: AccessDenied,
    408: ServiceFailure,  # the server waited too long for the request: the next one may pass
    429: Throttled,
}


def _by_status(status: int, message: str) -> type[CallError]:
    if status >= 500:  # noqa: PLR2004 - the class of statuses
        return ServiceFailure
    if status == 409:  # noqa: PLR2004 - conflict
        return _conflict(message, None)
    return _BY_STATUS.get(status, BadRequest)
