"""Reads a page of a listing: its entries, and the token of the next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from batchgw.control_plane.interface import Wire
from batchgw.control_plane.operations.checks import LONGEST_POSITION, is_text
from batchgw.control_plane.operations.unreadable import UNSIGNED, is_signed, unreadable_answer

Item = TypeVar("Item", covariant=True)  # noqa: PLC0105 - named for what it is

LONGEST_TOKEN = 100_000
"""Characters of a token that goes into a body (service model of Organizations, `NextToken`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """One page. It may be empty and still have a `token`, that of the next page; the last one has None."""

    items: tuple[Item, ...]
    token: str | None = None


def page(
    answer: Wire,
    member: str,
    read: Callable[[Any], Item],
    *,
    next_in: str = "NextToken",
    longest: int = LONGEST_TOKEN,
) -> Page[Item]:
    """Read a page whose entries stand in `member`, and the next page's token in the member `next_in`."""
    items = tuple([read(item) for item in listed(answer, member)])
    return Page(items=items, token=next_position(answer, next_in, longest))


def listed(answer: Wire, member: str = "items") -> Sequence[Any]:
    """Give the entries of a page: what stands in `member`.

    AWS may leave an empty list out. So an answer without the list counts as an empty page, if it is AWS's:
    a captive portal answers `{}`, too.
    """
    found = answer.get(member)
    if found is None and not is_signed(answer):
        raise unreadable_answer(UNSIGNED)
    if not isinstance(found, list | None):
        raise unreadable_answer(f"its {member} are no list")
    return found or ()


def next_position(answer: Wire, member: str = "position", longest: int = LONGEST_POSITION) -> str | None:
    """Give the token of the next page; None on the last page."""
    found = answer.get(member)
    if found is None:
        return None
    if not is_text(found, longest):
        raise unreadable_answer(f"its {member}, the token of the next page, cannot be sent back")
    return found or None
