"""A control plane that refuses to write, whoever asks: `check` and `plan` go through it."""

from __future__ import annotations

from batchgw.control_plane.interface import Answer, ControlPlane, Request, T
from batchgw.errors import BatchgwError
from batchgw.model import AccountId


class WriteRefused(BatchgwError):
    """A write was about to be sent by a verb that only reads: a fault in batchgw, and nothing was changed."""


class ReadOnlyControlPlane:
    """Lets reads through."""

    def __init__(self, inner: ControlPlane) -> None:
        self._inner = inner

    async def send(self, request: Request[T]) -> Answer[T]:
        """Pass a read on. Raises WriteRefused for anything else."""
        if request.operation.writes:
            raise WriteRefused(
                f"{request.operation.name} in {request.scope} was refused: this verb only reads"
            )
        return await self._inner.send(request)

    async def current_account(self) -> AccountId:
        """Whose credentials these are."""
        return await self._inner.current_account()
