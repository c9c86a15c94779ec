"""Which roles of the simulated accounts can be assumed, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchgw.simulator.iam.roles import NO_POLICIES, Iam, Role

LONGEST = 43_200
"""Seconds that a session may last at most, twelve hours (STS API reference, AssumeRole)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Which roles can be assumed.

    Attributes:
        iam: roles with policies and trust policies. It alone decides about the names that it describes.
        roles: names of the other roles, which exist in every account and may do everything; None for any.
        external_ids: the external id that a role requires, by the role's name.
        refused: accounts whose roles trust nobody.
        session: seconds that credentials live, whatever was asked for; None grants what was asked for.
    """

    iam: Iam = NO_POLICIES
    roles: frozenset[str] | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    session: float | None = None

    def role(self, account: str, name: str) -> Role | None:
        """Give an account's role; None when it has none of that name."""
        if self.iam.defines(name):
            return self.iam.role(account, name)
        if self.roles is not None and name not in self.roles:
            return None
        return Role(name=name, external_id=self.external_ids.get(name), max_session=LONGEST)
