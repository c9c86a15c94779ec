"""The keys everything starts from: what botocore's chain finds (profile, environment, SSO, IMDS), and whose.

botocore renews them by itself. What is added here: no set of keys signs anything before STS has said whose
it is, and one of another account than the first never does. While a renewal fails, or STS cannot say whose
the new keys are, the old ones serve on to their end. Keys the service has refused as expired are looked up
once more from the start of the chain.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import inf
from typing import Any

import anyio

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.aws.credentials.keys import Keys, misfit
from batchgw.control_plane.aws.credentials.unavailable import (
    none_found,
    of_another_account,
    unavailable,
    unproved,
)
from batchgw.errors import (
    AccessDenied,
    CallError,
    CredentialsExpired,
    CredentialsRejected,
    CredentialsUnavailable,
    ScopeError,
    Stopped,
)
from batchgw.model import AccountId, Region

Load = Callable[[], Awaitable[Any]]
"""Walks the chain afresh: botocore's credentials object, or None. Raises whatever the providers raise."""

Owner = Callable[[Keys, Region], Awaitable[AccountId]]
"""Asks the STS of a region whose keys these are. Raises a CallError."""

LAST_MINUTE = 60.0
"""Seconds before their end in which keys are no longer used."""

SHORT_LIFE = 1 / 6
"""Of the keys' life: what is kept of keys so short-lived that a minute would be most of it."""

RENEWAL_WINDOW = 15 * 60.0
"""Seconds before their end in which botocore tries to renew keys (its advisory refresh timeout)."""

PAUSE = 30.0
"""Seconds without another attempt after a renewal that failed: botocore itself would try at every call."""


class BaseCredentials:
    """The keys of the profile or the environment, proved, and always as fresh as they can be had.

    Args:
        load: walks the chain.
        owner: proves keys.
        profile: its name, for messages.
        stop: what is waited for here changes nothing, so it ends with Stopped as soon as a stop is asked for.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        load: Load,
        *,
        owner: Owner,
        profile: str | None = None,
        stop: StopSignal | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._load = load
        self._owner = owner
        self._profile = profile
        self._stop = stop or StopSignal()
        self._clock = clock
        self._source: Any = None
        self._keys: Keys | None = None
        self._usable_until = -inf
        self._renew_at = inf
        self._renewing = False
        self._loading = anyio.Lock()
        self.account: AccountId | None = None
        """The account of the first keys, and so of all that follow; None while STS has not told."""

    def ready(self) -> Keys | None:
        """Give the present keys, unless there are none or it is time to look for others."""
        now = self._clock()
        if now < self._usable_until and (now < self._renew_at or self._renewing):
            return self._keys
        return None

    async def keys(self, region: Region) -> Keys:
        """Give usable keys; a region's STS is asked whose they are. Raises a ScopeError.

        CredentialsUnavailable: the chain has none, cannot renew them, or STS cannot be asked. WrongAccount:
        they are of another account than the first were.
        """
        ready = self.ready()
        if ready is not None:
            return ready
        present = self._keys if self._clock() < self._usable_until else None
        if present is not None:
            return await self._renewed(present, region)
        return await self._found_and_proved(region)

    async def whose(self, region: Region) -> AccountId:
        """Tell the account, asked of a region's STS. Raises a CallError as STS gave it."""
        if self.account is None:
            await self._proved(await self.found(), region)
        assert self.account is not None  # noqa: S101 - keys were proved
        return self.account

    async def found(self) -> Keys:
        """Give what the chain has, unproved: not to sign with. Raises CredentialsUnavailable, or Stopped."""
        try:
            return await self._stop.heeded(self._fetched)
        except (CredentialsUnavailable, Stopped):
            raise
        except Exception as error:  # whatever the profile names may run here, a process included
            raise unavailable(error, self._profile) from error

    async def renew(self, rejected: Keys, region: Region) -> bool:
        """Look for other keys than those the service has refused. Returns whether there are any.

        Raises as `keys` does.
        """
        if self._keys is not rejected:
            return True
        other = await self._looked_up_again(rejected)
        if other is not None:
            await self._told_apart(other, region)
        return other is not None

    async def _found_and_proved(self, region: Region) -> Keys:
        return await self._told_apart(await self.found(), region)

    async def _renewed(self, present: Keys, region: Region) -> Keys:
        """Renew keys that are still good: they stay if that fails. Other calls use them meanwhile."""
        self._renewing = True
        try:
            keys = await self._found_and_proved(region)
        except CallError:
            if self._keys is not present:  # the new ones are of another account
                raise
            keys = present
        finally:
            self._renewing = False
        if keys is present:  # botocore, too, gives the old ones where it failed, and does not say so
            self._renew_at = self._clock() + PAUSE
        return keys

    async def _told_apart(self, keys: Keys, region: Region) -> Keys:
        """Prove keys. A denial by STS is none by the service that is to be called."""
        try:
            return await self._proved(keys, region)
        except CallError as error:
            if isinstance(error, ScopeError) and not isinstance(error, AccessDenied):
                raise
            raise unproved(error) from error

    async def _proved(self, keys: Keys, region: Region) -> Keys:
        """Take keys as the present ones, once STS has said that they are of the account of the first."""
        if self._keys is not None and keys.same_as(self._keys):
            return self._keys
        try:
            account = await self._owner(keys, region)
        except CredentialsExpired as error:
            other = await self._looked_up_again(keys)
            if other is None:
                raise CredentialsRejected(
                    error.message, code=error.code, status=error.status, request_id=error.request_id
                ) from error
            keys, account = other, await self._owner(other, region)
        self.account = self.account or account
        if account != self.account:
            self._keys, self._usable_until = None, -inf
            raise of_another_account(account, self.account, self._profile)
        if self._keys is None or not keys.same_as(self._keys):  # else another call was faster
            self._take(replace(keys, account=account))
        assert self._keys is not None  # noqa: S101 - they were taken
        return self._keys

    def _take(self, keys: Keys) -> None:
        self._keys, self._usable_until, self._renew_at = keys, inf, inf
        if keys.expires is not None:
            now = self._clock()
            life = max(0.0, keys.expires - now)
            self._usable_until = keys.expires - min(LAST_MINUTE, life * SHORT_LIFE)
            self._renew_at = max(keys.expires - RENEWAL_WINDOW, now + min(PAUSE, life / 2))

    async def _looked_up_again(self, rejected: Keys) -> Keys | None:
        """Walk the chain from its start, unless another call has. None: it has no keys but those."""

        async def walk() -> Keys | None:
            async with self._loading:
                present = await _frozen(self._source)
                if not present.same_as(rejected):
                    return present
                source = await self._load()
                other = None if source is None else await _frozen(source)
                if other is None or other.same_as(rejected):
                    return None
                self._source = source
                return other

        try:
            return await self._stop.heeded(walk)
        except (CredentialsUnavailable, Stopped):
            raise
        except Exception as error:  # as in `found`
            raise unavailable(error, self._profile) from error

    async def _fetched(self) -> Keys:
        if self._source is None:
            async with self._loading:
                if self._source is None:
                    self._source = await self._load()
        if self._source is None:
            raise none_found()
        return await _frozen(self._source)


async def _frozen(source: Any) -> Keys:
    """Take the keys out of botocore's object, which renews them first where it is time to."""
    frozen = await source.get_frozen_credentials()
    if why := misfit(frozen.access_key, frozen.secret_key, frozen.token):
        raise ValueError(why)
    # Its only public word on the end is yes or no to "within so many seconds". Pinned by
    # `test_the_end_of_keys_is_read_from_botocores_own_object`.
    end = getattr(source, "_expiry_time", None)
    return Keys(
        access_key=frozen.access_key,
        secret_key=frozen.secret_key,
        token=frozen.token,
        expires=None if end is None else end.timestamp(),
    )
