"""Which roles of the simulated accounts can be assumed, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Which roles can be assumed.

    Attributes:
        roles: names of the roles that exist in every account; None for any name.
        external_ids: the external id that a role requires, by the role's name.
        refused: accounts whose roles trust nobody.
        session: seconds that credentials live, whatever was asked for; None grants what was asked for.
    """

    roles: frozenset[str] | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    session: float | None = None
