"""What an API shall be, of what its layers say together. Where each value comes from is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from batchgw.model import Desired, Mode, ResponseType, Rule, Settings, Unlisted
from batchgw.model.deploy import NAME as STAGE
from batchgw.policy.meaning.folding.fold import Folded, FoldedType, fold
from batchgw.policy.meaning.folding.layer import Layer
from batchgw.policy.meaning.folding.locks import Lock
from batchgw.policy.meaning.folding.values import Value, settings_of

Exempt = Mapping[ResponseType, int]
"""Types that are exempt. Locks of files before this one hold nevertheless, each file by its number."""

_RESET = Rule(settings=None)


def desired_of(layers: Sequence[Layer]) -> Desired:
    """Give what an API shall be that these layers match, the weakest first."""
    return unfolded(fold(layers))


def unfolded(folded: Folded, exempt: Exempt | None = None, stages_exempt: int | None = None) -> Desired:
    """Give what layers mean that are folded into one, but for types, and stages, that are exempt.

    Of those, only what is locked holds: as a merge where the type is to be customised, and wherever an API
    customised it itself. `stages_exempt` is such a number for the stages: only what is locked of them holds.
    """
    parts = {t: _Part.of(each, folded, (exempt or {}).get(t)) for t, each in folded.types.items()}
    rules = {t: part.rule for t, part in parts.items() if part.rule is not None}
    unlisted = folded.unlisted_used
    left = {t for t in exempt or () if t not in rules}
    kept = left | {t for t, each in folded.types.items() if each.reset is not None and t not in rules}
    if unlisted is Unlisted.RESET and kept:  # these are not reset: the others are, one by one
        unlisted = Unlisted.LEAVE
        rules = {t: rules.get(t, _RESET) for t in ResponseType if t not in kept}
    added = {t: part.added for t, part in parts.items() if part.added != Settings()}
    deploy = folded.deploy.deploy(None if stages_exempt is None else lambda lock: lock.file < stages_exempt)
    return Desired(
        rules=rules,
        unlisted=unlisted,
        wherever_customised=added,
        left_alone=frozenset(t for t in left if t not in added),
        parts={} if deploy is None else {STAGE: deploy},
    )


class _Part:
    """What is said of one type: a rule, and what is merged where an API customised it itself."""

    def __init__(self, rule: Rule | None, added: Settings) -> None:
        self.rule = rule
        self.added = added

    @classmethod
    def of(cls, folded: FoldedType, whole: Folded, level: int | None) -> _Part:
        if level is not None:
            return _exempt(folded, lambda lock: lock.file < level)
        if folded.reset is not None:
            locked = _with_lock(folded.adds.final(), lambda lock: lock.merges)
            added = settings_of(locked, status=False)
            if folded.modes.used is Mode.FILL and added != Settings():  # what is customised stays so
                return cls(None, added)
            return cls(Rule(settings=None, mode=folded.modes.used), Settings())
        if folded.sets is None:
            leaves = whole.unlisted_used is Unlisted.LEAVE
            return cls(None, _adds(folded) if leaves else Settings())
        return _customised(folded.sets.settings(), folded)


def _customised(settings: Settings, folded: FoldedType) -> _Part:
    """Say that a type is to be customised, and what is merged into it beside that.

    A rule of mode replace or merge already covers customised types. One of mode fill is about uncustomised
    types only. Where it sets a key differently from what is merged into customised types, its value is
    merged: what it filled must not be found unfinished afterwards. So is what is locked.
    """
    mode = folded.modes.used
    locked = _held(folded, lambda lock: lock.merges)
    if mode is Mode.FILL and locked.status_code is not None:
        mode = Mode.MERGE  # a status cannot be merged beside a rule
    if mode is not Mode.FILL:
        return _Part(Rule(settings=settings, mode=mode), Settings())
    added = _adds(folded)
    keys = {key.lower() for key in (*added.parameters, *locked.parameters)}
    kinds = {*added.templates, *locked.templates}
    beside = Settings(
        parameters={k: v for k, v in settings.parameters.items() if k.lower() in keys},
        templates={k: v for k, v in settings.templates.items() if k in kinds},
    )
    return _Part(Rule(settings=settings, mode=mode), beside)


def _exempt(folded: FoldedType, holds: Callable[[Lock], bool]) -> _Part:
    """Say of an exempt type what is locked, by the locks that hold nevertheless."""
    pins = [pin for pin in folded.pins if holds(pin.lock)]
    if pins and folded.reset is not None:
        return _Part(Rule(settings=None, mode=folded.modes.used), Settings())
    if pins:
        fills = all(folded.modes.by_layer[pin.lock.layer] is Mode.FILL for pin in pins)
        settings = _held(folded, holds)
        return _Part(Rule(settings=settings, mode=Mode.FILL if fills else Mode.MERGE), Settings())
    return _Part(None, settings_of(_with_lock(folded.adds.final(), holds), status=False))


def _adds(folded: FoldedType) -> Settings:
    return settings_of(folded.adds.final(), status=False)


def _held(folded: FoldedType, holds: Callable[[Lock], bool]) -> Settings:
    """Give what is locked of what a type is customised to."""
    return Settings() if folded.sets is None else settings_of(_with_lock(folded.sets.final(), holds))


def _with_lock(values: Iterable[Value], holds: Callable[[Lock], bool]) -> Iterable[Value]:
    return (value for value in values if value.lock is not None and holds(value.lock))
