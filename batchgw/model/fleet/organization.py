"""An organisation's accounts, where they are in its tree of OUs, and which of them are meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from batchgw.model.scope import AccountId
from batchgw.model.shape import JSON, items, record, text, text_or_none, texts

ACTIVE = "ACTIVE"
"""The state of an account in which roles can be assumed (organizations:ListAccounts, `State`)."""

_ID = re.compile(r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}", re.ASCII)
"""The ids of OUs and roots (organizations API reference)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of the organisation.

    Attributes:
        id: twelve digits.
        name: as the organisation calls it.
        state: ACTIVE, SUSPENDED, CLOSED and so on; states that are new to us are kept as they are.
        ou: the names of the OUs it is in, from the top, without the root.
        ou_ids: the ids of the root and of those OUs, from the top.
        tags: its tags in the organisation; None where nobody asked.
    """

    id: AccountId
    name: str = ""
    state: str = ACTIVE
    ou: tuple[str, ...] = ()
    ou_ids: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None

    @property
    def path(self) -> str:
        """Where it is, as `OuPattern` reads it: `/Prod/Payments`; `/` at the root."""
        return "/" + "/".join(map(escaped, self.ou))

    def to_json(self) -> dict[str, JSON]:
        """Render what a plan keeps of it: not its tags."""
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "ou": self.path,
            "ou_ids": list(self.ou_ids),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Account:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            id=AccountId(text(data["id"])),
            name=text(data["name"]),
            state=text(data["state"]),
            ou=segments(text(data["ou"])),
            ou_ids=tuple(text(each) for each in items(data["ou_ids"])),
        )


def escaped(name: str) -> str:
    r"""Write the name of an OU within a path: `A/B` is `A\/B`."""
    return name.replace("\\", "\\\\").replace("/", "\\/")


def unescaped(segment: str) -> str:
    """Read what `escaped` wrote."""
    return re.sub(r"\\([\\/])", r"\1", segment)


def segments(path: str) -> tuple[str, ...]:
    r"""Take a path apart at its slashes, and not at escaped ones: `/A\/B/C` is ("A/B", "C")."""
    found: list[str] = []
    current = ""
    escape = False
    for letter in path:
        if escape:
            current += letter if letter in "\\/" else "\\" + letter
        elif letter == "/":
            found.append(current)
            current = ""
        elif letter != "\\":
            current += letter
        escape = letter == "\\" and not escape
    found.append(current + ("\\" if escape else ""))
    return tuple(each for each in found if each)


@dataclass(frozen=True, slots=True, kw_only=True)
class OuPattern:
    """Which OUs are meant, with all that is in them: an id, or a path of names with globs.

    `text` is as it was written. In a path each name is a case-sensitive glob, and `**` is any number of OUs.
    """

    text: str
    id: str | None = None
    path: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> OuPattern:
        """Read `ou-…`, `r-…` or `/Prod/**`. Raises ValueError on any other form."""
        if _ID.fullmatch(text):
            return cls(text=text, id=text)
        if not text.startswith("/"):
            raise ValueError(f"not an OU: {text!r}. Write its id (ou-…), or its path, such as /Prod/Payments")
        return cls(text=text, path=segments(text))

    def __str__(self) -> str:
        """Render as it was written."""
        return self.text

    @property
    def by_names(self) -> bool:
        """Whether it is a path, so that the names of OUs must be known."""
        return self.id is None

    def matches(self, account: Account) -> bool:
        """Tell whether the account is in such an OU, or in one below it."""
        if self.id is not None:
            return self.id in account.ou_ids
        return _begins(account.ou, self.path)


def _begins(names: Sequence[str], globs: Sequence[str]) -> bool:
    """Tell whether the first of the names match all globs."""
    if not globs:
        return True
    if globs[0] == "**":
        return any(_begins(names[n:], globs[1:]) for n in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], globs[0]) and _begins(names[1:], globs[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSelector:
    """Matches an account when every given field does: `name` and the values of `tags` are globs.

    `where` says in messages where it stands: a line of a policy file, a flag or a variable.
    """

    id: AccountId | None = None
    ou: OuPattern | None = None
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    where: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        """Render for messages: `OU /Prod/**, tag tier=prod`."""
        parts = [
            ("account", self.id),
            ("OU", self.ou),
            ("account name", self.name),
            *(("account tag", f"{k}={v}") for k, v in self.tags.items()),
        ]
        return ", ".join(f"{kind} {value}" for kind, value in parts if value is not None)

    @property
    def needs_names(self) -> bool:
        """Whether the names of OUs must be known."""
        return self.ou is not None and self.ou.by_names

    def to_json(self) -> dict[str, JSON]:
        """Render as the policy file spells it."""
        words: dict[str, JSON] = {
            "id": self.id,
            "ou": None if self.ou is None else self.ou.text,
            "name": self.name,
            "tags": dict(self.tags) or None,
        }
        return {word: value for word, value in words.items() if value is not None}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> AccountSelector:
        """Read what `to_json` wrote. Raises TypeError or ValueError for anything else."""
        account, ou = text_or_none(data.get("id")), text_or_none(data.get("ou"))
        return cls(
            id=None if account is None else AccountId(account),
            ou=None if ou is None else OuPattern.parse(ou),
            name=text_or_none(data.get("name")),
            tags=texts(data.get("tags", {})),
        )

    def matches(self, account: Account) -> bool:
        """Tell whether the account is meant. Without known tags, no tag matches."""
        tags = account.tags or {}
        return (
            (self.id is None or self.id == account.id)
            and (self.ou is None or self.ou.matches(account))
            and (self.name is None or fnmatchcase(account.name, self.name))
            and all(k in tags and fnmatchcase(tags[k], v) for k, v in self.tags.items())
        )

    def may_match(self, account: Account) -> bool:
        """Tell whether the account may be meant, of whose OUs no name is known, and no tag of its own."""
        if not self.needs_names and not self.tags:
            return self.matches(account)
        return replace(self, ou=None if self.needs_names else self.ou, tags={}).matches(account)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSelection:
    """Which accounts of the organisation: `everything` or any of `include`, and none of `exclude`."""

    include: tuple[AccountSelector, ...] = ()
    exclude: tuple[AccountSelector, ...] = ()
    everything: bool = False

    @property
    def needs_tags(self) -> bool:
        """Whether the accounts' tags must be asked for, a call each."""
        return any(each.tags for each in (*self.include, *self.exclude))

    @property
    def needs_names(self) -> bool:
        """Whether the names of OUs must be known."""
        return any(each.needs_names for each in (*self.include, *self.exclude))

    def matches(self, account: Account) -> bool:
        """Tell whether the account is meant."""
        included = self.everything or any(each.matches(account) for each in self.include)
        return included and not any(each.matches(account) for each in self.exclude)

    def may_mean(self, account: Account) -> bool:
        """Tell whether the account may be meant, of whose OUs no name is known, and no tag of its own."""
        included = self.everything or any(each.may_match(account) for each in self.include)
        return included and not _matched(self.exclude, account)

    def depends_on_names(self, account: Account) -> bool:
        """Tell whether the names of its OUs decide about the account."""
        sure = self.everything or _matched(self.include, account)
        deciding = self.exclude if sure else (*self.include, *self.exclude)
        by_names = any(each.needs_names and each.may_match(account) for each in deciding)
        return by_names and self.may_mean(account)

    def to_json(self) -> dict[str, JSON]:
        """Render as the policy file spells it."""
        include: JSON = "organization" if self.everything else [each.to_json() for each in self.include]
        return {"include": include, "exclude": [each.to_json() for each in self.exclude]}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> AccountSelection:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        everything = data["include"] == "organization"
        include = () if everything else items(data["include"])
        return cls(
            include=tuple(AccountSelector.from_json(record(each)) for each in include),
            exclude=tuple(AccountSelector.from_json(record(each)) for each in items(data["exclude"])),
            everything=everything,
        )


def _matched(selectors: Sequence[AccountSelector], account: Account) -> bool:
    """Tell whether one that asks for no name of an OU, and for no tag, matches the account."""
    return any(not each.needs_names and not each.tags and each.matches(account) for each in selectors)
