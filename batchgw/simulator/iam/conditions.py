"""The conditions of a statement: which operators and keys there are, and when one holds.

What is not here is refused when a document is read. So a condition is never passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from batchgw.simulator.iam.wildcards import Values, arn_matches, filled, globbed, matches

Of = Literal["", "ForAnyValue", "ForAllValues"]
"""Which values of a key with several must fit."""

KEYS = (
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalTag/*",
    "aws:PrincipalType",
    "aws:RequestedRegion",
    "aws:RequestTag/*",
    "aws:ResourceAccount",
    "aws:ResourceTag/*",
    "aws:SourceIdentity",
    "aws:TagKeys",
    "aws:userid",
    "aws:username",
    "sts:ExternalId",
    "sts:RoleSessionName",
    "sts:SourceIdentity",
    "sts:TransitiveTagKeys",
)
"""The keys that requests have here, as AWS writes them. Their case does not count."""

_EXACT = frozenset(key.lower() for key in KEYS if not key.endswith("/*"))
_TAGS = tuple(key.lower()[:-1] for key in KEYS if key.endswith("/*"))

Compare = Callable[[str, tuple[str, ...], Values | None], bool]
"""Whether a value of the request fits one of the condition's. `None` for no policy variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A condition operator.

    Attributes:
        fits: compares one value.
        negated: holds for a value that does not fit, and for a key that the request lacks.
    """

    fits: Compare
    negated: bool = False


def _equal(value: str, wanted: tuple[str, ...], values: Values | None) -> bool:
    return any((w if values is None else filled(w, values)) == value for w in wanted)


def _equal_without_case(value: str, wanted: tuple[str, ...], values: Values | None) -> bool:
    texts = (w if values is None else filled(w, values) for w in wanted)
    return any(text is not None and text.lower() == value.lower() for text in texts)


def _like(value: str, wanted: tuple[str, ...], values: Values | None) -> bool:
    return any((glob := globbed(w, values)) is not None and matches(glob, value) for w in wanted)


def _arn_like(value: str, wanted: tuple[str, ...], values: Values | None) -> bool:
    return any((glob := globbed(w, values)) is not None and arn_matches(glob, value) for w in wanted)


OPERATORS: Mapping[str, Operator] = {
    "StringEquals": Operator(fits=_equal),
    "StringNotEquals": Operator(fits=_equal, negated=True),
    "StringEqualsIgnoreCase": Operator(fits=_equal_without_case),
    "StringNotEqualsIgnoreCase": Operator(fits=_equal_without_case, negated=True),
    "StringLike": Operator(fits=_like),
    "StringNotLike": Operator(fits=_like, negated=True),
    "ArnEquals": Operator(fits=_arn_like),
    "ArnNotEquals": Operator(fits=_arn_like, negated=True),
    "ArnLike": Operator(fits=_arn_like),
    "ArnNotLike": Operator(fits=_arn_like, negated=True),
}
"""Those that compare. ArnEquals and ArnLike are one (IAM user guide, condition operators)."""

NULL = "Null"
"""Tells whether the request lacks a key: "true" or "false"."""

IF_EXISTS = "IfExists"
"""An operator that ends with it holds when the request lacks the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator on one key.

    Attributes:
        key: in lower case.
        wanted: the values, one of which is to fit.
        operator: None for Null.
        of: which values of the request's key are to fit.
        if_exists: holds when the request lacks the key.
    """

    key: str
    wanted: tuple[str, ...]
    operator: Operator | None
    of: Of = ""
    if_exists: bool = False

    def holds(self, values: Values, *, variables: bool) -> bool:
        """Whether it holds for a request. `variables` as the document's version allows them."""
        found = values.get(self.key, ())
        operator = self.operator
        if operator is None:
            return str(not found).lower() in self.wanted
        if not found:
            return self.if_exists or operator.negated or self.of == "ForAllValues"
        context = values if variables else None
        fits = (operator.fits(value, self.wanted, context) is not operator.negated for value in found)
        every = self.of == "ForAllValues" or (not self.of and operator.negated)
        return all(fits) if every else any(fits)


def known(key: str) -> bool:
    """Whether requests have the key here, in whatever case."""
    lower = key.lower()
    return lower in _EXACT or any(lower.startswith(tag) and len(lower) > len(tag) for tag in _TAGS)
