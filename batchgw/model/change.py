"""What is to be done about one API: actions, changes, and the items a plan is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from batchgw.errors import CallError
from batchgw.model.response import GatewayResponse, ResponseType, Settings
from batchgw.model.scope import RestApi, Scope


class Action(StrEnum):
    """What a change does to one gateway response."""

    CREATE = "CREATE"  # customise what is at its default
    UPDATE = "UPDATE"  # replace a customisation
    RESET = "RESET"  # take a customisation away (DELETE)
    NO_OP = "NO_OP"  # already as desired


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One gateway response of one API: as it was read, and as it shall be.

    `after` is exactly what PUT will carry; None stands for RESET, and for a NO_OP that leaves a type at its
    default. A NO_OP on a customised type carries what it was compared with.
    """

    type: ResponseType
    action: Action
    before: GatewayResponse
    after: Settings | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedApi:
    """An API that was read, with one change per type the policy speaks of (NO_OP included).

    `uncovered` are types that it customises itself and that lack headers which the policy sets for their
    family: they answer without them, and the policy leaves that so.
    """

    api: RestApi
    changes: tuple[Change, ...]
    uncovered: tuple[ResponseType, ...] = ()

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that need a write."""
        return tuple(c for c in self.changes if c.action is not Action.NO_OP)


NO_SUCH_API = "NoSuchApi"
"""Code of an API that was named by id and that no scope has: unlike one deleted meanwhile, a failure."""

NOT_A_TARGET = "NotATarget"
"""Code of an API that was named with an account or region into which the run does not look: a failure."""

ALL_GONE = "AllGone"
"""Code of an API that is gone, as are all others of its scope: it may be the wrong account."""

EXCLUDED = "Excluded"
"""Code of an API that was named by id and that an exclude rule exempts."""


def all_gone(apis: int) -> str:
    """Say what it means that so many APIs were in a scope before, and all are gone. Of one alone: nothing."""
    if apis <= 1:
        return ""
    return (
        f"none of the {apis} REST APIs that were listed here is there any more. Somebody deleted them, or "
        "these calls go to another account or endpoint than before: check the credentials and the endpoint; "
        "then resume, or plan again"
    )


MOVED = "MovedSincePlan"
"""Code of an API that is no longer as it was planned, and was left alone for that."""


class OnStale(StrEnum):
    """What happens to a saved plan of which some APIs have moved."""

    REFUSE = "refuse"  # nothing is written
    SKIP = "skip"  # those APIs are left alone, the others brought to plan


def codes(error: type[CallError], means: Callable[[type[CallError]], bool]) -> frozenset[str]:
    """Give the names of those classes in this branch of the error tree that mean something."""
    own = {error.__name__} if means(error) else set[str]()
    return frozenset(own.union(*(codes(each, means) for each in error.__subclasses__())))


ENDS_SCOPE = codes(CallError, lambda error: error.ends_scope)
"""Class names of the errors after which nothing more is asked in a scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadApi:
    """An expected API that was not read: gone, excluded, denied, failing.

    `types` are the response types that were expected of it. `code` is the error's class name, or one of
    the constants above.
    """

    api: RestApi
    types: tuple[ResponseType, ...]
    code: str
    message: str

    @property
    def kind(self) -> Literal["skipped", "not_attempted", "failed"]:
        """How its types end, for no run can write what was not read.

        Skipped: it was left alone (deleted or changed meanwhile, or excluded). Not attempted: its scope was
        given_up, so most likely it was never asked. Failed: it was asked, and could not be read.
        """
        if self.code in ("ApiNotFound", EXCLUDED, MOVED):
            return "skipped"
        return "not_attempted" if self.code in ENDS_SCOPE else "failed"

    @property
    def skipped(self) -> bool:
        """Whether it was rightly left alone rather than failed or not attempted."""
        return self.kind == "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadScope:
    """An account-region whose APIs could not be listed, or not to the end. Nothing is known of the rest."""

    scope: Scope
    code: str
    message: str


PlanItem = PlannedApi | UnreadApi | UnreadScope
