"""The keys a call is signed with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from batchgw.model import AccountId, Region

_FIT = re.compile(r"[!-~]+", re.ASCII)
"""What travels in a header and in a signature unchanged: visible ASCII, no blank and no line break."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """One set of credentials. The secret and the token show in no repr, so in no log and no message.

    The attribute names, and `get_frozen_credentials`, are what botocore's request signer asks of credentials.
    `signing_keys` is where `signing` keeps what it derives from the secret: it is gone when these credentials
    are.
    """

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    expires: float | None = None  # seconds since the epoch; None when nobody knows, or never
    account: AccountId | None = None  # whose they are, as STS says; None while it has not been asked
    signing_keys: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    async def get_frozen_credentials(self) -> Keys:
        """Give themselves: they never change. New ones are a new record."""
        return self

    def same_as(self, other: Keys) -> bool:
        """Tell whether both sign alike. Their end and their account do not count."""
        return (self.access_key, self.secret_key, self.token) == (
            other.access_key,
            other.secret_key,
            other.token,
        )


class Signer(Protocol):
    """Whoever signs: the base credentials, or a role of a chain. Its keys change, its account does not."""

    async def keys(self, region: Region) -> Keys:
        """Give usable keys, whose account is known. `region` is where STS is asked. Raises a CallError."""
        ...

    async def renew(self, rejected: Keys, region: Region) -> bool:
        """Drop keys that the service refused as expired. Returns whether other ones can be had."""
        ...


def misfit(access_key: object, secret_key: object, token: object) -> str | None:
    """Tell what makes these unfit to sign with, in words that show nothing of them; None if they are fit."""
    named = {"the access key": access_key, "the secret key": secret_key}
    if token is not None:
        named["the session token"] = token
    for name, value in named.items():
        if why := _misfit(value):
            return f"{name} {why}"
    return None


def _misfit(value: object) -> str | None:
    if not isinstance(value, str):
        return f"is not a text but of type {type(value).__name__}"
    if not value:
        return "is empty"
    if "\n" in value or "\r" in value:
        return "has a line break in it"
    return None if _FIT.fullmatch(value) else "has a blank in it, or a character that is not ASCII"
