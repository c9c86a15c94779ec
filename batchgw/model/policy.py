"""What a policy asks for: which APIs are meant, and what is to be made of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from batchgw.model.kinds import DesiredPart, read_part
from batchgw.model.response import ResponseType, Settings
from batchgw.model.scope import AccountId, Region, RestApi, RestApiId
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

    All of that is about gateway responses. What is desired of another kind of change is its part of `parts`,
    by the name of the kind; see `model.kinds.ChangeKind.read_part`.
    """

    rules: Mapping[ResponseType, Rule]
    unlisted: Unlisted = Unlisted.LEAVE
    wherever_customised: Mapping[ResponseType, Settings] = field(default_factory=dict)
    parts: Mapping[str, DesiredPart] = field(default_factory=dict)

    def __post_init__(self) -> None:
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
            return tuple(ResponseType)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Matches an API when every given field does: `name` a case-sensitive glob, `tags` globs by key, `id`.

    `where` says in messages where it stands: a line of a policy file ("policy.yaml:9:7"), a flag or variable.
    """

    id: RestApiId | None = None
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    where: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        """Render for messages: `name orders-*, tag team=payments`."""
        parts = [("id", self.id), ("name", self.name), *(("tag", f"{k}={v}") for k, v in self.tags.items())]
        return ", ".join(f"{kind} {value}" for kind, value in parts if value is not None)

    def matches(self, api: RestApi) -> bool:
        """Tell whether the API is meant."""
        return (
            (self.id is None or self.id == api.id)
            and (self.name is None or fnmatchcase(api.name, self.name))
            and all(k in api.tags and fnmatchcase(api.tags[k], v) for k, v in self.tags.items())
        )

    def to_json(self) -> dict[str, JSON]:
        """Render as the policy file spells it."""
        out: dict[str, JSON] = {}
        if self.id is not None:
            out["id"] = self.id
        if self.name is not None:
            out["name"] = self.name
        if self.tags:
            out["tags"] = dict(self.tags)
        return out


_EXPLICIT = re.compile(r"(?:(?:(\d{12})/)?([a-z]{2,}(?:-[a-z]+)+-\d+)/)?([A-Za-z0-9]+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplicitApi:
    """An API named by id on the command line or in a targets file; account and region narrow where it is."""

    id: RestApiId
    account: AccountId | None = None
    region: Region | None = None

    def __str__(self) -> str:
        """Render as `parse` reads it."""
        return "/".join(part for part in (self.account, self.region, self.id) if part)

    @classmethod
    def parse(cls, text: str) -> ExplicitApi:
        """Read `ID`, `REGION/ID` or `ACCOUNT/REGION/ID`. Raises ValueError on any other form."""
        found = _EXPLICIT.fullmatch(text)
        if found is None:
            raise ValueError(f"not an API id, region/id or account/region/id: {text!r}")
        account, region, api = found.groups()
        return cls(
            id=RestApiId(api),
            region=None if region is None else Region(region),
            account=None if account is None else AccountId(account),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which REST APIs of a scope: any `include` (all, when empty) and no `exclude`.

    `explicit` APIs, when there are any, are the only ones considered, and each must be found.
    """

    include: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()
    explicit: tuple[ExplicitApi, ...] = ()

    def matches(self, api: RestApi) -> bool:
        """Tell whether the API is selected by include and exclude (`explicit` is discovery's business)."""
        return self.includes(api) and not any(s.matches(api) for s in self.exclude)

    def includes(self, api: RestApi) -> bool:
        """Tell whether the API is meant but for what `exclude` exempts."""
        return not self.include or any(s.matches(api) for s in self.include)


CURRENT = AccountId("current")
"""Stands among accounts for that of the credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Where to look. No `accounts` means the account of the credentials; no `regions`, the default region.

    `CURRENT` may stand among the accounts.
    """

    accounts: tuple[AccountId, ...] = ()
    regions: tuple[Region, ...] = ()
    role: str | None = None  # a role name, or an ARN pattern with {account}
    external_id: str | None = field(default=None, repr=False)
    session_name: str | None = None
    apis: Selection = field(default_factory=Selection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy file, read and checked. `source` is the file's name, for messages."""

    desired: Desired
    targets: Targets = field(default_factory=Targets)
    source: str = "policy"

    @property
    def digest(self) -> str:
        """sha256 over the meaning of the policy: comments and layout do not change it."""
        t = self.targets
        meaning = {
            "desired": self.desired.to_json(),
            "accounts": list(t.accounts),
            "regions": list(t.regions),
            "role": t.role,
            "include": [s.to_json() for s in t.apis.include],
            "exclude": [s.to_json() for s in t.apis.exclude],
        }
        text = json.dumps(meaning, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
