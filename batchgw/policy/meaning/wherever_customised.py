"""What a policy merges into types that an API customised itself: by presets and by `wherever_customised`."""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.model import Mode, ResponseType, Rule, Settings, Unlisted
from batchgw.policy.meaning.layers import Layer, Layers, layered
from batchgw.policy.schema import PolicyFile


def wherever_customised(
    file: PolicyFile, layers: Layers, rules: Mapping[ResponseType, Rule]
) -> dict[ResponseType, Settings]:
    """Give what is merged into each type that an API customised itself, without types where that is nothing.

    A rule of mode replace or merge already covers customised types. So this is for the types without a rule,
    and for those of mode fill, whose rules are about uncustomised types only.
    """
    added = {t: layered(layers.get(t, Layer()), file.wherever_customised) for t in ResponseType}
    ruled = {t: _where_ruled(settings, rules.get(t), file.unlisted) for t, settings in added.items()}
    return {t: settings for t, settings in ruled.items() if settings != Settings()}


def _where_ruled(added: Settings, rule: Rule | None, unlisted: Unlisted) -> Settings:
    """Give what is merged beside a type's rule. Where a rule of mode fill differs, its value is merged."""
    if rule is None:
        return added if unlisted is Unlisted.LEAVE else Settings()
    if rule.mode is not Mode.FILL or rule.settings is None:
        return Settings()
    keys = {key.lower() for key in added.parameters}
    return Settings(
        parameters={k: v for k, v in rule.settings.parameters.items() if k.lower() in keys},
        templates={k: v for k, v in rule.settings.templates.items() if k in added.templates},
    )
