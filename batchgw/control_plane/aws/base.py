"""The keys everything starts from: what botocore's chain finds (profile, environment, SSO, IMDS).

botocore renews them by itself. What is added here: while a renewal fails, keys that are still good serve on;
and keys the service has refused as expired are looked up once more from the start of the chain.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.transport import is_transport, transport_error
from batchgw.errors import CredentialsUnavailable

Load = Callable[[], Awaitable[Any]]
"""Walks the chain afresh: botocore's credentials object, or None. Raises whatever the providers raise."""

LAST_MINUTE = 60
"""Seconds before their end in which keys are no longer used."""

RENEWAL_WINDOW = 15 * 60
"""Seconds before their end in which botocore tries to renew keys (its advisory refresh timeout)."""

PAUSE = 30.0
"""Seconds without another attempt after a renewal that failed: botocore itself would try at every call."""


class BaseCredentials:
    """The keys of the profile or the environment, always as fresh as they can be had."""

    def __init__(
        self, load: Load, *, profile: str | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._profile = profile
        self._clock = clock
        self._source: Any = None
        self._keys: Keys | None = None
        self._rest_until = 0.0
        self._loading = anyio.Lock()

    async def keys(self) -> Keys:
        """Give usable keys. Raises CredentialsUnavailable when the chain has none, or cannot renew them."""
        if self._keys is not None and not hasattr(self._source, "refresh_needed"):
            return self._keys  # from a file or the environment: they do not change
        usable = self._keys if self._keys and not self._ends_within(LAST_MINUTE) else None
        if usable and self._clock() < self._rest_until:
            return usable
        try:
            keys = await self._frozen(await self._chain())
        except CredentialsUnavailable:
            raise
        except Exception as error:  # whatever the profile names may run here, a process included
            if usable is None:
                raise self._unavailable(error) from error
            self._rest_until = self._clock() + PAUSE
            return usable
        if self._ends_within(RENEWAL_WINDOW):  # botocore failed to renew them and did not say so
            self._rest_until = self._clock() + PAUSE
        if self._keys != keys:
            self._keys = keys
        return self._keys

    async def renew(self, rejected: Keys) -> bool:
        """Look for other keys than those the service has refused. Returns whether there are any."""
        async with self._loading:
            if self._keys is not rejected:
                return True
            try:
                source = await self._load()
                keys = None if source is None else await self._frozen(source)
            except Exception as error:  # as in `keys`
                raise self._unavailable(error) from error
            if keys is None or (keys.access_key, keys.token) == (rejected.access_key, rejected.token):
                return False
            self._source, self._keys, self._rest_until = source, keys, 0.0
            return True

    async def _chain(self) -> Any:
        if self._source is not None:
            return self._source
        async with self._loading:
            if self._source is None:
                self._source = await self._load()
            if self._source is None:
                raise CredentialsUnavailable(
                    "no AWS credentials were found. Choose a profile (--profile or AWS_PROFILE), log in "
                    "(`aws sso login`, `aws configure`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
                    code="NoCredentials",
                )
            return self._source

    @staticmethod
    async def _frozen(source: Any) -> Keys:
        frozen = await source.get_frozen_credentials()
        return Keys(access_key=frozen.access_key, secret_key=frozen.secret_key, token=frozen.token)

    def _ends_within(self, seconds: int) -> bool:
        """Tell whether the keys end so soon. Keys from files and from the environment have no known end."""
        refresh_needed = getattr(self._source, "refresh_needed", None)
        return refresh_needed is not None and bool(refresh_needed(refresh_in=seconds))

    def _unavailable(self, error: Exception) -> CredentialsUnavailable:
        whose = f"of profile {self._profile}" if self._profile else "of the default chain"
        if isinstance(error, BotoCoreError) and is_transport(error):
            why = transport_error(error).message
        else:
            why = f"{str(error).rstrip('.')}. {self._advice(error)}"
        return CredentialsUnavailable(
            f"the AWS credentials {whose} cannot be used: {why}", code=type(error).__name__
        )

    def _advice(self, error: Exception) -> str:
        profile = f" --profile {self._profile}" if self._profile else ""
        match error:
            case SSOError() | TokenRetrievalError():
                return f"Log in again with `aws sso login{profile}`."
            case PartialCredentialsError():
                return "Set the key that is missing, or remove the other."
            case ClientError():
                return "Check the role and its source in the profile."
            case BotoCoreError():
                return "Check the profile in the AWS config and credentials files."
            case _:
                return f"`aws sts get-caller-identity{profile}` should work first."
