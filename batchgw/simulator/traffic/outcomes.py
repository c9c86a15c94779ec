"""How a fault of the script ends a call: refused before the change, or its answer lost after the change."""

from __future__ import annotations

from email.utils import formatdate

from batchgw.simulator.call import Call
from batchgw.simulator.reply import (
    ArbitraryAnswer,
    ConnectionCutByServer,
    ConnectionRefusedByServer,
    ServiceFault,
    not_found,
)
from batchgw.simulator.traffic.faults import (
    Arbitrary,
    Cut,
    Deny,
    Fault,
    OtherAccount,
    Refuse,
    RefuseConnection,
    Throttle,
)


def before_change(call: Call, fault: Fault, now: float) -> Exception | None:  # noqa: PLR0911 - one a fault
    """Give the error of a fault that refuses the call; else None. `now` is seconds since the epoch."""
    match fault:
        case Throttle():
            return call.throttled(_retry_after(fault, now))
        case Deny():
            return call.denied()
        case OtherAccount():
            return not_found(f"Invalid API identifier specified {fault.account}:{call.api}")
        case RefuseConnection():
            return ConnectionRefusedByServer()
        case Cut(applied=False):
            return ConnectionCutByServer(applied=False)
        case Refuse(applied=False):
            return _refused(fault)
        case Arbitrary(applied=False):
            return _oddly(fault)
        case _:
            return None


def after_change(fault: Fault) -> None:
    """Replace the answer of a call whose change was made: raises the error that the caller gets instead."""
    match fault:
        case Cut():
            raise ConnectionCutByServer(applied=True)
        case Refuse():
            raise _refused(fault)
        case Arbitrary():
            raise _oddly(fault)
        case _:
            pass


def by_quota(call: Call, seconds: float | None) -> ServiceFault:
    """Make the refusal by quota. `seconds` is its Retry-After; None for none."""
    return call.throttled(None if seconds is None else f"{seconds:g}")


def _retry_after(fault: Throttle, now: float) -> str | None:
    return fault.retry_after if fault.date_in is None else formatdate(now + fault.date_in, usegmt=True)


def _oddly(fault: Arbitrary) -> ArbitraryAnswer:
    return ArbitraryAnswer(status=fault.status, body=fault.body, signed=fault.signed, pause=fault.pause)


def _refused(fault: Refuse) -> ServiceFault:
    return ServiceFault(fault.code, fault.status, fault.message, modelled=fault.modelled)
