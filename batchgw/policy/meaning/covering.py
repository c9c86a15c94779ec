"""Which types a preset covers: in every API, and where an API customised them itself."""

from __future__ import annotations

from batchgw.model import Mode, ResponseType
from batchgw.policy.fields import CUSTOMISED
from batchgw.policy.presets.contribution import PresetSpec
from batchgw.policy.schema import PolicyFile, ResponseSpec

FAMILIES = (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX)


def mode_of(file: PolicyFile, type_: ResponseType) -> Mode:
    """Give the mode of a type: its own, or the policy's."""
    spec = file.responses.get(type_)
    own = spec.mode if isinstance(spec, ResponseSpec) else None
    return own or file.mode


def names_customised(use: PresetSpec) -> bool:
    """Tell whether the word `customised` stands among a preset's types."""
    return CUSTOMISED in (use.types or ())


def covered(file: PolicyFile, use: PresetSpec) -> tuple[ResponseType, ...]:
    """Give the types that a preset covers in every API, including those that shall be `default`."""
    if use.types is None:
        return use.own_types or _customised(file)
    named = use.named_types or ()
    return tuple(dict.fromkeys((*named, *_customised(file)))) if names_customised(use) else named


def covered_customised(file: PolicyFile, use: PresetSpec) -> tuple[ResponseType, ...]:
    """Give the types that a preset covers where an API customised them itself.

    No preset covers a type that shall be `default`. Mode fill leaves customised types alone, so there a
    preset covers them only when its `types` say so.
    """
    if not (names_customised(use) or (use.types is None and use.covers_customised)):
        return ()
    return tuple(
        t
        for t in ResponseType
        if file.responses.get(t) != "default" and (use.types or mode_of(file, t) is not Mode.FILL)
    )


def _customised(file: PolicyFile) -> tuple[ResponseType, ...]:
    """Give the types that the policy customises in every API: by a response, or by a preset."""
    found = {t for t, spec in file.responses.items() if isinstance(spec, ResponseSpec)}
    for use in file.use:
        found.update((use.own_types or FAMILIES) if use.named_types is None else use.named_types)
    return tuple(t for t in ResponseType if t in found)
