"""What is to be done about one API: actions, changes, and the items a plan is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
    """An API that was read, with one change per type the policy speaks of (NO_OP included)."""

    api: RestApi
    changes: tuple[Change, ...]

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that need a write."""
        return tuple(c for c in self.changes if c.action is not Action.NO_OP)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadApi:
    """An expected API that was not read: gone, excluded, denied, failing.

    `types` are the response types that were expected of it. `code` is the error's class name, or one of
    the two constants below.
    """

    api: RestApi
    types: tuple[ResponseType, ...]
    code: str
    message: str

    @property
    def skipped(self) -> bool:
        """Whether it was rightly left alone (deleted meanwhile, or excluded) rather than failed."""
        return self.code in ("ApiNotFound", EXCLUDED)


NO_SUCH_API = "NoSuchApi"
"""Code of an API that was named by id and that no scope has: unlike one deleted meanwhile, a failure."""

EXCLUDED = "Excluded"
"""Code of an API that was named by id and that an exclude rule exempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadScope:
    """An account-region whose APIs could not be listed, or not to the end. Nothing is known of the rest."""

    scope: Scope
    code: str
    message: str


PlanItem = PlannedApi | UnreadApi | UnreadScope
