"""How it ended. Every expected target of every API ends in exactly one of these six."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchgw.model.change import Action
from batchgw.model.scope import RestApi
from batchgw.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What an execution (all tries of one call) cost.

    `attempts` counts sent calls that were not throttled, `throttles` the refused ones; `waited` is seconds
    spent waiting for the limiter, backoff and Retry-After together.
    """

    attempts: int = 0
    throttles: int = 0
    waited: float = 0.0
    request_id: str | None = None

    def __add__(self, other: Effort) -> Effort:
        """The cost of both; the later request id stands."""
        return Effort(
            attempts=self.attempts + other.attempts,
            throttles=self.throttles + other.throttles,
            waited=self.waited + other.waited,
            request_id=other.request_id or self.request_id,
        )

    @classmethod
    def added_up(cls, efforts: Sequence[Effort]) -> Effort:
        """The cost of all, without a record for each step: there may be thousands."""
        return cls(
            attempts=sum([each.attempts for each in efforts]),
            throttles=sum([each.throttles for each in efforts]),
            waited=sum([each.waited for each in efforts], 0.0),
            request_id=next((each.request_id for each in reversed(efforts) if each.request_id), None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    api: RestApi
    target: Target
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied(_Ended):
    """The write was acknowledged, or a re-read showed that it had been made (`verified_by_read`)."""

    effort: Effort
    verified_by_read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged(_Ended):
    """It was as desired already; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndedBecause(_Ended):
    code: str  # the error's class name or AWS's code: "BadRequest", "AccessDenied", ...
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(_EndedBecause):
    """It was tried and refused, or kept failing."""

    effort: Effort = Effort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped(_EndedBecause):
    """Deliberately left alone: the API was deleted meanwhile, is exempt, ..."""

    effort: Effort = Effort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(_EndedBecause):
    """Held back, because going on would do what nobody asked for.

    It would ship other people's edits, take a stage from the tool that manages it, or end a canary that
    carries traffic. It is no failure, and no resume takes it up: a person decides, and plans again.
    """

    effort: Effort = Effort()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAttempted(_EndedBecause):
    """Not reached: the scope was given up, or the run was stopped. A resume takes it up.

    With code `InDoubt` it was sent and never answered, and could not be read back: a resume reads it first.
    """

    effort: Effort = Effort()


Outcome = Applied | Unchanged | Failed | Skipped | Held | NotAttempted
