"""Folds why targets did not end well: equal reasons once, with a count and examples. Its size is bounded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from batchgw.model import Failed, Held, NotAttempted, Outcome, RestApi, Scope, Skipped
from batchgw.model.shape import JSON
from batchgw.report.naming import api_name

Kind = Literal["failed", "skipped", "held back", "not attempted"]

EXAMPLES = 5
"""Targets named for each reason."""

GROUPS = 200
"""Reasons kept apart. Further ones are counted by code alone."""

_RESOURCE = re.compile(r"/restapis/[A-Za-z0-9]+")
_STACK = re.compile(r":stack/\S+")

OTHER = "various messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason: how many targets ended for it, and the first of them (`account/region/id TARGET`)."""

    kind: Kind
    code: str
    message: str
    count: int
    examples: tuple[str, ...]

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "kind": self.kind.replace(" ", "_"),
            "code": self.code,
            "message": self.message,
            "count": self.count,
            "examples": list(self.examples),
        }


class Reasons:
    """The fold. Messages that differ only in the API that they name, or in its place, are one reason."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Kind, str, str], Reason] = {}

    def add(self, outcome: Outcome) -> None:
        """Count an outcome. One that ended well has no reason."""
        kind = _kind(outcome)
        if kind is None or not isinstance(outcome, Failed | Skipped | Held | NotAttempted):
            return
        general = generalised(outcome.message, outcome.api)
        if (kind, outcome.code, general) not in self._groups and len(self._groups) >= GROUPS:
            general = OTHER
        example = f"{api_name(outcome.api)} {outcome.target}"
        known = self._groups.get((kind, outcome.code, general))
        self._groups[kind, outcome.code, general] = Reason(
            kind=kind,
            code=outcome.code,
            message=general if known or general is OTHER else outcome.message,
            count=known.count + 1 if known else 1,
            examples=(*known.examples, example)[:EXAMPLES] if known else (example,),
        )

    def found(self) -> tuple[Reason, ...]:
        """Give the reasons: failures first, the most frequent first."""
        order: tuple[Kind, ...] = ("failed", "held back", "not attempted", "skipped")
        return tuple(sorted(self._groups.values(), key=lambda r: (order.index(r.kind), -r.count)))


def _kind(outcome: Outcome) -> Kind | None:
    match outcome:
        case Failed():
            return "failed"
        case Skipped():
            return "skipped"
        case Held():
            return "held back"
        case NotAttempted():
            return "not attempted"
        case _:
            return None


def generalised(message: str, api: RestApi) -> str:
    """Give the message without its API's id, account and region, so that equal reasons are equal.

    A denial names its resource, which may be that of another API, or a stack: its id is replaced, too.
    """
    named = message.replace(f"{api.scope.account}:{api.id}", "<id>").replace(api.id, "<id>")
    named = _STACK.sub(":stack/<id>", _RESOURCE.sub("/restapis/<id>", named))
    return generalised_scope(named, api.scope)


def counted_as(
    code: str, message: str, api: RestApi, *, known: Mapping[tuple[str, str], object], most: int
) -> tuple[str, str]:
    """Give the code and the general message that a reason is counted under.

    Where `most` reasons are `known`, further ones are counted by their code alone.
    """
    key = code, generalised(message, api)
    return key if key in known or len(known) < most else (code, OTHER)


def generalised_scope(message: str, scope: Scope) -> str:
    """Give the message without the account and region, so that equal reasons are equal."""
    return message.replace(scope.account, "ACCOUNT").replace(scope.region, "REGION")
