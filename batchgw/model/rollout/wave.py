"""A wave: which APIs are changed and made live before the next ones are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from batchgw.model.fleet.organization import AccountSelector, OuPattern
from batchgw.model.rollout.amount import Amount, amount_or_none
from batchgw.model.shape import JSON, count, items, record, text, texts, truth


class WaveOrder(StrEnum):
    """In which order sized waves take APIs."""

    SPREAD = "spread"  # from as many accounts and regions as there are
    ACCOUNTS = "accounts"  # one account after the other
    REGIONS = "regions"  # one region after the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One wave, by exactly one unit. Raises ValueError for none or several.

    Attributes:
        size: how many APIs sized waves have taken when this one has: of those that have something to change
            or to make live.
        accounts: ids, and globs over the names of accounts.
        ou: an OU, and all that is in it.
        tags: globs by the key of an API's tag; an API that lacks one is not meant.
        stages: names and globs. APIs of which every stage that is moved is one of them.
        rest: all that no wave before has taken.
        taken_back: the APIs of the wave of this number, of the run that a rollback takes back.
        allow_empty: whether it may have no API.
    """

    size: Amount | None = None
    accounts: tuple[str, ...] = ()
    ou: OuPattern | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[str, ...] = ()
    rest: bool = False
    taken_back: int | None = None
    allow_empty: bool = False

    def __post_init__(self) -> None:
        units = (
            self.size is not None,
            self.accounts,
            self.ou is not None,
            self.tags,
            self.stages,
            self.rest,
            self.taken_back is not None,
        )
        if sum(map(bool, units)) != 1:
            raise ValueError("a wave has exactly one unit")

    def __str__(self) -> str:
        """Render its unit for people: `5%`, `ou /Staging/**`, `rest`."""
        if self.size is not None:
            return str(self.size)
        if self.ou is not None:
            return f"ou {self.ou}"
        if self.taken_back is not None:
            return f"back from wave {self.taken_back}"
        if self.tags:
            return "tags " + ", ".join(f"{key}={value}" for key, value in self.tags.items())
        if self.accounts:
            return "accounts " + ", ".join(self.accounts)
        return "stages " + ", ".join(self.stages) if self.stages else "rest"

    @property
    def account_words(self) -> tuple[AccountSelector, ...]:
        """What it asks of accounts that only the organisation knows: each by itself."""
        names = (word for word in self.accounts if not word.isdigit())
        of_ou = () if self.ou is None else (AccountSelector(ou=self.ou),)
        return (*of_ou, *(AccountSelector(name=name) for name in names))

    def to_json(self) -> dict[str, JSON]:
        """Render its unit, and `allow_empty` where it is true."""
        out: dict[str, JSON] = {}
        if self.size is not None:
            out["size"] = self.size.to_json()
        if self.ou is not None:
            out["ou"] = self.ou.text
        if self.taken_back is not None:
            out["taken_back"] = self.taken_back
        plain: dict[str, JSON] = {
            "accounts": list(self.accounts),
            "tags": dict(self.tags),
            "stages": list(self.stages),
            "rest": self.rest,
            "allow_empty": self.allow_empty,
        }
        return out | {key: value for key, value in plain.items() if value}

    @classmethod
    def from_json(cls, data: JSON) -> Wave:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        found = record(data)
        return cls(
            size=amount_or_none(found.get("size")),
            accounts=tuple(map(text, items(found.get("accounts", [])))),
            ou=OuPattern.parse(text(found["ou"])) if "ou" in found else None,
            tags=texts(found.get("tags", {})),
            stages=tuple(map(text, items(found.get("stages", [])))),
            rest=truth(found.get("rest", False)),
            taken_back=count(found["taken_back"]) if "taken_back" in found else None,
            allow_empty=truth(found.get("allow_empty", False)),
        )


ALL = Wave(rest=True, allow_empty=True)
"""The one wave of a rollout that names none."""
