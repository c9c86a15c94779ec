"""The table from (code, status, message) to an error class, row by row."""

from __future__ import annotations

import pytest

from batchgw import errors
from batchgw.control_plane.advice import words
from batchgw.control_plane.classify import classify, parse_retry_after

CONCURRENT = "Unable to complete operation due to concurrent modification. Please try again later."
NO_API = "Invalid API identifier specified 111111111111:abcde0"
ENUM = "1 validation error detected: Value 'X' at 'responseType' failed to satisfy constraint"

BY_SCP = "with an explicit deny in a service control policy"

TABLE = [
    # the six modelled exceptions of put_gateway_response, each on every meaning it has
    ("BadRequestException", 400, "Invalid mapping expression specified: X", errors.BadRequest),
    ("ConflictException", 409, CONCURRENT, errors.ConcurrentModification),
    ("ConflictException", 409, "Model name already exists for this REST API", errors.Conflict),
    ("ConflictException", 409, "", errors.Conflict),
    ("BadRequestException", 400, CONCURRENT, errors.ConcurrentModification),
    ("Novel", 400, CONCURRENT, errors.ConcurrentModification),
    ("", 412, CONCURRENT, errors.ConcurrentModification),
    ("BadRequestException", 400, "Invalid template: 'Please try again later'", errors.BadRequest),
    ("AccessDeniedException", 403, CONCURRENT, errors.AccessDenied),
    ("LimitExceededException", 429, "Maximum number of X has been reached", errors.ResourceQuotaExceeded),
    ("LimitExceededException", 429, "Too Many Requests", errors.Throttled),
    ("LimitExceededException", 429, "Rate exceeded", errors.Throttled),
    ("LimitExceededException", 429, "", errors.ResourceQuotaExceeded),
    ("NotFoundException", 404, NO_API, errors.ApiNotFound),
    ("NotFoundException", 404, "Invalid Rest API Id specified", errors.ApiNotFound),
    ("NotFoundException", 404, "Gateway response type not defined on api", errors.NotCustomized),
    ("NotFoundException", 404, "GatewayResponse not found", errors.NotCustomized),
    ("NotFoundException", 404, "Invalid stage identifier specified", errors.EntityNotFound),
    ("UnauthorizedException", 401, "Unauthorized", errors.AccessDenied),
    ("TooManyRequestsException", 429, "Too Many Requests", errors.Throttled),
    # the unmodelled ones that really come
    ("ValidationException", 400, ENUM, errors.BadRequest),
    ("SerializationException", 400, "class X can not be converted to an String", errors.BadRequest),
    ("AccessDeniedException", 403, "arn:X is not authorized to perform: apigateway:PUT", errors.AccessDenied),
    ("AccessDenied", 403, "arn:X is not authorized to perform: sts:AssumeRole", errors.AccessDenied),
    ("ExpiredTokenException", 403, "The security token is expired", errors.CredentialsExpired),
    ("ExpiredToken", 400, "expired", errors.CredentialsExpired),
    ("UnrecognizedClientException", 403, "The security token is invalid.", errors.CredentialsRejected),
    ("InvalidClientTokenId", 403, "The security token is invalid.", errors.CredentialsRejected),
    ("SignatureDoesNotMatch", 403, "Signature expired", errors.CredentialsRejected),
    ("InvalidSignatureException", 403, "Signature expired", errors.CredentialsRejected),
    ("MissingAuthenticationTokenException", 403, "Missing Authentication Token", errors.CredentialsRejected),
    ("OptInRequired", 403, "", errors.CredentialsRejected),
    ("ServiceUnavailableException", 503, "Service Unavailable", errors.ServiceFailure),
    ("InternalFailure", 500, "", errors.ServiceFailure),
    ("InternalServerErrorException", 500, "", errors.ServiceFailure),
    ("RequestTimeout", 400, "", errors.ServiceFailure),
    # other services
    ("AccessDeniedException", 400, "You don't have permissions to access this.", errors.AccessDenied),
    ("AccessDeniedException", 403, f"X is not authorized to perform: Y {BY_SCP}", errors.DeniedByScp),
    ("UnauthorizedOperation", 403, f"You are not authorized. X {BY_SCP}: arn:aws:Z", errors.DeniedByScp),
    ("AccessDeniedException", 403, "X with an explicit deny in an identity-based one", errors.AccessDenied),
    ("", 403, f"<html>{BY_SCP}</html>", errors.ForeignDenial),
    ("AWSOrganizationsNotInUseException", 400, "Your account is not a member.", errors.OrganizationNotInUse),
    ("AccountNotFoundException", 400, "You specified an account that doesn't exist.", errors.EntityNotFound),
    ("ParentNotFoundException", 400, "You specified parent that doesn't exist.", errors.EntityNotFound),
    ("TargetNotFoundException", 400, "You specified a target that doesn't exist.", errors.EntityNotFound),
    ("ValidationError", 400, "Stack for a1b2c3d4e5 does not exist", errors.EntityNotFound),
    ("ValidationError", 400, "1 validation error detected: Value 'X'", errors.BadRequest),
    ("AuthFailure", 401, "AWS was not able to validate the credentials", errors.CredentialsRejected),
    ("ServiceException", 500, "", errors.ServiceFailure),
    # throttles under every name, also where the status says something else
    ("TooManyRequestsException", 400, "Organizations throttles so", errors.Throttled),
    ("Throttling", 400, "Rate exceeded", errors.Throttled),
    ("ThrottlingException", 400, "Rate exceeded", errors.Throttled),
    ("ThrottledException", 400, "", errors.Throttled),
    ("RequestThrottledException", 400, "", errors.Throttled),
    ("RequestLimitExceeded", 503, "Request limit exceeded.", errors.Throttled),
    ("SlowDown", 503, "Please reduce your request rate.", errors.Throttled),
    # names nobody listed: by status
    ("Novel", 400, "", errors.BadRequest),
    ("Novel", 401, "", errors.AccessDenied),
    ("Novel", 403, "", errors.AccessDenied),
    ("Novel", 404, NO_API, errors.BadRequest),
    ("Novel", 408, "", errors.ServiceFailure),
    ("Novel", 409, "", errors.Conflict),
    ("Novel", 409, "Please try again later", errors.ConcurrentModification),
    ("Novel", 418, "", errors.BadRequest),
    ("Novel", 429, "", errors.Throttled),
    ("Novel", 500, "", errors.ServiceFailure),
    ("Novel", 599, "", errors.ServiceFailure),
    # no name at all: proxies, load balancers, the wrong address
    ("", 502, "", errors.ServiceFailure),
    ("503", 503, "", errors.ServiceFailure),
    ("429", 429, "", errors.Throttled),
    ("404", 404, "", errors.ForeignAnswer),
    ("403", 403, "Forbidden", errors.ForeignDenial),
    ("", 401, "<html>Sign in</html>", errors.ForeignDenial),
    ("", 409, "Conflict", errors.ForeignAnswer),
    ("301", 301, "", errors.ForeignAnswer),
]  # fmt: skip


@pytest.mark.parametrize(("code", "status", "message", "kind"), TABLE)
def test_each_answer_has_one_meaning(
    code: str, status: int, message: str, kind: type[errors.CallError]
) -> None:
    error = classify(code, status, message)
    assert type(error) is kind
    assert error.status == status
    assert message in str(error)


@pytest.mark.parametrize(
    ("code", "bare"),
    [
        ("TooManyRequestsException:http://internal.amazon.com/coral/x/", "TooManyRequestsException"),
        ("com.amazonaws.apigateway#TooManyRequestsException", "TooManyRequestsException"),
        ("com.amazonaws.apigateway#TooManyRequestsException:http://x/", "TooManyRequestsException"),
    ],
)  # fmt: skip
def test_decorated_names_are_undressed(code: str, bare: str) -> None:
    error = classify(code, 400, "")
    assert type(error) is errors.Throttled
    assert error.code == bare


@pytest.mark.parametrize(
    ("message", "retry_after", "kind"),
    [
        ("Something about limits", 3.0, errors.Throttled),
        ("Something about limits", None, errors.ResourceQuotaExceeded),
        ("Maximum number of responses has been reached", 3.0, errors.ResourceQuotaExceeded),
        ("Too Many Requests", None, errors.Throttled),
    ],
)
def test_a_retry_after_decides_a_limit_whose_words_do_not(
    message: str, retry_after: float | None, kind: type[errors.CallError]
) -> None:
    """Waiting on a full quota would last for ever: a hard message is believed before the header."""
    assert type(classify("LimitExceededException", 429, message, retry_after=retry_after)) is kind


def test_an_error_carries_what_is_known_of_the_answer() -> None:
    error = classify("TooManyRequestsException", 429, "Too Many Requests", retry_after=2.5, request_id="r-1")
    assert (error.code, error.status, error.retry_after, error.request_id) == (
        "TooManyRequestsException",
        429,
        2.5,
        "r-1",
    )


def test_an_answer_without_a_name_is_named_by_its_status() -> None:
    assert classify("", 502, "").code == "HTTP502"


@pytest.mark.parametrize(
    ("code", "status", "advice"),
    [
        ("ExpiredTokenException", 403, "renew"),
        ("SignatureDoesNotMatch", 403, "clock"),
        ("OptInRequired", 403, "Enable the region"),
        ("UnrecognizedClientException", 403, "opt-in"),
        ("AccessDeniedException", 403, "permission"),
        ("LimitExceededException", 429, "waiting does not help"),
        ("404", 404, "--endpoint-url"),
        ("403", 403, "--endpoint-url"),
    ],
)
def test_where_the_user_must_act_the_message_says_how(code: str, status: int, advice: str) -> None:
    message = str(classify(code, status, "The words of AWS."))
    assert message.startswith("The words of AWS. ")
    assert advice in message
    assert "\n" not in message
    assert words(classify(code, status, "The words of AWS.")) == "The words of AWS."


def test_advice_follows_a_full_stop() -> None:
    assert "of AWS. Give" in str(classify("AccessDenied", 403, "The words of AWS"))


def test_an_answer_without_words_says_at_least_what_it_was() -> None:
    assert str(classify("InternalFailure", 500, "")) == "HTTP 500 InternalFailure, without a message."
    assert str(classify("", 502, "")) == "HTTP 502 without an AWS error code, without a message."


SHORTLY_BEFORE = 1445412470.0  # Wed, 21 Oct 2015 07:27:50 GMT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0.25", 0.25),
        ("0", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 10.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 10.0),
        ("Wed, 21 Oct 2015 07:28:00", 10.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
        ("null", None),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, SHORTLY_BEFORE) == seconds
