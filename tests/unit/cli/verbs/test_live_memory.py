"""What deployments answer with is remembered for the next command, and no command ends where it cannot be."""

from __future__ import annotations

from pathlib import Path

from batchgw.cli.memory.deployments import remembering_deployments
from batchgw.model import AccountId, Region, RestApi, RestApiId, Scope
from tests.unit.journal_plans import place
from tests.virtual import virtually

API = RestApi(scope=Scope(account=AccountId("111111111111"), region=Region("eu-west-1")), id=RestApiId("a1"))
DIGESTS = {"THROTTLED": "0123456789abcdef"}


def test_the_next_command_knows_what_one_has_read(tmp_path: Path) -> None:
    told: list[str] = []

    async def main() -> None:
        async with remembering_deployments(place(tmp_path), trouble=told.append) as live:
            assert await live.recall(API, "d1") is None
            await live.keep(API, "d1", DIGESTS)
        async with remembering_deployments(place(tmp_path), trouble=told.append) as live:
            assert await live.recall(API, "d1") == DIGESTS
            assert await live.recall(API, "d2") is None

    virtually(main)
    assert told == []


def test_a_journal_that_cannot_be_used_is_told_once_and_ends_nothing(
    tmp_path: Path,
) -> None:
    """It is opened once a deployment is looked at, and not before."""
    told: list[str] = []
    (tmp_path / "j.db").write_text("this is no journal, and nobody made it one " * 30)

    async def main() -> None:
        async with remembering_deployments(str(tmp_path / "j.db"), trouble=told.append) as live:
            assert told == []
            await live.keep(API, "d1", DIGESTS)
            assert await live.recall(API, "d1") == DIGESTS

    virtually(main)
    (reason,) = told
    assert "j.db" in reason
