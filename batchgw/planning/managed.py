"""What becomes of an API that another tool manages: it is written, held, or a failure. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from batchgw.model import RestApi
from batchgw.model.change import MANAGED
from batchgw.model.owner import UNKNOWN, OnManaged


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Why nothing is written to an API. `fails` says that this is a failure, not a skip."""

    message: str
    code: str = MANAGED
    fails: bool = False


def holding(on_managed: OnManaged) -> Callable[[RestApi], Held | None] | None:
    """Give what tells, for each API, whether it is held; None where none is.

    An API whose owner nobody asked for, or could tell, is not held.
    """
    if on_managed is OnManaged.WARN:
        return None
    fails = on_managed is OnManaged.FAIL

    def hold(api: RestApi) -> Held | None:
        if api.owner is None or api.owner.kind == UNKNOWN.kind:
            return None
        failure = ", which --on-managed fail makes a failure" if fails else ""
        message = f"managed by {api.owner}{failure}, so nothing is written to it: change it there"
        return Held(message=message, fails=fails)

    return hold
