"""What may change in an organisation, while somebody looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.simulator.world.organization.paths import Names
from batchgw.simulator.world.organization.regions import RegionStatus
from batchgw.simulator.world.organization.states import AccountState


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An account moves to another OU; the root is ()."""

    account: str
    ou: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """An account of the world becomes a member."""

    account: str
    ou: Names = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """An account leaves. It stays in the world, with its keys and its APIs."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeState:
    """An account is suspended, closed, or active again."""

    account: str
    state: AccountState


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRegion:
    """A region is switched on or off in an account."""

    account: str
    region: str
    status: RegionStatus


Change = Move | Join | Leave | ChangeState | ChangeRegion


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledChange:
    """A change, and when it happens: seconds since the first call."""

    at: float
    change: Change
