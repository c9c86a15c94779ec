"""What of a scope has not begun: each iteration reads it anew, and in pages that stay small."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from batchgw.execution.writing.left import CHANGES, FIRST_PAGE, PAGE, Begun, Left
from batchgw.journal import PendingApi, PendingChange
from tests.unit.journal_plans import api, create
from tests.virtual import virtually


def pending(row: int, changes: int = 1) -> PendingApi:
    made = tuple(
        PendingChange(id=100 * row + number, change=create(), intended=False) for number in range(changes)
    )
    return PendingApi(row=row, api=api(row), changes=made)


def left_of(apis: Sequence[PendingApi], begun: Begun) -> tuple[Left, list[int]]:
    """What is left of a scope, and how many APIs were asked for, page by page."""
    limits: list[int] = []

    async def read(after: int, limit: int) -> Sequence[PendingApi]:
        limits.append(limit)
        return [each for each in apis if each.row > after][:limit]

    return Left(read, begun), limits


@pytest.mark.parametrize("first", [1, 60, 2**40])
def test_what_has_begun_does_not_come_again(first: int) -> None:
    async def main() -> None:
        apis = [pending(row) for row in range(first, first + 150)]
        begun = Begun()
        left, _ = left_of(apis, begun)
        seen: list[PendingApi] = []
        async for page in left:
            chosen = [each for each in page if each.row % 3 == 0]
            begun.add(chosen)
            seen += chosen
        async for page in left:
            assert not any(each in begun for each in page)
            begun.add(page)
            seen += page
        assert sorted(each.row for each in seen) == [each.row for each in apis]
        assert not [each async for page in left for each in page]

    virtually(main)


@pytest.mark.parametrize(
    ("changes", "then"),
    [(1, PAGE), (CHANGES // 8, 8), (3 * CHANGES, 1)],
)
def test_a_page_is_as_large_as_its_changes_allow(changes: int, then: int) -> None:
    async def main() -> None:
        left, limits = left_of([pending(row, changes) for row in range(1, 100)], Begun())
        async for _ in left:
            pass
        assert limits[0] == FIRST_PAGE
        assert set(limits[1:]) == {then}

    virtually(main)
