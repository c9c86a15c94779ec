"""Accounts that wait for the names of their OUs, and the lists that give these names."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from batchgw.concurrency.time_slices import TimeSlices
from batchgw.discovery.organization.units import UnitLists
from batchgw.model import Account


@dataclass(frozen=True, slots=True)
class _Waiter:
    """An account, and how many lists had been asked for when it was told where the account is."""

    account: Account
    told: int


class WaitingAccounts:
    """Which list is to be asked for next, and which accounts it lets go.

    The OUs right below one are a list, which gives their names. So an account in /a/b waits for the list of
    the root and for that of a, each only until it is there. The way of the account that came first is asked
    for to its end, before that of the next one begins.

    Attributes:
        lost: accounts in an OU that was in no list, though the list was asked for after the place was told.
            Such an OU was deleted meanwhile.
    """

    def __init__(self, lists: UnitLists) -> None:
        self._lists = lists
        self._waiting: dict[str, list[_Waiter]] = {}  # by the root or OU whose list is missing
        self._order = deque[str]()
        self.lost: list[Account] = []

    def __bool__(self) -> bool:
        """Whether any account waits."""
        return bool(self._waiting)

    def add(self, account: Account) -> None:
        """Let an account wait, whose place was told just now."""
        self._order.extend(self._put(_Waiter(account, self._lists.lists)))

    async def list_next(self) -> list[Account]:
        """Ask for the next list, and give the accounts that need no other. Raises a `CallError`."""
        parent = self._order.popleft()
        await self._lists.list_below(parent)
        waiters = self._waiting.pop(parent)
        free: list[Account] = []
        new: list[str] = []
        slices = TimeSlices()
        for each in waiters:
            if self._lists.units.know(each.account.ou_ids):
                free.append(each.account)
            else:
                new.extend(self._put(each))
            await slices.yield_if_due()
        self._order.extendleft(reversed(new))
        return free

    def _put(self, waiter: _Waiter) -> Iterator[str]:
        """Let it wait for its next list. Yield the root or OU whose list that is, if nobody waited for it."""
        parent = self._missing(waiter)
        if parent is None:
            self.lost.append(waiter.account)
        elif parent in self._waiting:
            self._waiting[parent].append(waiter)
        else:
            self._waiting[parent] = [waiter]
            yield parent

    def _missing(self, waiter: _Waiter) -> str | None:
        """Give the next root or OU to ask about; None where that was done since the place was told."""
        for parent, child in pairwise(waiter.account.ou_ids):
            if child not in self._lists.units.names:
                return parent if self._lists.asked.get(parent, 0) <= waiter.told else None
        return None
