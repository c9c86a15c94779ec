"""What a deployment answers with, as digests: small enough to be remembered for ever. None ever changes.

A digest stands for the effective values of one response type: what a client of the stage gets. So what was
read of a deployment once can be compared with any policy later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from batchgw.model import Action, Change, ResponseChange, ResponseType, Settings
from batchgw.model.inheritance import Observed, effective, shown
from batchgw.model.response_change import responses
from batchgw.planning.diff import leaves

SIZE = 8
"""Bytes of a digest: two of a fleet's texts would be equal by chance once in billions of years of runs."""

LiveDigests = Mapping[str, str]
"""What a deployment answers with: a digest for the name of each response type."""

EVERY = frozenset(t.value for t in ResponseType)
"""The names of all types: what is remembered of a deployment has a digest for each."""


def digests(observed: Observed) -> dict[str, str]:
    """Give a digest for each type."""
    return {t.value: _digest(effective(t, shown(t, observed).settings)) for t in ResponseType}


def joined(found: LiveDigests, types: Iterable[str]) -> str:
    """Give one digest for some types. Raises KeyError where one of them is missing."""
    return _short("\n".join(f"{name} {found[name]}" for name in sorted(types)))


def spoken_of(changes: Sequence[Change]) -> tuple[str, ...]:
    """Name the types that some changes are of."""
    return tuple(change.type.value for change in responses(changes))


def planned_digests(changes: Sequence[Change]) -> dict[str, str] | None:
    """Give the digests of what an API answers with once its changes are made, for the types that they are of.

    None where that cannot be told from the changes: a type goes back to what its family says, and the plan
    does not speak of the family.
    """
    own = responses(changes)
    by_type = {change.type: change for change in own}
    found: dict[str, str] = {}
    for change in own:
        settings = _answers(change, by_type.get(change.type.family) if change.type.family else None)
        if settings is None:
            return None
        found[change.type.value] = _digest(settings)
    return found


def planned_settings(kind: ResponseType, changes: Sequence[Change], *, inherits: bool) -> Settings | None:
    """Give what callers get of one type once some changes are made; None where these do not tell it.

    `inherits` says of a type that none of them is of whether it shows what its family has.
    """
    by_type = {change.type: change for change in responses(changes)}
    own, family = by_type.get(kind), by_type.get(kind.family) if kind.family else None
    if own is not None:
        return _answers(own, family)
    return effective(kind, None, leaves(family)) if inherits and family is not None else None


def _answers(change: ResponseChange, family: ResponseChange | None) -> Settings | None:
    """Give the effective values of a type once the change is made; None where they cannot be told."""
    own = leaves(change)
    if own is not None:
        return own
    if family is not None:
        return effective(change.type, None, leaves(family))
    if change.type.family is None:
        return effective(change.type, None)
    return None if change.action is Action.RESET else effective(change.type, change.before.settings)


def _digest(settings: Settings) -> str:
    """Names of headers have no case."""
    headers = {name.lower(): value for name, value in settings.parameters.items()}
    return _short(json.dumps([settings.status_code, headers, dict(settings.templates)], sort_keys=True))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[: 2 * SIZE]
