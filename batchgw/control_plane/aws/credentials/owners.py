"""Whose keys are. STS is asked once about each set of keys, even if many tasks ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from batchgw.control_plane.aws.credentials.single_flight import Flight
from batchgw.control_plane.aws.keys import Keys
from batchgw.model import AccountId, Region

Ask = Callable[[Keys, Region], Awaitable[AccountId]]
"""Asks the STS of a region whose keys these are. Raises a CallError."""

KEPT = 16
"""Answers kept. A run has one set of keys an hour, and asks in one region of each partition."""


class Owners:
    """The accounts of sets of keys, as STS tells them. An answer about other keys proves nothing."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._flights: dict[tuple[str, str, str | None, Region], Flight[AccountId]] = {}

    async def of(self, keys: Keys, region: Region) -> AccountId:
        """Return the account of the keys, as the STS of `region` says. Raises a CallError for all who wait.

        An error is not kept: the next task that asks makes STS answer again. Another partition has its own
        STS, which may know keys that the first one does not.
        """
        name = (keys.access_key, keys.secret_key, keys.token, region)
        flight = self._flights.get(name)
        if flight is None:
            if len(self._flights) >= KEPT:
                self._flights.clear()  # a task that waits holds its flight, and still gets the answer
            flight = self._flights[name] = Flight()
        return await flight.join(lambda: self._ask(keys, region))
