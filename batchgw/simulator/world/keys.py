"""Access keys of the simulated accounts: one long-term key each, and those that AssumeRole hands out."""

from __future__ import annotations

import hashlib
from base64 import b32encode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batchgw.simulator.iam.documents import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSession:
    """What AssumeRole made: a session of a role, with what it was given beside its keys.

    Attributes:
        role: the role's name, without its path.
        name: RoleSessionName.
        role_arn: the ARN of the role.
        policy: the session policy; None for none.
        tags: session tags, the transitive ones of the caller's session included.
        transitive: keys in lower case of those that go on to the sessions of roles that it assumes.
        source_identity: as set here or in the caller's session.
    """

    role: str
    name: str
    role_arn: str
    policy: Policy | None = None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    transitive: frozenset[str] = frozenset()
    source_identity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Credentials, and whose they are.

    `expires` is seconds since the epoch, None for a long-term key. `session` is the role's session that they
    are of, None for the account's user.
    """

    access_key_id: str
    secret_access_key: str
    account: str
    arn: str
    user_id: str
    session_token: str | None = None
    expires: float | None = None
    session: RoleSession | None = None

    @property
    def assumed_role(self) -> bool:
        """Whether these came from AssumeRole."""
        return self.session_token is not None


USER = "batchgw"
"""The name of the user that each account has."""


class KeyRing:
    """Every key that is valid somewhere in the world. The same seed gives the same keys."""

    def __init__(self, accounts: Iterable[str], *, seed: int = 0, partition: str = "aws") -> None:
        """`partition` is that of the ARNs: aws, aws-cn or aws-us-gov."""
        self._seed = seed
        self._partition = partition
        self._issued = 0
        self._long_term = {account: self._make_long_term(account) for account in accounts}
        self._by_id = {key.access_key_id: key for key in self._long_term.values()}

    def long_term(self, account: str) -> Key:
        """The account's own key. Raises KeyError for an account that is not in the world."""
        return self._long_term[account]

    def find(self, access_key_id: str) -> Key | None:
        """The key of that id, expired or not; None when there never was one (or long ago)."""
        return self._by_id.get(access_key_id)

    def issue(self, *, account: str, session: RoleSession, expires: float, now: float) -> Key:
        """Hand out credentials of a role's session, valid until `expires` (seconds since the epoch)."""
        role, partition = session.role, session.role_arn.split(":")[1]
        self._forget_expired(now)
        self._issued += 1
        digest = self._digest("session", account, role, session.name, str(self._issued))
        key = Key(
            access_key_id="ASIA" + b32encode(digest[:10]).decode(),
            secret_access_key=b64encode(digest[10:40]).decode(),
            session_token=b64encode(b"batchgw-simulator " + digest).decode(),
            account=account,
            arn=f"arn:{partition}:sts::{account}:assumed-role/{role}/{session.name}",
            user_id=f"AROA{b32encode(digest[40:50]).decode()}:{session.name}",
            expires=expires,
            session=session,
        )
        self._by_id[key.access_key_id] = key
        return key

    def _make_long_term(self, account: str) -> Key:
        digest = self._digest("user", account)
        return Key(
            access_key_id="AKIA" + b32encode(digest[:10]).decode(),
            secret_access_key=b64encode(digest[10:40]).decode(),
            account=account,
            arn=f"arn:{self._partition}:iam::{account}:user/{USER}",
            user_id=f"AIDA{b32encode(digest[40:50]).decode()}",
        )

    def _digest(self, *parts: str) -> bytes:
        return hashlib.sha512("\0".join((str(self._seed), *parts)).encode()).digest()

    def _forget_expired(self, now: float) -> None:
        """Drop what expired over an hour ago: a server that runs for weeks stays small."""
        old = [i for i, k in self._by_id.items() if k.expires is not None and k.expires < now - 3600]
        for access_key_id in old:
            del self._by_id[access_key_id]
