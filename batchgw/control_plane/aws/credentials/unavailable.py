"""Why the base credentials cannot be used, and what to do about it. Pure."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    PartialCredentialsError,
    RefreshWithMFAUnsupportedError,
    SSOError,
    TokenRetrievalError,
)

from batchgw.control_plane.aws.transport import is_transport, transport_error
from batchgw.errors import CallError, CredentialsUnavailable, WrongAccount
from batchgw.model import AccountId
from batchgw.redaction import redacted


def none_found() -> CredentialsUnavailable:
    """Make the error for a chain that ends without any."""
    return CredentialsUnavailable(
        "no AWS credentials were found. Choose a profile (--profile or AWS_PROFILE), log in "
        "(`aws sso login`, `aws configure`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        code="NoCredentials",
    )


def unavailable(error: Exception, profile: str | None) -> CredentialsUnavailable:
    """Make the error for a source that failed, whichever it is."""
    if isinstance(error, BotoCoreError) and is_transport(error):
        why = transport_error(error).message
    else:
        why = f"{_said(error)}. {_advice(error, profile)}"
    return CredentialsUnavailable(
        f"the AWS credentials {_whose(profile)} cannot be used: {why}", code=type(error).__name__
    )


def unproved(error: CallError) -> CredentialsUnavailable:
    """Make the error for keys of which STS could not tell whose they are: they do not sign."""
    return CredentialsUnavailable(
        f"cannot tell whose account the credentials are: {error.message}",
        code=error.code,
        status=error.status,
        request_id=error.request_id,
    )


def of_another_account(now: AccountId, first: AccountId, profile: str | None) -> WrongAccount:
    """Make the error for renewed keys that are of another account than the first ones."""
    return WrongAccount(
        f"the AWS credentials {_whose(profile)} were renewed, and are now of account {now}, where the first "
        f"were of account {first}. Nothing was sent with them. Log in to account {first} again"
        f"{_by(profile)}, then go on: `batchgw resume` for a run that had begun to write."
    )


def _whose(profile: str | None) -> str:
    return f"of profile {profile}" if profile else "of the default chain"


def _by(profile: str | None) -> str:
    return f" (`aws sts get-caller-identity --profile {profile}` shows it)" if profile else ""


def _said(error: Exception) -> str:
    """Give an error's own words; its name where it has none."""
    return redacted(" ".join(str(error).split())).rstrip(".") or type(error).__name__


def _advice(error: Exception, profile: str | None) -> str:
    flag = f" --profile {profile}" if profile else ""
    match error:
        case SSOError() | TokenRetrievalError():
            return f"Log in again with `aws sso login{flag}`."
        case PartialCredentialsError():
            return "Set the key that is missing, or remove the other."
        case RefreshWithMFAUnsupportedError():
            return "A session that an MFA code began has ended: begin again, with a new code."
        case ClientError():
            return "Check the role and its source in the profile."
        case BotoCoreError():
            return "Check the profile in the AWS config and credentials files."
        case _:
            return f"`aws sts get-caller-identity{flag}` should work first."
