"""Looks for the scopes of a simulated organisation, in virtual time, and sorts what comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio

from batchgw.concurrency.pool import unwrapped
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.discovery.estate import Estate
from batchgw.discovery.organization.recollection import Remembering
from batchgw.discovery.scope_search import Needs
from batchgw.discovery.scopes import find_scopes
from batchgw.model import (
    AccountSelection,
    EnabledRegions,
    RoleLink,
    Scope,
    SkippedScope,
    Targets,
    UnreadScope,
)
from batchgw.simulator.iam.roles import Accounts, Iam, Role
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.world.organization.plan import OrganizationPlan
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World
from tests.virtual import virtually

EVERYTHING = AccountSelection(everything=True)
ROLE = "Batchgw"


@dataclass(kw_only=True)
class Found:
    """What came.

    Attributes:
        seconds: virtual ones, until the end.
        first: the same until the first scope.
        calls: how many calls were made, by operation.
    """

    estate: Estate
    scopes: list[Scope] = field(default_factory=list)
    skipped: list[SkippedScope] = field(default_factory=list)
    unread: list[UnreadScope] = field(default_factory=list)
    seconds: float = 0.0
    first: float = 0.0
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def regions(self) -> dict[str, set[str]]:
        """The regions to look into, by account."""
        found: dict[str, set[str]] = {}
        for scope in self.scopes:
            found.setdefault(scope.account, set()).add(scope.region)
        return found

    @property
    def skips(self) -> dict[tuple[str, str], str]:
        """Why something is skipped, by account and region."""
        return {(each.scope.account, each.scope.region): each.code for each in self.skipped}


def plane_of(plan: OrganizationPlan, *roles: Role, apis: int = 0, **more: Any) -> SimulatedControlPlane:
    """Simulate an organisation whose accounts have a role, or those roles that are given."""
    described = roles or (Role(name=ROLE),)
    iam = more.pop("iam", Iam(roles=described))
    return simulate(
        World.organized(plan, apis=apis), trust=Trust(iam=iam), roles=[RoleLink(role=ROLE)], **more
    )


def found(
    plane: SimulatedControlPlane,
    selection: AccountSelection = EVERYTHING,
    *,
    regions: Sequence[str] = (),
    enabled: EnabledRegions | None = None,
    needs: Needs | None = None,
    remembering: Remembering | None = None,
    targets: Targets | None = None,
) -> Found:
    """Look for the scopes of the accounts that are meant: in these regions, or in all that are enabled."""
    meant = targets or Targets(
        organization=selection,
        regions=tuple(regions),  # type: ignore[arg-type]  # a region is a text
        enabled_regions=None if regions else enabled or EnabledRegions(),
    )
    result = Found(estate=Estate())

    async def main() -> None:
        before = calls(plane)
        with unwrapped():
            paced = PacedControlPlane(plane)
            began = anyio.current_time()
            looking = find_scopes(paced, meant, estate=result.estate, needs=needs, remembering=remembering)
            async with looking as scopes:
                async for each in scopes:
                    match each:
                        case Scope():
                            result.first = result.first or anyio.current_time() - began
                            result.scopes.append(each)
                        case SkippedScope():
                            result.skipped.append(each)
                        case UnreadScope():
                            result.unread.append(each)
            result.seconds = anyio.current_time() - began
        made = {name: n - before.get(name, 0) for name, n in calls(plane).items()}
        result.calls = {name: n for name, n in made.items() if n}

    virtually(main)
    return result


def calls(plane: SimulatedControlPlane) -> dict[str, int]:
    """Count the calls that were made so far, by operation."""
    total: dict[str, int] = {}
    scopes: Any = plane.engine.snapshot()["scopes"]
    for scope in scopes.values():
        for name, tally in scope["operations"].items():
            total[name] = total.get(name, 0) + tally["calls"]
    return total


def without(*accounts: str) -> Role:
    """The role, in all accounts but some."""
    return Role(name=ROLE, accounts=Accounts(but=frozenset(accounts)))
