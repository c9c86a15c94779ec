"""Which regions an account has enabled, and who says so.

The account is asked with its own keys first: each account has a quota of its own, so that a thousand are
asked side by side. Whoever reads the organisation is asked where that does not help, because all accounts
share its quota: five a second for a thousand accounts are more than three minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import anyio

from batchgw.control_plane.interface import ControlPlane, Credentials
from batchgw.control_plane.operations.account import ListRegions
from batchgw.control_plane.operations.ec2 import DescribeRegions
from batchgw.control_plane.operations.region_status import RegionStatus
from batchgw.control_plane.operations.sts import GetCallerIdentity
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.discovery.pages import pages
from batchgw.errors import (
    AccessDenied,
    CallError,
    CredentialsRejected,
    CredentialsUnavailable,
    RegionOff,
)
from batchgw.model import AccountId, Region, Scope
from batchgw.policy.grammar.regions import REGIONS

LIST_REGIONS: Final = "account:ListRegions"
DESCRIBE_REGIONS: Final = "ec2:DescribeRegions"
STS: Final = "sts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A region of which STS could not say whether it is on: its endpoint did not answer, for example."""

    region: Region
    error: CallError


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRegions:
    """The regions of an account.

    Attributes:
        by: who said so: "account:ListRegions", "ec2:DescribeRegions" or "sts".
        statuses: each with its status.
        unanswered: regions that could not be told.
        unusable: why the account's own keys cannot be had, or are of no use; None where they are.
    """

    by: str
    statuses: tuple[RegionStatus, ...]
    unanswered: tuple[Unanswered, ...] = ()
    unusable: CallError | None = None

    @property
    def all(self) -> tuple[Region, ...]:
        """All regions: those that are on, off, or could not be told."""
        return (*(each.region for each in self.statuses), *(each.region for each in self.unanswered))


class RegionSearch:
    """Finds the regions of accounts, of several at a time.

    Args:
        plane: calls go through it; it paces and retries them.
        home: a region of the partition that is on everywhere.
        reader: whether somebody reads the organisation, who can be asked about its accounts.
        management: the management account, where it is known. The reader cannot ask about that one.
    """

    def __init__(
        self, plane: ControlPlane, *, home: Region, reader: bool, management: AccountId | None = None
    ) -> None:
        self._plane = plane
        self._home = home
        self._reader = reader
        self._asking = anyio.Lock()  # so that a denial of the reader is met once, and not by each account
        self._management = management
        self._known = [Region(r) for r in sorted(REGIONS) if _partition(r) == _partition(home)]

    async def regions(self, account: AccountId) -> AccountRegions:
        """Ask one after the other until one can tell. Raises the first `CallError` where nobody can."""
        errors: list[CallError] = []
        unusable: CallError | None = None
        own = (self._list, self._describe)
        for ask in (*own, self._list_by_reader, self._probe):
            if unusable is not None and ask != self._list_by_reader:
                continue
            try:
                found = await ask(account)
            except CallError as error:
                errors.append(error)
                unusable = error if ask != self._list_by_reader and _of_keys(error) else unusable
            else:
                if found is not None:
                    return replace(found, unusable=unusable)
        raise unusable or errors[0]

    async def _list(self, account: AccountId, by: Credentials = "account") -> AccountRegions | None:
        scope = Scope(account=account, region=self._home)

        def request(token: str | None) -> ListRegions:
            return ListRegions(scope=scope, asked_by=by, token=token)

        statuses = [each async for page in pages(self._plane, request) for each in page]
        return AccountRegions(by=LIST_REGIONS, statuses=_some(statuses, LIST_REGIONS))

    async def _describe(self, account: AccountId) -> AccountRegions | None:
        request = DescribeRegions(scope=Scope(account=account, region=self._home))
        statuses = _some(await self._plane.send(request), DESCRIBE_REGIONS)
        return AccountRegions(by=DESCRIBE_REGIONS, statuses=statuses)

    async def _list_by_reader(self, account: AccountId) -> AccountRegions | None:
        if account == self._management:
            return None
        async with self._asking:
            if not self._reader:
                return None
            try:
                return await self._list(account, "organization")
            except AccessDenied:
                self._reader = False
                raise

    async def _probe(self, account: AccountId) -> AccountRegions | None:
        """Ask the STS of every region. Raises a `CallError` where none of them can tell."""
        statuses: dict[Region, RegionStatus] = {}
        errors: dict[Region, CallError] = {}

        async def ask(region: Region) -> None:
            try:
                await self._plane.send(GetCallerIdentity(scope=Scope(account=account, region=region)))
            except RegionOff:
                statuses[region] = RegionStatus(region=region, status="DISABLED")
            except CallError as error:
                errors[region] = error
            else:
                statuses[region] = RegionStatus(region=region, status="ENABLED")

        async with anyio.create_task_group() as tasks:
            for region in self._known:
                tasks.start_soon(ask, region)
        if not statuses:
            raise errors[self._known[0]]
        return AccountRegions(
            by=STS,
            statuses=tuple(statuses[region] for region in self._known if region in statuses),
            unanswered=tuple(Unanswered(region=r, error=errors[r]) for r in self._known if r in errors),
        )


def _some(statuses: Sequence[RegionStatus], by: str) -> tuple[RegionStatus, ...]:
    """Give the regions of an account, which always has some: most are on and cannot be switched off.

    An account without any would leave the plan without a word.
    """
    if not statuses:
        raise unreadable_answer(f"{by} names no region, and every account has some")
    return tuple(statuses)


def _of_keys(error: CallError) -> bool:
    """Tell whether an error says that an account's keys cannot be had, or are of no use anywhere."""
    keys = isinstance(error, CredentialsUnavailable | CredentialsRejected)
    return keys and not isinstance(error, RegionOff)


def _partition(region: str) -> str:
    """Tell partitions apart by their regions' names, those that AWS does not speak of included."""
    first, second, *_ = region.split("-")
    return first if first in ("cn", "eusc") else second if second.startswith(("gov", "iso")) else "aws"
