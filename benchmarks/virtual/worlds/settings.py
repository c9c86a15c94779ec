"""What the client of a scenario is told about the quota, and how that is passed to batchgw."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.stack import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The client's side of a scenario.

    Attributes:
        rate: the stated quota, calls/second.
        burst: the stated quota, calls at once.
        share: the part of the quota that is ours, 0 to 1.
        strict: never go above the stated quota.
        probe: the stated quota is a guess, so look for a higher one.
        polite: leave the quota to others first.
        unknown: state no quota at all.
    """

    rate: float = 10.0
    burst: float = 40.0
    share: float = 1.0
    strict: bool = False
    probe: bool = False
    polite: bool = False
    unknown: bool = False


def pace(settings: Settings) -> Pace:
    """The settings as batchgw takes them."""
    return Pace(
        rate=None if settings.unknown else settings.rate,
        burst=settings.burst,
        share=settings.share,
        strict=settings.strict,
        probe=settings.probe,
        polite=settings.polite,
    )
