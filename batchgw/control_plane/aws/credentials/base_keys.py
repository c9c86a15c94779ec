"""The base credentials: the keys that botocore's chain finds (profile, environment, SSO, IMDS).

botocore renews them by itself. This module adds three rules:

- New keys sign nothing before STS has said whose they are. Keys of another account than the first ones are
  never used.
- If a renewal fails, or STS cannot say whose the new keys are, the old keys are used until they expire.
- If the service refuses keys as expired, they are looked up once more from the start of the chain.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import inf
from typing import Any

import anyio

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.aws.credentials.unavailable import (
    none_found,
    of_another_account,
    unavailable,
    unproved,
)
from batchgw.control_plane.aws.keys import Keys, misfit
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
"""Walks the chain from its start. Returns botocore's credentials object, or None if there are no keys. Raises
whatever the providers raise."""

Owner = Callable[[Keys, Region], Awaitable[AccountId]]
"""Asks the STS of a region whose keys these are. Raises a CallError."""

LAST_MINUTE = 60.0
"""Seconds before they expire in which keys are no longer used."""

SHORT_LIFE = 1 / 6
"""Part of the keys' life that replaces LAST_MINUTE, if it is shorter: for keys that live only minutes."""

RENEWAL_WINDOW = 15 * 60.0
"""Seconds before they expire in which botocore tries to renew keys (its advisory refresh timeout)."""

PAUSE = 30.0
"""Seconds until the next attempt after a failed renewal. botocore alone would try again at every call."""


class BaseCredentials:
    """The keys of the profile or the environment. They are proved: STS has said whose they are.

    Args:
        load: walks the chain.
        owner: asks STS whose keys are.
        profile: its name, for messages.
        stop: once a stop is asked for, a look-up of keys ends with Stopped. That is safe: it changes nothing.
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
        """The account of the first keys, and so of all later ones; None until STS has told it."""

    def ready(self) -> Keys | None:
        """The present keys; None if there are none, or if it is time to look for others."""
        now = self._clock()
        if now < self._usable_until and (now < self._renew_at or self._renewing):
            return self._keys
        return None

    async def keys(self, region: Region) -> Keys:
        """Return usable keys. If they are new, the STS of `region` is asked whose they are.

        Raises:
            ScopeError: CredentialsUnavailable if the chain has no keys or cannot renew them, or if STS cannot
                be asked; WrongAccount if they are of another account than the first keys.
        """
        ready = self.ready()
        if ready is not None:
            return ready
        present = self._keys if self._clock() < self._usable_until else None
        if present is not None:
            return await self._renewed(present, region)
        return await self._found_and_proved(region)

    async def whose(self, region: Region) -> AccountId:
        """Return the account of the keys, as the STS of `region` says. Raises a CallError as STS gave it."""
        if self.account is None:
            await self._proved(await self.found(), region)
        assert self.account is not None  # noqa: S101 - keys were proved
        return self.account

    async def found(self) -> Keys:
        """The chain's keys, unproved: not to sign with. Raises CredentialsUnavailable or Stopped."""
        try:
            return await self._stop.heeded(self._fetched)
        except (CredentialsUnavailable, Stopped):
            raise
        except Exception as error:  # a provider may fail in any way: the profile may even start a process
            raise unavailable(error, self._profile) from error

    async def renew(self, rejected: Keys, region: Region) -> bool:
        """Look for other keys than `rejected`, which the service has refused. Returns whether there are any.

        Raises what `keys` raises.
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
        """Renew keys that are still usable. Other calls use them meanwhile, and they stay if this fails."""
        self._renewing = True
        try:
            keys = await self._found_and_proved(region)
        except CallError:
            if self._keys is not present:  # the new keys are of another account, so the old ones are dropped
                raise
            keys = present
        finally:
            self._renewing = False
        if keys is present:  # botocore also returns the old keys when it fails, without saying so
            self._renew_at = self._clock() + PAUSE
        return keys

    async def _told_apart(self, keys: Keys, region: Region) -> Keys:
        """Prove keys. A denial by STS becomes `unproved`: it must not look like one by the called service."""
        try:
            return await self._proved(keys, region)
        except CallError as error:
            if isinstance(error, ScopeError) and not isinstance(error, AccessDenied):
                raise
            raise unproved(error) from error

    async def _proved(self, keys: Keys, region: Region) -> Keys:
        """Make keys the present ones, once STS has said that their account is that of the first keys."""
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
        if self._keys is None or not keys.same_as(self._keys):  # if the same, another call was faster
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
        """Walk the chain from its start, unless another call has done so. None: it has no other keys."""

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
    """Take the keys out of botocore's object. If it is time to, that renews them first."""
    frozen = await source.get_frozen_credentials()
    if why := misfit(frozen.access_key, frozen.secret_key, frozen.token):
        raise ValueError(why)
    # botocore has no public way to ask when keys expire, only whether they do within so many seconds.
    # `test_the_end_of_keys_is_read_from_botocores_own_object` notices if this private name changes.
    end = getattr(source, "_expiry_time", None)
    return Keys(
        access_key=frozen.access_key,
        secret_key=frozen.secret_key,
        token=frozen.token,
        expires=None if end is None else end.timestamp(),
    )
