"""What is remembered of deployments from one command to the next: what each answers with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from batchgw.model import RestApi, RestApiId, Scope


class LiveMemory(Protocol):
    """Remembers what deployments answer with. None ever changes, so it holds for ever.

    It may be lost, because a deployment can be read again. So nothing here raises.
    """

    async def recall(self, api: RestApi, deployment: str) -> Mapping[str, str] | None:
        """Give the digests of a deployment, by response type; None where it was not read yet."""
        ...

    async def keep(self, api: RestApi, deployment: str, digests: Mapping[str, str]) -> None:
        """Remember the digests of a deployment."""
        ...


class BriefLiveMemory:
    """Remembers them for as long as it is there itself: for a command without a journal."""

    def __init__(self) -> None:
        self._known: dict[tuple[Scope, RestApiId, str], Mapping[str, str]] = {}

    async def recall(self, api: RestApi, deployment: str) -> Mapping[str, str] | None:
        """Give the digests of a deployment."""
        return self._known.get((api.scope, api.id, deployment))

    async def keep(self, api: RestApi, deployment: str, digests: Mapping[str, str]) -> None:
        """Remember them."""
        self._known[api.scope, api.id, deployment] = digests
