"""Settings that are accepted and do nothing. Their author expects that they do something."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import Mode, ResponseType, Unlisted
from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.meaning.folding.covering import names_customised
from batchgw.policy.schema.responses import CustomisedSpec

NO_EFFECT = Rule(name="no-effect", severity="warning", summary="accepted, and without effect")

_ALL_RESET = (
    "`unlisted: reset` takes away what an API customised itself, so there is nothing to merge this into"
)


@checks(NO_EFFECT)
def type_never_answered(policy: PolicyView) -> Iterator[Remark]:
    """Look for the type that the service never answers with."""
    for response in policy.responses():
        if response.type is ResponseType.REQUEST_TOO_LARGE:
            message = (
                "the service accepts a customised REQUEST_TOO_LARGE and never answers with it; leave it out"
            )
            yield Remark(path=response.path, at_key=True, message=message)


@checks(NO_EFFECT)
def default_under_fill(policy: PolicyView) -> Iterator[Remark]:
    """Look for `default` under mode fill, which changes nothing that is customised."""
    for type_, rule in policy.desired.rules.items():
        if rule.settings is None and rule.mode is Mode.FILL and policy.layer.resets(type_):
            message = (
                "mode fill leaves customised types alone, so there is nothing that `default` could take away"
            )
            yield Remark(path=policy.path_of(type_), message=message)


@checks(NO_EFFECT)
def preset_over_default(policy: PolicyView) -> Iterator[Remark]:
    """Look for presets whose `types` name a type that shall be `default`."""
    for index, use in enumerate(policy.layer.use):
        types = use.types or []
        for type_ in dict.fromkeys(types):
            if isinstance(type_, ResponseType) and policy.layer.resets(type_):
                yield Remark(
                    path=policy.at("use", index, "types", types.index(type_)),
                    message=f"the preset does not reach {type_.value}: responses says it shall be `default`,"
                    " and that wins",
                )


@checks(NO_EFFECT)
def nothing_to_merge(policy: PolicyView) -> Iterator[Remark]:
    """Look for an empty `wherever_customised`."""
    if policy.layer.wherever_customised == CustomisedSpec():
        message = "it lists nothing to merge"
        yield Remark(path=policy.at("wherever_customised"), at_key=True, message=message)


@checks(NO_EFFECT)
def nothing_left_to_merge_into(policy: PolicyView) -> Iterator[Remark]:
    """Look for words about customised types beside `unlisted: reset`, which leaves none."""
    layer, rules = policy.layer, policy.desired.rules
    if policy.folded.unlisted_used is not Unlisted.RESET:
        return
    settings = [rule.settings for rule in rules.values()]
    if layer.wherever_customised not in (None, CustomisedSpec()) and not any(settings):
        yield Remark(path=policy.at("wherever_customised"), at_key=True, message=_ALL_RESET)
    customised = {t for t, rule in rules.items() if rule.settings is not None}
    for index, use in enumerate(layer.use):
        if names_customised(use) and customised <= {*(use.named_types or ())}:
            yield Remark(path=policy.at("use", index, "types"), at_key=True, message=_ALL_RESET)
