"""What a run's client is told, in one place, and how that is said to batchgw."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.stack import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The client's side of a scenario.

    `rate` (calls/second) and `burst` (calls) are what is stated of the quota; `strict` is never to go above
    it, `probe` that it is a guess, `polite` that others go first. `unknown` states nothing. `share` (0 to 1)
    is the part that is ours.
    """

    rate: float = 10.0
    burst: float = 40.0
    share: float = 1.0
    strict: bool = False
    probe: bool = False
    polite: bool = False
    unknown: bool = False


def pace(settings: Settings) -> Pace:
    """Say it to batchgw."""
    return Pace(
        rate=None if settings.unknown else settings.rate,
        burst=settings.burst,
        share=settings.share,
        strict=settings.strict,
        probe=settings.probe,
        polite=settings.polite,
    )
