"""Quotas as people write them on a command line: `CreateDeployment=0.5:2`, `60:0.5`."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from batchgw.errors import UsageError
from batchgw.simulator.traffic.bucket import Rate
from batchgw.simulator.traffic.quota import PER_OPERATION

NO_QUOTA = "none"
"""In the place of a rate: the operation has no quota of its own."""


def operation_quotas(texts: Iterable[str]) -> dict[str, Rate | None]:
    """Read `OPERATION=RATE[:BURST]` or `OPERATION=none`: calls/second, and calls at once.

    Without a burst it is the documented one, or 1. Raises UsageError.
    """
    return dict(_operation_quota(text) for text in texts)


def rate_steps(texts: Iterable[str]) -> tuple[tuple[float, float], ...]:
    """Read `SECONDS:FACTOR`, and put them in the order of time. Raises UsageError."""
    return tuple(sorted(_rate_step(text) for text in texts))


def _operation_quota(text: str) -> tuple[str, Rate | None]:
    operation, _, quota = text.partition("=")
    if not operation or not quota:
        raise _wrong(text)
    if quota == NO_QUOTA:
        return operation, None
    rate, _, burst = quota.partition(":")
    documented = PER_OPERATION.get(operation)
    try:
        return operation, Rate(
            rate=_number(rate),
            burst=_number(burst) if burst else 1 if documented is None else documented.burst,
        )
    except ValueError:
        raise _wrong(text) from None


def _wrong(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is no quota of an operation: write CreateDeployment=0.5, CreateDeployment=0.5:2 with a "
        f"burst of at least 1, or CreateDeployment={NO_QUOTA}."
    )


def _rate_step(text: str) -> tuple[float, float]:
    at, _, factor = text.partition(":")
    try:
        return _number(at), _number(factor)
    except ValueError:
        raise UsageError(
            f"{text!r} is no step of the rate: write 60:0.5 for half the rate from the 60th second on."
        ) from None


def _number(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number
