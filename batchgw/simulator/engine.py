"""The way of one call through the simulated service, the same in process and over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.simulator.keys import Key
from batchgw.simulator.reply import Reply
from batchgw.simulator.service import Service


class Engine:
    """SKELETON, signatures final. Statistics, latency, quota, faults, then the service."""

    service: Service

    async def handle(
        self,
        operation: str,
        account: str,
        region: str,
        params: Mapping[str, object],
        *,
        caller: Key | None = None,
    ) -> Reply:
        """Answer a call. Raises ServiceFault or ConnectionCutByServer. Both carry x-amzn-RequestId in headers.

        `account` is whose credentials signed the call.
        """
        raise NotImplementedError

    def snapshot(self) -> dict[str, object]:
        """Statistics so far, JSON-able: what GET /_batchgw/stats answers."""
        raise NotImplementedError
