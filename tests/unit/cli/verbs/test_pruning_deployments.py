"""Deployments of runs that no stage shows and no rollback needs are deleted by a verb of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from batchgw.errors import ScopeLocked
from batchgw.journal import RunState, open_journal
from batchgw.journal.sql.run import SqlRun
from batchgw.model import AccountId, Action, Applied, Effort, PlannedApi, Region, RestApi, RestApiId, Scope
from batchgw.model.deployment.stage_change import StageChange, StageImage, StageMove
from tests.unit.cli_driver import batchgw, clean_environment, served
from tests.unit.journal_plans import begun, open_changes, place
from tests.virtual import virtually

POLICY = "version: 1\ntargets: {regions: [eu-west-1]}\nresponses: {THROTTLED: default}\n"
NONE = Effort()
PRUNE = ["deployments", "prune", "p.yaml", "--keep", "1"]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A world of one API."""
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setenv("BATCHGW_JOURNAL", place(tmp_path))
    (tmp_path / "p.yaml").write_text(POLICY)
    with served(monkeypatch, apis=1, accounts=1, regions=1):
        yield boto3.client("apigateway", region_name="eu-west-1")


def api_of(gateway: Any) -> str:
    return str(gateway.get_rest_apis()["items"][0]["id"])


def deployed(gateway: Any, *descriptions: str) -> dict[str, str]:
    """Make deployments, the oldest first; give their ids by description."""
    made = [gateway.create_deployment(restApiId=api_of(gateway), description=each) for each in descriptions]
    return {each["description"]: each["id"] for each in made}


def there(gateway: Any) -> set[str]:
    return {each["id"] for each in gateway.get_deployments(restApiId=api_of(gateway))["items"]}


async def held(*_: object, **__: object) -> frozenset[object]:
    raise ScopeLocked("account-region x is held by run y")


RUNS = [f"batchgw 20260101-00000{n}" for n in range(4)]


def test_only_ours_that_nothing_shows_and_not_the_newest_are_deleted(gateway: Any) -> None:
    before = there(gateway)
    made = deployed(gateway, *RUNS[:3], "batchgw 20260101-000009 by hand", RUNS[3])
    stage = {"restApiId": api_of(gateway), "stageName": "ours", "deploymentId": made[RUNS[1]]}
    gateway.create_stage(**stage)
    nobody = batchgw(*PRUNE)
    assert (nobody.code, "--dry-run shows" in nobody.err) == (64, True)
    shown = batchgw(*PRUNE, "--dry-run", "-o", "jsonl")
    assert shown.code == 0, shown.err
    assert {each["description"]: each["kept"] for each in shown.lines} == {
        RUNS[0]: None,
        RUNS[1]: "stage ours is on it",
        RUNS[2]: None,
        RUNS[3]: "it is among the newest",
    }
    assert there(gateway) == before | set(made.values())
    done = batchgw(*PRUNE, "--yes")
    assert (done.code, "Deleted 2 deployments." in done.err) == (0, True), done.err
    assert there(gateway) == before | set(made.values()) - {made[RUNS[0]], made[RUNS[2]]}
    assert batchgw("runs", "list", "-o", "json").json == []  # what has held the locks is gone


def test_what_a_rollback_may_need_is_kept(
    gateway: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = deployed(gateway, *RUNS)
    account = boto3.client("sts", region_name="eu-west-1").get_caller_identity()["Account"]
    scope = Scope(account=AccountId(account), region=Region("eu-west-1"))
    of = RestApi(scope=scope, id=RestApiId(api_of(gateway)))
    change = StageChange(
        stage="ours",
        action=Action.UPDATE,
        before=StageImage(deployment=made[RUNS[0]]),
        after=StageMove(),
    )

    async def main() -> None:
        async with open_journal(place(tmp_path)) as journal:
            run = await begun(journal, PlannedApi(api=of, changes=(change,)))
            (pending,) = await open_changes(run, scope)
            run.record(
                pending.id, Applied(api=of, target=change.target, action=Action.UPDATE, effort=Effort())
            )
            await run.set_state(RunState.DONE)

    virtually(main)
    kept = {each["description"]: each["kept"] for each in batchgw(*PRUNE, "--dry-run", "-o", "jsonl").lines}
    assert "may put stage ours back to it" in kept.pop(RUNS[0])
    assert [name for name, why in kept.items() if why is None] == RUNS[1:3][::-1]
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(SqlRun, "acquire", held)
        assert batchgw(*PRUNE, "--yes").code == 75
    assert there(gateway) >= set(made.values())
    assert batchgw(*PRUNE, "--yes").code == 0
    assert len(batchgw("runs", "list", "-o", "json").json) == 1
    assert there(gateway) >= {made[RUNS[0]], made[RUNS[3]]}
