"""Which accounts joined, left or moved since the organisation was last asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from batchgw.model import Account, AccountSelection
from batchgw.model.shape import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What is different now. Nothing else is done about it: what was planned is what is carried out.

    Attributes:
        joined: accounts that are meant now, and were not then: they are not in the plan.
        left: accounts that the organisation no longer has.
        moved: accounts that are in another OU, as they were and as they are.
        changed: accounts whose state is another one, such as SUSPENDED, as they were and as they are.
    """

    joined: tuple[Account, ...] = ()
    left: tuple[Account, ...] = ()
    moved: tuple[tuple[Account, Account], ...] = ()
    changed: tuple[tuple[Account, Account], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is different."""
        return bool(self.joined or self.left or self.moved or self.changed)

    def sentences(self) -> Iterator[str]:
        """Say each difference."""
        for account in self.joined:
            yield f"{_named(account)} joined since the plan, so it is not in it"
        for account in self.left:
            yield f"{_named(account)} left the organisation since the plan"
        for before, now in self.moved:
            yield f"{_named(now)} moved since the plan, from {_place(before)} to {_place(now)}"
        for before, now in self.changed:
            yield f"{_named(now)} was {before.state} when the plan was made, and is {now.state}"

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "joined": [account.to_json() for account in self.joined],
            "left": [account.to_json() for account in self.left],
            "moved": [{"before": before.to_json(), "now": now.to_json()} for before, now in self.moved],
            "changed": [{"before": before.to_json(), "now": now.to_json()} for before, now in self.changed],
        }


def moves(before: Iterable[Account], now: Iterable[Account], selection: AccountSelection) -> Moves:
    """Compare accounts that were meant with all that the organisation has now.

    `selection` says which of them would be meant now. Of two places the ids decide, where both are known:
    a renamed OU is the same one.
    """
    then = {account.id: account for account in before}
    there = {account.id: account for account in now}
    both = [(then[each], there[each]) for each in then if each in there]
    return Moves(
        joined=tuple(a for a in there.values() if a.id not in then and selection.matches(a)),
        left=tuple(account for account in then.values() if account.id not in there),
        moved=tuple((was, is_) for was, is_ in both if not _same_place(was, is_)),
        changed=tuple((was, is_) for was, is_ in both if was.state != is_.state),
    )


def _same_place(before: Account, now: Account) -> bool:
    if before.ou_ids and now.ou_ids:
        return before.ou_ids == now.ou_ids
    return before.ou == now.ou


def _place(account: Account) -> str:
    """Say where it is: by names where they are known, else by the id of its OU."""
    return account.path if account.ou or not account.ou_ids else account.ou_ids[-1]


def _named(account: Account) -> str:
    return f"account {account.id} ({account.name})" if account.name else f"account {account.id}"
