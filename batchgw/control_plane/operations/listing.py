"""Reads a page of a listing: its entries, and the token of the next page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batchgw.control_plane.interface import Wire
from batchgw.control_plane.operations.checks import LONGEST_POSITION, is_text
from batchgw.control_plane.operations.unreadable import UNSIGNED, is_signed, unreadable_answer


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


def next_position(answer: Wire) -> str | None:
    """Give the token of the next page; None on the last page."""
    found = answer.get("position")
    if found is None:
        return None
    if not is_text(found, LONGEST_POSITION):
        raise unreadable_answer("its position, the token of the next page, cannot be sent back")
    return found or None
