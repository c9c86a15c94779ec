"""botocore's chain of credentials, with four things done otherwise.

An MFA code is asked for beside the event loop. A credential_process is bounded, checked and ended with its
children. A token is read from a file, not from a pipe that may never end. And a profile's role is assumed in
the region that the user chose, whichever way it was chosen. Some of botocore's attributes used here are
private: `tests/unit/aws/test_chain.py` pins what they do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiobotocore.credentials import (
    AioProcessProvider,
    AioProfileProviderBuilder,
    create_credential_resolver,
)
from aiobotocore.session import AioSession
from botocore.compat import compat_shell_split

from batchgw.control_plane.aws.credentials.bounded_files import TokenFile
from batchgw.control_plane.aws.credentials.credential_process import PROVIDER, failed, output_of
from batchgw.control_plane.aws.credentials.prompt import NoTerminal, ask_unseen
from batchgw.control_plane.aws.keys import misfit
from batchgw.errors import CredentialsUnavailable
from batchgw.model import Region

_WEB_IDENTITY = "assume-role-with-web-identity"

_VERSION = 1  # of what a credential_process prints


def use_chain(session: AioSession, region: Region) -> None:
    """Have a session look for credentials in this chain; `region` is where it assumes a profile's role."""
    cache: dict[str, Any] = {}
    resolver = create_credential_resolver(session, cache=cache, region_name=region)
    builder = _Profiles(session, cache=cache, region_name=region)
    roles = resolver.get_provider("assume-role")
    roles._profile_provider_builder = builder  # noqa: SLF001 - see above
    roles._prompter = _Wanted  # noqa: SLF001 - as above
    resolver.get_provider(_WEB_IDENTITY)._token_loader_cls = TokenFile  # noqa: SLF001 - as above
    profile = session.get_config_variable("profile") or "default"
    resolver.providers = [
        builder._create_process_provider(profile) if each.METHOD == PROVIDER else each  # noqa: SLF001 - as above
        for each in resolver.providers
    ]
    session.register_component("credential_provider", resolver)
    session.register("provide-client-params.sts.AssumeRole", _with_code)


class _Wanted(str):
    """Stands where the MFA code belongs, until somebody who can wait asks the user for the code."""

    __slots__ = ()


async def _with_code(params: Mapping[str, Any], **_: object) -> Mapping[str, Any] | None:
    """Put the code into a call's parameters. Raises CredentialsUnavailable where nobody can be asked."""
    question = params.get("TokenCode")
    if not isinstance(question, _Wanted):
        return None
    try:
        return {**params, "TokenCode": await ask_unseen(question)}
    except NoTerminal as error:
        raise CredentialsUnavailable(
            f"the role {params.get('RoleArn')} of the profile needs an MFA code, and {error}. Run it on a "
            "terminal, or get credentials there first (`aws sts assume-role`) and give them by "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.",
            code="MfaCodeNeeded",
        ) from error


class _Profiles(AioProfileProviderBuilder):  # type: ignore[misc, unused-ignore] # untyped without stubs
    def _create_process_provider(self, profile_name: str) -> _Process:
        return _Process(profile_name=profile_name, load_config=lambda: self._session.full_config)

    def _create_web_identity_provider(self, profile_name: str, disable_env_vars: bool) -> Any:  # noqa: FBT001 - inherited
        provider = super()._create_web_identity_provider(profile_name, disable_env_vars)
        provider._token_loader_cls = TokenFile  # noqa: SLF001 - as above
        return provider


class _Process(AioProcessProvider):  # type: ignore[misc, unused-ignore] # untyped without stubs
    """The credential_process of a profile."""

    async def _retrieve_credentials_using(self, credential_process: str) -> dict[str, Any]:
        try:
            out = await output_of(compat_shell_split(credential_process))
        except OSError as error:
            raise failed(f"it cannot be run: {error.strerror or error}") from error
        printed = _printed(out)
        return {
            "access_key": printed["AccessKeyId"],
            "secret_key": printed["SecretAccessKey"],
            "token": printed.get("SessionToken"),
            "expiry_time": printed.get("Expiration"),
            "account_id": printed.get("AccountId") or self.profile_config.get("aws_account_id"),
        }


def _printed(out: bytes) -> Mapping[str, Any]:
    """Read what the process printed. Raises CredentialRetrievalError, which shows nothing of it."""
    try:
        printed = json.loads(out)
    except (ValueError, RecursionError):
        raise failed("it did not print JSON") from None
    if not isinstance(printed, dict):
        raise failed("it did not print a JSON object")
    if printed.get("Version") != _VERSION:
        raise failed(f"it did not print Version {_VERSION}, the only one there is")
    for name in ("AccessKeyId", "SecretAccessKey"):
        if name not in printed:
            raise failed(f"it did not print {name}")
    why = misfit(printed["AccessKeyId"], printed["SecretAccessKey"], printed.get("SessionToken"))
    if why:
        raise failed(f"of what it printed, {why}")
    if not isinstance(printed.get("Expiration"), str | None):
        raise failed("the Expiration that it printed is not a text")
    return printed
