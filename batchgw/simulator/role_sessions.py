"""Sessions of roles in process: for each account a chain of AssumeRole calls, as clients make them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import anyio

from batchgw.model import RoleLink
from batchgw.simulator.engine import Engine
from batchgw.simulator.service_models import partition
from batchgw.simulator.world.keys import Key

EARLY = 60.0
"""Seconds before their end from which keys are not used any more."""

SESSION_NAME = "batchgw-simulated"


class RoleSessions:
    """Gives the key of an account's role, from the base credentials link by link, and renews it.

    The calls go through the engine, so they take their time, meet the faults of the script, and are counted.
    """

    def __init__(
        self, engine: Engine, base: str, links: Sequence[RoleLink], *, policy: str | None = None
    ) -> None:
        """`base` is the account whose own key assumes the first role.

        The last role is assumed in each account, those before it in `base`, unless their ARN says another.
        `policy` is the session policy of the last one.
        """
        self._engine = engine
        self._base = base
        self._links = tuple(links)
        self._policy = policy
        self._keys: dict[str, Key] = {}
        self._locks: defaultdict[str, anyio.Lock] = defaultdict(anyio.Lock)

    async def key(self, account: str, region: str) -> Key:
        """Give the key for an account; STS is asked in that region. Raises what `Engine.handle` raises."""
        async with self._locks[account]:
            key = self._keys.get(account)
            if key is None or (key.expires or 0.0) - EARLY <= self._engine.service.now():
                key = self._keys[account] = await self._assume_all(account, region)
            return key

    async def _assume_all(self, account: str, region: str) -> Key:
        key = self._engine.service.world.keys.long_term(self._base)
        *before, last = self._links
        for link in before:
            key = await self._assume(link, self._base, region, key)
        return await self._assume(last, account, region, key, policy=self._policy)

    async def _assume(
        self, link: RoleLink, account: str, region: str, caller: Key, *, policy: str | None = None
    ) -> Key:
        params = {
            "RoleArn": arn_of(link, account, region),
            "RoleSessionName": SESSION_NAME,
            "ExternalId": link.external_id,
            "SourceIdentity": link.source_identity,
            "Tags": [{"Key": key, "Value": value} for key, value in link.session_tags.items()],
            "Policy": policy,
        }
        given = {name: value for name, value in params.items() if value is not None}
        reply = await self._engine.handle("AssumeRole", caller.account, region, given, caller=caller)
        match reply.body:
            case {"Credentials": {"AccessKeyId": str(issued)}}:
                found = self._engine.service.world.keys.find(issued)
            case _:
                found = None
        if found is None:
            raise AssertionError("AssumeRole answers with a key that it has just issued")
        return found


def arn_of(link: RoleLink, account: str, region: str) -> str:
    """Give the ARN of a role that is named, or its own; {account} in either is the account."""
    role = link.role.replace("{account}", account)
    return role if role.startswith("arn:") else f"arn:{partition(region)}:iam::{account}:role/{role}"
