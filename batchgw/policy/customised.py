"""What a policy says of the types that an API customised itself: by presets, and by `wherever_customised`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from batchgw.model import Desired, Mode, ResponseType, Rule, Settings, Unlisted
from batchgw.policy.covering import covered, names_customised
from batchgw.policy.findings import Finding
from batchgw.policy.layers import Layer, Layers, layered
from batchgw.policy.schema import CustomisedSpec, PolicyFile


def wherever_customised(
    file: PolicyFile, layers: Layers, rules: Mapping[ResponseType, Rule]
) -> dict[ResponseType, Settings]:
    """Give what is merged into each type that an API customised itself; types where that is nothing, not.

    A rule of mode replace or merge lists it already, and says what becomes of what is there. So this is for
    the types that no rule names, and for those of mode fill, whose rules speak of uncustomised types only.
    """
    added = {t: layered(layers.get(t, Layer()), file.wherever_customised) for t in ResponseType}
    ruled = {t: _where_ruled(settings, rules.get(t), file.unlisted) for t, settings in added.items()}
    return {t: settings for t, settings in ruled.items() if settings != Settings()}


def lint_customised(file: PolicyFile, desired: Desired) -> Iterator[Finding]:
    """Tell of words for customised types that are without effect."""
    reset = file.unlisted is Unlisted.RESET
    if file.wherever_customised == CustomisedSpec():
        yield _no_effect("it lists nothing to merge", "wherever_customised")
    elif file.wherever_customised and reset and not any(rule.settings for rule in desired.rules.values()):
        yield _no_effect(_ALL_RESET, "wherever_customised")
    for index, use in enumerate(file.use):
        if names_customised(use) and reset and covered(file, use) == use.named_types:
            yield _no_effect(_ALL_RESET, "use", index, "types")


_ALL_RESET = (
    "`unlisted: reset` takes away what an API customised itself, so there is nothing to merge this into"
)


def _no_effect(message: str, *path: str | int) -> Finding:
    return Finding(rule="no-effect", path=path, at_key=True, message=message)


def _where_ruled(added: Settings, rule: Rule | None, unlisted: Unlisted) -> Settings:
    """Give what is left to merge beside a type's rule. What that lists otherwise, it lists here as well."""
    if rule is None:
        return added if unlisted is Unlisted.LEAVE else Settings()
    if rule.mode is not Mode.FILL or rule.settings is None:
        return Settings()
    keys = {key.lower() for key in added.parameters}
    return Settings(
        parameters={k: v for k, v in rule.settings.parameters.items() if k.lower() in keys},
        templates={k: v for k, v in rule.settings.templates.items() if k in added.templates},
    )
