"""Observed and desired -> changes. Pure: the same two always give the same changes.

`default_response` is the only truth about customisation: a type that shows the desired values because its
family passes them on is still to be created when a rule wants it customised.
"""

from __future__ import annotations

from batchgw.model import (
    Action,
    Desired,
    GatewayResponse,
    Mode,
    ResponseChange,
    ResponseType,
    Rule,
    Settings,
    Unlisted,
)
from batchgw.model.inheritance import Observed, customisation, effective, is_customised, shown
from batchgw.planning.merge import merged

_ORDER = tuple(ResponseType)  # iterating over the enum itself takes a microsecond more
_RESET = Rule(settings=None)  # what `unlisted: reset` wants of a type the policy does not name
_LEFT = Rule(settings=None, mode=Mode.FILL)  # what `unlisted: leave` wants of it


def diff(observed: Observed, desired: Desired) -> tuple[ResponseChange, ...]:
    """Compare one API with what it is to be: one change per type the policy speaks of, NO_OP included.

    Those are the types in `desired.types`, and of `desired.wherever_customised` those that the API has
    customised itself. A type that is left alone is never one of them.

    DEFAULT_4XX and DEFAULT_5XX come first, because what they are left as decides what a merge starts from.
    That their change alters what uncustomised types show is inheritance at work, not a change of those types.

    Of what was observed, only these types count. A plan holds their before-images and nothing else, so it can
    be checked by the same function.
    """
    left: dict[ResponseType, Settings | None] = {}  # the families' customisation, as the plan leaves them
    changes = []
    rules, wherever = desired.rules, desired.wherever_customised
    unnamed = _RESET if desired.unlisted is Unlisted.RESET else None
    left_alone = desired.left_alone
    for response_type in _ORDER:
        if response_type in left_alone:
            continue
        rule = rules.get(response_type, unnamed)
        if rule is None:
            if response_type not in wherever or not is_customised(response_type, observed):
                continue
            rule = _LEFT
        added = wherever.get(response_type)
        before = shown(response_type, observed)
        family = response_type.family
        inherited = None
        if family is not None:
            inherited = left.get(family, before.settings)  # it shows what it inherits
        after = _after(before, _own(before, added), rule, inherited)
        change = ResponseChange(type=before.type, action=_action(before, after), before=before, after=after)
        if family is None:
            left[response_type] = leaves(change)
        changes.append(change)
    return tuple(changes)


def leaves(change: ResponseChange) -> Settings | None:
    """Give the customisation a type has once the change is made, in effective form; None for none."""
    if change.action is Action.NO_OP:
        return customisation(change.before)
    return None if change.after is None else effective(change.type, change.after)


def _own(before: GatewayResponse, added: Settings | None) -> Settings | None:
    """Give what an API customised itself, with what the policy adds wherever that is; None for nothing."""
    if before.default_response:
        return None
    if added is None:
        return before.settings
    return merged(before.type, effective(before.type, before.settings), added)


def _after(
    before: GatewayResponse, own: Settings | None, rule: Rule, family: Settings | None
) -> Settings | None:
    """Give what PUT is to carry, None for no customisation. `family` is as the plan leaves it."""
    if rule.mode is Mode.FILL and own is not None:
        return own  # not touched by the rule, not even by one that wants the default
    if rule.settings is None or rule.mode is not Mode.MERGE:
        return rule.settings
    if own is None and rule.settings == Settings():
        return None  # a merge that lists nothing has no reason to detach a type from its family
    return merged(before.type, effective(before.type, own, family), rule.settings)


def _action(before: GatewayResponse, after: Settings | None) -> Action:
    own = customisation(before)
    if own is None:
        return Action.NO_OP if after is None else Action.CREATE
    if after is None:
        return Action.RESET
    return Action.NO_OP if effective(before.type, after) == own else Action.UPDATE
