"""What is to be done about one API: actions, changes, and the items a plan is made of.

A change is of a kind. The kinds stand in `kinds.py`; nothing here knows any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from batchgw.errors import CallError
from batchgw.model.scope import RestApi, Scope
from batchgw.model.shape import JSON
from batchgw.model.target import Target


class Action(StrEnum):
    """What a change does to its target."""

    CREATE = "CREATE"  # set what is at its default
    UPDATE = "UPDATE"  # replace what is set
    RESET = "RESET"  # bring it back to its default
    NO_OP = "NO_OP"  # already as desired


class Change(Protocol):
    """One target of one API: as it was read, and as it is to be. Each kind has a frozen record of its own.

    `before` and `after` are images of the target, of a type that the kind alone knows. `after` is what the
    write carries. None stands for a RESET, and for a NO_OP that leaves a target at its default.
    """

    @property
    def target(self) -> Target:
        """What it sets; its `kind` says which kind of change this is."""
        ...

    @property
    def action(self) -> Action:
        """What it does."""
        ...

    @property
    def before(self) -> object:
        """The target as it was read."""
        ...

    @property
    def after(self) -> object | None:
        """The target as it is to be."""
        ...

    def images(self) -> tuple[JSON, JSON]:
        """Render `before` and `after` as JSON, as the kind's `read` reads them; null for no `after`."""
        ...


EXEMPT = "Exempt"
"""Code of a target that an exemption leaves alone."""

MANAGED = "Managed"
"""Code of a target that is held because another tool manages its API (`--on-managed hold`); with `fail`, of
the API."""

NOT_CONFIGURED = "NotConfigured"
"""Code of the targets of an API that is not configured as its policy says, where a plan only makes live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """An expected target that the plan decides, without a change: it ends so, with this code and reason.

    Mostly it is left alone on purpose, and ends skipped. A stage that a policy names and an API lacks has
    failed. One that is held back waits for a person.
    """

    target: Target
    code: str
    message: str
    ending: Literal["skipped", "held", "failed"] = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedApi:
    """An API that was read, with one change per target the policy speaks of (NO_OP included).

    Attributes:
        api: the API.
        changes: what is to be done about it.
        uncovered: targets that the API has set itself, and that lack something which the policy sets
            elsewhere for them: headers of their family, where it is a gateway response. The policy leaves
            that so.
        set_aside: expected targets without a change, because they are left alone on purpose.
        variant: number of what the API shall be, among the plan's variants (`rulebook.Variant`).
        notes: what is to be told of the API's own tags, such as an exemption that has expired.
    """

    api: RestApi
    changes: tuple[Change, ...]
    uncovered: tuple[Target, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    variant: int = 0
    notes: tuple[str, ...] = ()

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
    """Say what it means that all APIs of a scope are gone. Where there was one alone, say nothing."""
    if apis <= 1:
        return ""
    return (
        f"none of the {apis} REST APIs that were listed here is there any more. Somebody deleted them, or "
        "these calls go to another account or endpoint than before: check the credentials and the endpoint; "
        "then resume, or plan again"
    )


MOVED = "MovedSincePlan"
"""Code of an API that is no longer as it was when it was planned, and is left alone for that."""


class OnStale(StrEnum):
    """What happens to a saved plan when some of its APIs have changed since."""

    REFUSE = "refuse"  # nothing is written
    SKIP = "skip"  # those APIs are left alone, the others brought to plan


def codes(error: type[CallError], means: Callable[[type[CallError]], bool]) -> frozenset[str]:
    """Give the names of the error classes in a branch of the tree for which `means` is true."""
    own = {error.__name__} if means(error) else set[str]()
    return frozenset(own.union(*(codes(each, means) for each in error.__subclasses__())))


ENDS_SCOPE = codes(CallError, lambda error: error.ends_scope)
"""Class names of the errors after which no more calls are made in a scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadApi:
    """An expected API that was not read: gone, excluded, denied, failing, or managed where that is a failure.

    `targets` are those that were expected of it. `code` is the error's class name, or one of the constants
    above.

    `set_aside` are further targets, which would have been left alone on purpose: those end skipped, whatever
    becomes of the rest.
    """

    api: RestApi
    targets: tuple[Target, ...]
    code: str
    message: str
    set_aside: tuple[SetAside, ...] = ()

    @property
    def kind(self) -> Literal["skipped", "not_attempted", "failed"]:
        """How its targets end, because no run can write what was not read.

        Skipped: it was rightly left alone: deleted or changed meanwhile, or excluded. Not attempted: its
        scope was given up, so most likely no call was made for it. Failed: a call was made, and the API could
        not be read; or it is `managed`.
        """
        if self.code in ("ApiNotFound", EXCLUDED, MOVED):
            return "skipped"
        return "not_attempted" if self.code in ENDS_SCOPE else "failed"

    @property
    def skipped(self) -> bool:
        """Whether it was rightly left alone, and is neither failed nor not attempted."""
        return self.kind == "skipped"

    @property
    def managed(self) -> bool:
        """Whether it failed because another tool manages it: nothing kept it from being read."""
        return self.code == MANAGED


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadScope:
    """An account-region whose APIs could not be listed, or not to the end. The rest is unknown."""

    scope: Scope
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedScope:
    """An account-region that is rightly not looked into, and why: it is off, or denied by an SCP.

    Where a whole account is skipped, such as one that is suspended, the region is "*".
    """

    scope: Scope
    code: str
    message: str


PlanItem = PlannedApi | UnreadApi | UnreadScope | SkippedScope


def scope_of(item: PlanItem) -> Scope:
    """Give the account-region that an item of a plan is about."""
    return item.scope if isinstance(item, UnreadScope | SkippedScope) else item.api.scope
