"""Observed and desired -> changes. Pure: the same two always give the same changes.

`default_response` is the only truth about customisation: a type that shows the desired values because its
family passes them on is still to be created when a rule wants it customised.
"""

from __future__ import annotations

from batchgw.model import Action, Change, Desired, GatewayResponse, Mode, ResponseType, Rule, Settings
from batchgw.planning.merge import merged
from batchgw.planning.normalize import Observed, customisation, effective, shown

_UNNAMED = Rule(settings=None)  # what `unlisted: reset` wants of a type the policy does not name


def diff(observed: Observed, desired: Desired) -> tuple[Change, ...]:
    """Compare one API with what it shall be: one change per type in `desired.types`, NO_OP included.

    DEFAULT_4XX and DEFAULT_5XX come first, because what they are left as decides what a merge starts from.
    That their change alters what uncustomised types show is inheritance at work, not a change of those types.

    Only the types in `desired.types` count. A plan holds their before-images and nothing else, and can so be
    checked by the same function.
    """
    left: dict[ResponseType, Settings | None] = {}  # the families' customisation, as the plan leaves them
    changes = []
    for response_type in desired.types:
        before = shown(response_type, observed)
        family = response_type.family
        inherited = None
        if family is not None:
            inherited = left.get(family, before.settings)  # it shows what it inherits
        change = _change(before, desired.rules.get(response_type, _UNNAMED), inherited)
        if family is None:
            left[response_type] = leaves(change)
        changes.append(change)
    return tuple(changes)


def leaves(change: Change) -> Settings | None:
    """Give the customisation a type has once the change is made, in effective form; None for none."""
    if change.action is Action.NO_OP:
        return customisation(change.before)
    return None if change.after is None else effective(change.type, change.after)


def _change(before: GatewayResponse, rule: Rule, family: Settings | None) -> Change:
    after = _after(before, rule, family)
    return Change(type=before.type, action=_action(before, after), before=before, after=after)


def _after(before: GatewayResponse, rule: Rule, family: Settings | None) -> Settings | None:
    """Give what PUT shall carry, None for no customisation. `family` is as the plan leaves it."""
    if rule.mode is Mode.FILL and not before.default_response:
        return before.settings  # never touched, not even by a rule that wants the default
    if rule.settings is None or rule.mode is not Mode.MERGE:
        return rule.settings
    if before.default_response and rule.settings == Settings():
        return None  # a merge that lists nothing has no reason to detach a type from its family
    base = effective(before.type, None if before.default_response else before.settings, family)
    return merged(before.type, base, rule.settings)


def _action(before: GatewayResponse, after: Settings | None) -> Action:
    own = customisation(before)
    if own is None:
        return Action.NO_OP if after is None else Action.CREATE
    if after is None:
        return Action.RESET
    return Action.NO_OP if effective(before.type, after) == own else Action.UPDATE
