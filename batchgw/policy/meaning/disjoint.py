"""Which selectors can never match the same API. What is not certain counts as possible."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import product

from batchgw.model import Created, OuPattern, Selector
from batchgw.model.fleet.globs import GLOB, is_glob
from batchgw.policy.meaning.folding.layer import Layer


def disjoint(one: Selector, other: Selector) -> bool:
    """Tell whether no API can match both."""
    return (
        _differ(one.id, other.id)
        or _differ(one.endpoint, other.endpoint)
        or _globs_differ(one.name, other.name)
        or _globs_differ(one.region, other.region)
        or _accounts_differ(one.account, other.account)
        or any(_globs_differ(one.tags[key], other.tags[key]) for key in one.tags.keys() & other.tags.keys())
        or _owners_differ(one.owner, other.owner)
        or _created_apart(one.created, other.created)
        or _ous_differ(one.ou, other.ou)
    )


def never_together(one: Layer, other: Layer) -> bool:
    """Tell whether no API can match both layers."""
    return all(
        any(disjoint(a, b) for a, b in product(each, of_other))
        for each, of_other in product(_ways(one), _ways(other))
    )


def _ways(layer: Layer) -> Iterator[tuple[Selector, ...]]:
    """Give the ways to match a layer: in each, all of the selectors must match."""
    own = () if layer.match is None else (layer.match,)
    includes = () if layer.within is None else layer.within.apis.include
    if not includes:
        yield own
    for each in includes:
        yield (*own, each)


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _globs_differ(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return False
    if not is_glob(one):
        return not fnmatchcase(one, other)
    if not is_glob(other):
        return not fnmatchcase(other, one)
    a, b = _literal_beginning(one), _literal_beginning(other)
    return not (a.startswith(b) or b.startswith(a))


def _literal_beginning(glob: str) -> str:
    return next((glob[:n] for n, letter in enumerate(glob) if letter in GLOB), glob)


def _accounts_differ(one: str | None, other: str | None) -> bool:
    if one is None or other is None or one.isdigit() != other.isdigit():
        return False  # an account of an id may have the name
    return _globs_differ(one, other)


def _owners_differ(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return False
    (kind, _, name), (of_other, _, of_name) = one.partition(":"), other.partition(":")
    return kind != of_other or _globs_differ(name or "*", of_name or "*")


def _created_apart(one: Created | None, other: Created | None) -> bool:
    if one is None or other is None:
        return False
    return _ends_before(one, other) or _ends_before(other, one)


def _ends_before(one: Created, other: Created) -> bool:
    return one.before is not None and other.after is not None and one.before <= other.after


def is_empty(span: Created) -> bool:
    """Tell whether no moment is in a span."""
    return _ends_before(span, span)


def _ous_differ(one: OuPattern | None, other: OuPattern | None) -> bool:
    if one is None or other is None or one.id is not None or other.id is not None:
        return False
    for a, b in zip(one.path, other.path, strict=False):
        if "**" in (a, b):
            return False
        if _globs_differ(a, b):
            return True
    return False
