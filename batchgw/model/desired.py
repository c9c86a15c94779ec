"""What an API shall be: a rule for each type of response, and a part for each other kind of change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from batchgw.model.kinds import DesiredPart, read_part
from batchgw.model.response import ResponseType, Settings
from batchgw.model.shape import JSON, items, record, text


class Mode(StrEnum):
    """How desired settings are combined with those that an API has."""

    REPLACE = "replace"  # exactly this
    MERGE = "merge"  # listed keys win, the rest stays
    FILL = "fill"  # only where nothing is customised


class Unlisted(StrEnum):
    """What happens to customised types the policy does not name."""

    LEAVE = "leave"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one response type is to be. `settings` None means the service's default (no customisation)."""

    settings: Settings | None
    mode: Mode = Mode.REPLACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The desired state of one API: a rule per named type, presets already folded in.

    `wherever_customised` is merged into types that an API has customised itself, and never customises one
    that is not. It speaks of types that no rule names, and of those whose rule has mode fill, which leaves
    alone what is customised. Such a rule must list the same: else what it customises would be found
    unfinished afterwards. Raises ValueError when it does not, or when a rule of another mode names the type.

    `left_alone` are types of which nothing is said, whatever the rest says: they are exempt.

    All of that is about gateway responses. What is desired of another kind of change is its part of `parts`,
    by the name of the kind; see `model.kinds.ChangeKind.read_part`.
    """

    rules: Mapping[ResponseType, Rule]
    unlisted: Unlisted = Unlisted.LEAVE
    wherever_customised: Mapping[ResponseType, Settings] = field(default_factory=dict)
    left_alone: frozenset[ResponseType] = frozenset()
    parts: Mapping[str, DesiredPart] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.left_alone & {*self.rules, *self.wherever_customised}:
            raise ValueError("a type that is left alone has a rule")
        for t, added in self.wherever_customised.items():
            rule = self.rules.get(t)
            if rule is not None and not (
                rule.mode is Mode.FILL and rule.settings and _lists(rule.settings, added)
            ):
                raise ValueError(
                    f"the rule of {t} does not leave to wherever_customised what is merged into it"
                )

    @property
    def types(self) -> tuple[ResponseType, ...]:
        """The types a plan speaks of in every API, DEFAULT_4XX and DEFAULT_5XX first, then in enum order.

        Of an API that has customised types of `wherever_customised`, it speaks of those as well.
        """
        if self.unlisted is Unlisted.RESET:
            return tuple(t for t in ResponseType if t not in self.left_alone)
        return tuple(t for t in ResponseType if t in self.rules)

    @property
    def of_responses(self) -> bool:
        """Whether it says anything of gateway responses."""
        return bool(self.types or self.wherever_customised)

    def to_json(self) -> dict[str, JSON]:
        """Render for the digest and the journal. A later version's key is there only if it is used."""
        out: dict[str, JSON] = {
            "unlisted": self.unlisted.value,
            "rules": {
                t.value: {
                    "mode": r.mode.value,
                    "settings": None if r.settings is None else r.settings.to_json(),
                }
                for t, r in sorted(self.rules.items())
            },
        }
        if self.wherever_customised:
            out["wherever_customised"] = _grouped(self.wherever_customised)
        if self.left_alone:
            out["left_alone"] = sorted(t.value for t in self.left_alone)
        if self.parts:
            out["parts"] = {kind: part.to_json() for kind, part in sorted(self.parts.items())}
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Desired:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            unlisted=Unlisted(text(data["unlisted"])),
            rules={ResponseType(t): _rule(record(rule)) for t, rule in record(data["rules"]).items()},
            wherever_customised={
                ResponseType(text(t)): settings
                for group in map(record, items(data.get("wherever_customised", [])))
                for settings in (Settings.from_json(record(group["settings"])),)
                for t in items(group["types"])
            },
            left_alone=frozenset(ResponseType(text(t)) for t in items(data.get("left_alone", []))),
            parts={kind: read_part(kind, part) for kind, part in record(data.get("parts", {})).items()},
        )


def _rule(data: Mapping[str, JSON]) -> Rule:
    settings = data["settings"]
    return Rule(
        mode=Mode(text(data["mode"])),
        settings=None if settings is None else Settings.from_json(record(settings)),
    )


def _lists(listed: Settings, added: Settings) -> bool:
    """Tell whether settings hold all that others do."""
    return (
        added.status_code is None
        and added.parameters.items() <= listed.parameters.items()
        and added.templates.items() <= listed.templates.items()
    )


def _grouped(by_type: Mapping[ResponseType, Settings]) -> list[JSON]:
    """Render settings with the types that share them: most often all types share one."""
    groups: dict[str, tuple[list[str], JSON]] = {}
    for t in ResponseType:
        if t in by_type:
            settings = by_type[t].to_json()
            types, _ = groups.setdefault(json.dumps(settings, sort_keys=True), ([], settings))
            types.append(t.value)
    return [{"types": types, "settings": settings} for types, settings in groups.values()]
