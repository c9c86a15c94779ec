"""Which REST APIs a selection means, as far as IAM can say it: by their ids, and by their tags.

Gateway responses and deployments inherit the tags of their API (developer guide, resources that can be
tagged), so `aws:ResourceTag` narrows calls about them. A stage may have other tags than its API. IAM knows no
names, dates or owners of APIs. Of a selector with such words only its ids and tags count, so IAM allows more
than the selector means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from batchgw.model import Selection, Selector
from batchgw.model.rulebook import Reach
from batchgw.permissions.statement import Condition

EVERY = "*"
"""Stands for the id of any API."""

MOST_OF_RULES = 20
"""Kinds of APIs into which rules divide a selection: each takes a statement or a part of one, and a managed
policy has 6,144 characters (IAM, quotas)."""


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
    return _unique(found)


def changed(apis: Selection, reach: Reach | None) -> tuple[Narrowed, ...]:
    """Give the APIs of a selection that a policy may change, or more: those that its rules are about."""
    meant = included(apis)
    if reach is None:
        return meant
    found = _unique(
        both for each in meant for selectors in reach if (both := _within(each, selectors)) is not None
    )
    least = tuple(each for each in found if not any(_holds(other, each) for other in found))
    return meant if len(least) > MOST_OF_RULES else least


def excluded(apis: Selection) -> Iterator[Narrowed]:
    """Give what a selection exempts, as far as IAM can say exactly that: never more."""
    for selector in apis.exclude:
        narrowed = _narrowed(selector)
        if narrowed != Narrowed() and selector == Selector(id=selector.id, tags=narrowed.tags):
            yield narrowed


def _narrowed(selector: Selector) -> Narrowed:
    tags = {key: value for key, value in selector.tags.items() if "[" not in value}
    return Narrowed(api=selector.id or EVERY, tags=tags)


def _unique(found: Iterable[Narrowed]) -> tuple[Narrowed, ...]:
    unique: list[Narrowed] = []
    for each in found:
        if each not in unique:
            unique.append(each)
    return tuple(unique)


def _within(meant: Narrowed, selectors: Iterable[Selector]) -> Narrowed | None:
    """Give those of some APIs that all selectors match, or more; None where there can be none."""
    found: Narrowed | None = meant
    for selector in selectors:
        found = None if found is None else _both(found, _narrowed(selector))
    return found


def _both(one: Narrowed, other: Narrowed) -> Narrowed | None:
    """Give the APIs that are of both kinds, or more; None where there can be none."""
    if one.api != other.api and EVERY not in (one.api, other.api):
        return None
    tags = dict(one.tags)
    for key, value in other.tags.items():
        shared = _shared(tags.get(key, value), value)
        if shared is None:
            return None
        tags[key] = shared
    return Narrowed(api=other.api if one.api == EVERY else one.api, tags=tags)


def _shared(one: str, other: str) -> str | None:
    """Give a glob of the values that two globs both mean, or of more; None where there can be none."""
    if one == other or (_is_glob(one) and _is_glob(other)):
        return one
    plain, glob = (other, one) if _is_glob(one) else (one, other)
    return plain if fnmatchcase(plain, glob) else None


def _holds(wide: Narrowed, narrow: Narrowed) -> bool:
    """Tell whether one kind of APIs is a part of another, so that a statement about it adds nothing."""
    return (
        wide != narrow and wide.api in (EVERY, narrow.api) and dict(wide.tags).items() <= narrow.tags.items()
    )


def _key(tag: str) -> str:
    return f"aws:ResourceTag/{tag}"


def _is_glob(value: str) -> bool:
    return "*" in value or "?" in value
