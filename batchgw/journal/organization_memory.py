"""What is remembered of an organisation and its APIs from one command to the next, as plain records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from batchgw.model.shape import JSON

LONGEST: Final = 30 * 86_400.0
"""Seconds after which what was found is dropped. Commands use it for a much shorter time, see their flags."""


class FactKind(StrEnum):
    """What a fact is about, and what it is named by."""

    UNIT = "unit"  # all OUs right below an OU or root, by its id
    ACCOUNT = "account"  # an account, by its id
    TAGS = "tags"  # the tags of an account, by its id
    REGIONS = "regions"  # the regions of an account, by its id
    API = "api"  # a REST API, by its id
    OWNER = "owner"  # who manages a REST API, by its id, where calls were made to tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What was found, and when it was asked, in seconds since the epoch."""

    body: Mapping[str, JSON]
    at: float


class OrganizationMemory(Protocol):
    """What one reader has found of its organisation. It may be lost, so nothing here raises."""

    async def facts(self, kind: FactKind) -> Mapping[str, Fact]:
        """Give what is remembered, by name. Each fact may be of another time."""
        ...

    async def fact(self, kind: FactKind, name: str) -> Fact | None:
        """Give what is remembered under one name."""
        ...

    async def listed(self, kind: FactKind) -> Mapping[str, Fact] | None:
        """Give the last list that was kept whole, in its order; None where a part of it is missing."""
        ...

    async def keep(self, kind: FactKind, bodies: Mapping[str, Mapping[str, JSON]], *, at: float) -> bool:
        """Write some facts, that were asked `at` a time. Tells whether they could be written."""
        ...

    async def keep_list(self, kind: FactKind, bodies: Mapping[str, Mapping[str, JSON]], *, at: float) -> bool:
        """Write a whole list, asked `at` a time, in the place of the last one. Tells as `keep` does."""
        ...
