"""Keep the keys of each account or partition fresh: fetch them once, and renew them before they expire.

Calls get the present keys at once. Renewal happens beside the calls, after two thirds of the keys' life. If
it fails, the present keys are used until a minute before they expire. So nobody notices an STS that is down
for ten minutes. (With botocore's own refresher, every call of the keys' last ten minutes would fail.)
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

import anyio

from batchgw.control_plane.aws.keys import Keys
from batchgw.errors import CallError, Stopped, WrongAccount
from batchgw.model import Scope

RENEW_AT = 2 / 3
"""Part of the keys' life after which they are renewed. It leaves 20 of 60 minutes for an STS that is down."""

JITTER = 0.1
"""Part of the time until renewal that is random, so that keys fetched together are not renewed together."""

RESERVE = 60.0
"""Seconds before they expire in which keys are no longer used, because a signed call must still arrive."""

SHORT_LIFE = 1 / 6
"""Part of the keys' life that replaces RESERVE, if it is shorter: for keys that live only minutes."""

SHORTEST_LIFE = 900.0
"""Seconds that keys are assumed to live if nobody says: the shortest life that AssumeRole grants."""

LONGEST_PAUSE = 60.0
"""Seconds between two attempts to renew while STS fails; the pauses double from one second on."""

Fetch = Callable[[Scope], Awaitable[Keys]]
"""Gets new keys for a scope. Raises a CallError."""

Background = Callable[..., object]
"""Starts an async function beside the caller, such as a task group's `start_soon`."""


@dataclass(slots=True)
class _Entry:
    keys: Keys | None = None
    usable_until: float = 0.0
    renew_at: float = 0.0
    renewing: bool = False
    failed_renewals: int = 0
    fetches: int = 0  # that have ended, in success or not; all tasks that waited for one share its result
    error: CallError | None = None
    flight: anyio.Lock = field(default_factory=anyio.Lock)


def _account(scope: Scope) -> str:
    return scope.account


class Refresher:
    """Keys by `key`, the account by default. Of one key at most one fetch is under way, however many ask."""

    def __init__(
        self,
        fetch: Fetch,
        *,
        background: Background,
        clock: Callable[[], float] = time.time,
        random: Random | None = None,
        key: Callable[[Scope], str] = _account,
    ) -> None:
        self._fetch = fetch
        self._key = key
        self._background = background
        self._clock = clock
        self._random = random or Random()  # noqa: S311 - jitter needs no secrecy
        self._entries: dict[str, _Entry] = {}

    async def keys(self, scope: Scope) -> Keys:
        """Give usable keys for the scope. Raises a CallError when there are none and none come."""
        key = self._key(scope)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry()
        now = self._clock()
        if entry.keys is None or now >= entry.usable_until:
            return await self._fetched(entry, scope)
        if now >= entry.renew_at and not entry.renewing:
            entry.renewing = True
            self._background(self._renew, entry, scope)
        return entry.keys

    def discard(self, scope: Scope, rejected: Keys) -> None:
        """Forget keys that the service no longer accepts. Newer ones, if there are, stay."""
        entry = self._entries.get(self._key(scope))
        if entry is not None and entry.keys is rejected:
            entry.keys = None

    async def _fetched(self, entry: _Entry, scope: Scope) -> Keys:
        """Fetch while the callers wait, or share the result of the fetch that is under way."""
        while True:
            before = entry.fetches
            async with entry.flight:
                if entry.fetches == before:
                    await self._fetch_into(entry, scope)
            if entry.error is not None:
                raise entry.error.again()
            if entry.keys is not None:  # None: a faster caller was refused and discarded them
                return entry.keys

    async def _renew(self, entry: _Entry, scope: Scope) -> None:
        try:
            async with entry.flight:
                await self._fetch_into(entry, scope)
        except Stopped:
            return  # the present keys do for the calls in flight
        finally:
            entry.renewing = False
        if entry.error is not None:
            entry.failed_renewals += 1
            pause = min(LONGEST_PAUSE, 2.0 ** (entry.failed_renewals - 1))
            entry.renew_at = self._clock() + pause * self._random.uniform(0.5, 1.0)

    async def _fetch_into(self, entry: _Entry, scope: Scope) -> None:
        try:
            keys = await self._fetch(scope)
        except CallError as error:
            entry.error = error
            if isinstance(error, WrongAccount):
                entry.keys = None  # the source now gives keys of another account: do not trust these either
        else:
            self._store(entry, keys)
        entry.fetches += 1

    def _store(self, entry: _Entry, keys: Keys) -> None:
        now = self._clock()
        expires = now + SHORTEST_LIFE if keys.expires is None else keys.expires
        life = max(0.0, expires - now)
        entry.keys = keys
        entry.error = None
        entry.failed_renewals = 0
        entry.usable_until = expires - min(RESERVE, life * SHORT_LIFE)
        entry.renew_at = now + life * RENEW_AT * self._random.uniform(1 - JITTER, 1)
