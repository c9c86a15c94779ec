"""The journals that the suite of the journal's rules runs on: SQLite, one that waits, and one in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from batchgw.journal import Journal, open_journal
from tests.unit.journal.in_memory import Data, open_in_memory
from tests.unit.journal.suspending import open_suspending
from tests.unit.journal_plans import place

NOON = 1_795_348_800.0  # 2026-11-22 12:00:00 UTC

Opening = Callable[..., AbstractAsyncContextManager[Journal]]


@pytest.fixture
def anyio_backend() -> str:
    """All of these run on trio; whole runs, in other tests, run on asyncio as well."""
    return "trio"


@pytest.fixture(params=["sqlite", "suspending", "in memory"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """Gives what opens one more journal on the same data, as another process would."""
    if request.param == "sqlite":
        return partial(open_journal, place(tmp_path))
    if request.param == "suspending":
        return partial(open_suspending, place(tmp_path))
    return partial(open_in_memory, Data())


@pytest.fixture
async def journal(another: Opening) -> AsyncIterator[Journal]:
    """A journal for which it is noon. A module that is about one database has a fixture of its own."""
    async with another(clock=lambda: NOON) as journal:
        yield journal
