"""A control plane that refuses every write: `check` and `plan` go through it."""

from __future__ import annotations

from batchgw.control_plane.interface import Execution, Request, T, Wrapper
from batchgw.errors import BatchgwError


class WriteRefused(BatchgwError):
    """A write was about to be sent by a verb that only reads: a fault in batchgw, and nothing was changed."""


class ReadOnlyControlPlane(Wrapper):
    """Lets reads through."""

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Pass a read on. Raises WriteRefused for anything else."""
        name = request.operation.name
        if request.operation.writes:
            raise WriteRefused(f"{name} in {request.scope} was refused: this verb only reads")
        return await self._inner.send(request, execution)
