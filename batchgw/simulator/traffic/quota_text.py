"""Quotas as people write them on a command line: `CreateDeployment=0.5:2`, `60:0.5`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite

from batchgw.errors import UsageError
from batchgw.simulator.traffic.bucket import Rate
from batchgw.simulator.traffic.quota import PER_OPERATION, PER_SERVICE

NO_QUOTA = "none"
"""In the place of a rate: the operation has no quota of its own."""


def operation_quotas(texts: Iterable[str]) -> dict[str, Rate | None]:
    """Read `OPERATION=RATE[:BURST]` or `OPERATION=none`: calls/second, and calls at once.

    Without a burst it is the documented one, or 1. Raises UsageError.
    """
    return dict(_quota(text, PER_OPERATION, "an operation", "CreateDeployment") for text in texts)


def service_quotas(texts: Iterable[str]) -> dict[str, Rate | None]:
    """Read `SERVICE=RATE[:BURST]` or `SERVICE=none` in the same way. Raises UsageError."""
    return dict(_quota(text, PER_SERVICE, "a service", "organizations") for text in texts)


def rate_steps(texts: Iterable[str]) -> tuple[tuple[float, float], ...]:
    """Read `SECONDS:FACTOR`, and put them in the order of time. Raises UsageError."""
    return tuple(sorted(_rate_step(text) for text in texts))


def _quota(text: str, defaults: Mapping[str, Rate], kind: str, example: str) -> tuple[str, Rate | None]:
    name, _, quota = text.partition("=")
    if not name or not quota:
        raise _wrong(text, kind, example)
    if quota == NO_QUOTA:
        return name, None
    rate, _, burst = quota.partition(":")
    documented = defaults.get(name)
    try:
        return name, Rate(
            rate=_number(rate),
            burst=_number(burst) if burst else 1 if documented is None else documented.burst,
        )
    except ValueError:
        raise _wrong(text, kind, example) from None


def _wrong(text: str, kind: str, example: str) -> UsageError:
    return UsageError(
        f"{text!r} is no quota of {kind}: write {example}=0.5, {example}=0.5:2 with a "
        f"burst of at least 1, or {example}={NO_QUOTA}."
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
