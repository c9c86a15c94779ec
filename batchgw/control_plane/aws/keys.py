"""The keys a call is signed with."""

from __future__ import annotations

from dataclasses import dataclass, field


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
    signing_keys: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    async def get_frozen_credentials(self) -> Keys:
        """Give themselves: they never change. New ones are a new record."""
        return self
