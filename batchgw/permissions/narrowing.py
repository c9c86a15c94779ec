"""Which REST APIs a selection means, as far as IAM can say it: by their ids, and by their tags.

Gateway responses inherit the tags of their API, so `aws:ResourceTag` narrows calls about them. IAM knows no
names, dates or owners of APIs. Of a selector with such words only its ids and tags count, so IAM allows more
than the selector means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from batchgw.model import Selection, Selector
from batchgw.permissions.statement import Condition

EVERY = "*"
"""Stands for the id of any API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """APIs that IAM can name: by id, or by tags, which it compares with globs."""

    api: str = EVERY
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def condition(self) -> Condition:
        """The condition of a statement about them."""
        plain = {_key(k): v for k, v in self.tags.items() if not _is_glob(v)}
        globs = {_key(k): v for k, v in self.tags.items() if _is_glob(v)}
        found = {"StringEquals": plain, "StringLike": globs}
        return {operator: keys for operator, keys in found.items() if keys}


def included(apis: Selection) -> tuple[Narrowed, ...]:
    """Give the APIs that a selection means, or more; all of them where IAM cannot say less."""
    named = [Narrowed(api=each.id) for each in apis.explicit]
    found = named or [_narrowed(selector) for selector in apis.include]
    if not found or Narrowed() in found:
        return (Narrowed(),)
    unique: list[Narrowed] = []
    for each in found:
        if each not in unique:
            unique.append(each)
    return tuple(unique)


def excluded(apis: Selection) -> Iterator[Narrowed]:
    """Give what a selection exempts, as far as IAM can say exactly that: never more."""
    for selector in apis.exclude:
        narrowed = _narrowed(selector)
        if narrowed != Narrowed() and selector == Selector(id=selector.id, tags=narrowed.tags):
            yield narrowed


def _narrowed(selector: Selector) -> Narrowed:
    tags = {key: value for key, value in selector.tags.items() if "[" not in value}
    return Narrowed(api=selector.id or EVERY, tags=tags)


def _key(tag: str) -> str:
    return f"aws:ResourceTag/{tag}"


def _is_glob(value: str) -> bool:
    return "*" in value or "?" in value
