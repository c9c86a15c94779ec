"""What an API shall be, of what its layers say together. Where each value comes from is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from batchgw.model import Desired, Mode, Rule, Settings, Unlisted
from batchgw.policy.meaning.fold import Folded, FoldedType, fold
from batchgw.policy.meaning.layer import Layer


def desired_of(layers: Sequence[Layer]) -> Desired:
    """Give what an API shall be that these layers match, the weakest first."""
    return unfolded(fold(layers))


def unfolded(folded: Folded) -> Desired:
    """Give what layers mean that are folded into one."""
    rules = {t: rule for t, each in folded.types.items() if (rule := _rule(each)) is not None}
    unlisted = folded.unlisted_used
    added = {t: _added(each, rules.get(t), unlisted) for t, each in folded.types.items()}
    return Desired(
        rules=rules,
        unlisted=unlisted,
        wherever_customised={t: settings for t, settings in added.items() if settings != Settings()},
    )


def _rule(folded: FoldedType) -> Rule | None:
    if folded.reset is not None:
        return Rule(settings=None, mode=folded.mode_used)
    return None if folded.sets is None else Rule(settings=folded.sets.settings(), mode=folded.mode_used)


def _added(folded: FoldedType, rule: Rule | None, unlisted: Unlisted) -> Settings:
    """Give what is merged into a type that an API customised itself.

    A rule of mode replace or merge already covers customised types. So this is for the types without a rule,
    and for those of mode fill, whose rules are about uncustomised types only. Where such a rule sets a key
    differently, its value is merged: what it filled must not be found unfinished afterwards.
    """
    added = replace(folded.adds.settings(), status_code=None)
    if rule is None:
        return added if unlisted is Unlisted.LEAVE else Settings()
    if rule.mode is not Mode.FILL or rule.settings is None:
        return Settings()
    keys = {key.lower() for key in added.parameters}
    return Settings(
        parameters={k: v for k, v in rule.settings.parameters.items() if k.lower() in keys},
        templates={k: v for k, v in rule.settings.templates.items() if k in added.templates},
    )
