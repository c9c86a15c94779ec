"""The simulated service: operations on a world, by their names and wire parameters."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from batchgw.simulator.keys import Key
from batchgw.simulator.reply import Reply
from batchgw.simulator.world import World


class Service:
    """SKELETON, signatures final. Answers operations on a world at once: no quota, no latency, no faults."""

    def __init__(self, world: World, *, now: Callable[[], float] = time.time) -> None:
        """`now` tells the time in seconds since the epoch, for createdDate and credentials."""
        self.world = world
        self.now = now

    def dispatch(
        self,
        operation: str,
        account: str,
        region: str,
        params: Mapping[str, object],
        *,
        caller: Key | None = None,
    ) -> Reply:
        """Carry out an operation.

        Params use botocore's member names ("restApiId", "responseType", "patchOperations", "stageName", "RoleArn"...;
        tags of GetExport: "exportType", "parameters", "accepts"). `caller` is whose key signed (sts only).
        Raises ServiceFault; an operation nobody knows is an UnknownOperationException (404).
        Organizations and STS bodies: botocore's member names, timestamps in seconds since the epoch.
        """
        raise NotImplementedError
