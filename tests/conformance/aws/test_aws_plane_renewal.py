"""Credentials that are renewed during a run sign only after STS has said whose they are."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import anyio
import pytest

import batchgw
from batchgw.control_plane.aws import connect
from batchgw.events import Decided
from batchgw.journal import open_journal
from batchgw.model import Desired, NotAttempted, Policy, Region, ResponseType, Rule, Settings, Targets
from batchgw.simulator.over_http.serve import ReadyInfo, ServeOptions, running
from tests.conformance.aws.stub import only_test_configuration

pytestmark = pytest.mark.asyncio

WORLD = ServeOptions(apis=6, accounts=2, regions=1, no_throttle=True, latency=0.0, latency_p99=0.0)
DESIRED = Desired(rules={ResponseType.THROTTLED: Rule(settings=Settings(status_code="420"))})

LIFE = 6.0
"""Seconds that the first keys say they live. In the last sixth of that they are not used."""

PROCESS = """
import datetime, json, pathlib
printed = json.loads(pathlib.Path(r"%s").read_text())
life = datetime.timedelta(seconds=printed.pop("life"))
end = datetime.datetime.now(datetime.timezone.utc) + life
print(json.dumps({"Version": 1, "Expiration": end.isoformat(), **printed}))
"""


@dataclass(frozen=True)
class Scene:
    """A world of two accounts, and a profile whose keys the test can replace."""

    ready: ReadyInfo
    folder: Path

    @property
    def own(self) -> str:
        return self.ready.accounts[0]

    @property
    def other(self) -> str:
        return self.ready.accounts[1]

    def printed(self, account: str, life: float) -> None:
        """Make the credential_process print an account's keys, with an end in so many seconds."""
        key = self.ready.keys[account]
        printed = {
            "AccessKeyId": key["access_key_id"],
            "SecretAccessKey": key["secret_access_key"],
            "life": life,
        }
        (self.folder / "keys.json").write_text(json.dumps(printed))

    def seen_elsewhere(self) -> list[str]:
        """The operations that the other account was asked for, except GetCallerIdentity."""
        with urlopen(f"{self.ready.endpoint}/_batchgw/stats") as answer:  # noqa: S310 - the simulator
            scopes = json.load(answer)["scopes"]
        seen: dict[str, Any] = scopes[f"{self.other}/eu-west-1"]["operations"]
        return [operation for operation in seen if operation != "GetCallerIdentity"]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    only_test_configuration(monkeypatch)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    script = tmp_path / "process.py"
    script.write_text(PROCESS % (tmp_path / "keys.json"))
    (tmp_path / "config").write_text(
        f"[profile file]\n[profile audit]\nregion = eu-west-1\n"
        f"credential_process = {sys.executable} {script}\n"
    )
    with running(WORLD) as ready:
        yield Scene(ready, tmp_path)


async def planned_then_applied(
    scene: Scene, profile: str, meanwhile: Callable[[], float]
) -> tuple[batchgw.Summary, list[batchgw.Outcome]]:
    """Plan, change the keys, and apply in the same session.

    The function that changes the keys returns how many seconds to wait before the apply.
    """
    policy = Policy(desired=DESIRED, targets=Targets(regions=(Region("eu-west-1"),)))
    told: list[batchgw.Outcome] = []

    class Outcomes:
        def notify(self, event: batchgw.Event) -> None:
            if isinstance(event, Decided):
                told.append(event.outcome)

    async with connect(profile=profile, endpoint_url=scene.ready.endpoint) as plane:
        session = batchgw.PacedControlPlane(plane)
        with await batchgw.plan(policy, plane=session) as plan:
            async with open_journal(str(scene.folder / "journal.db")) as journal:
                assert plan.totals.complete
                await anyio.sleep(meanwhile())
                summary = await batchgw.apply(plan, plane=session, journal=journal, observer=Outcomes())
    return summary, told


async def test_a_process_that_gives_another_account_s_keys_ends_the_scope_and_no_call_leaves(
    scene: Scene,
) -> None:
    scene.printed(scene.own, LIFE)

    def log_in_elsewhere() -> float:
        scene.printed(scene.other, 3600.0)
        return LIFE

    summary, outcomes = await planned_then_applied(scene, "audit", log_in_elsewhere)
    assert summary.exit_code != 0
    assert outcomes
    for outcome in outcomes:
        assert isinstance(outcome, NotAttempted)
        assert outcome.code == "WrongAccount"
        assert f"now of account {scene.other}" in outcome.message
        assert f"of account {scene.own}" in outcome.message
    assert scene.seen_elsewhere() == []


async def test_a_process_that_gives_new_keys_of_the_same_account_lets_the_run_go_on(scene: Scene) -> None:
    scene.printed(scene.own, LIFE)

    def log_in_again() -> float:
        scene.printed(scene.own, 3600.0)
        return LIFE

    summary, _ = await planned_then_applied(scene, "audit", log_in_again)
    assert summary.exit_code == 0


async def test_a_credentials_file_that_now_has_another_account_s_keys_is_noticed(scene: Scene) -> None:
    """Keys in a file have no known end. They are read again when the service says that they have expired."""

    def write(access_key: str, secret: str, token: str) -> None:
        token = f"aws_session_token = {token}\n" if token else ""
        (scene.folder / "credentials").write_text(
            f"[file]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret}\n{token}"
        )

    key = scene.ready.keys[scene.own]
    write(key["access_key_id"], key["secret_access_key"], "")

    def replace() -> float:
        other = scene.ready.keys[scene.other]
        write(other["access_key_id"], other["secret_access_key"], "")
        fault = {"match": {"operation": "PutGatewayResponse"}, "fault": "expired_token"}
        faults = f"{scene.ready.endpoint}/_batchgw/faults"
        with urlopen(faults, json.dumps([fault]).encode()):  # noqa: S310 - as above
            return 0.0

    summary, outcomes = await planned_then_applied(scene, "file", replace)
    assert summary.exit_code != 0
    assert {getattr(outcome, "code", None) for outcome in outcomes} == {"WrongAccount"}
    assert scene.seen_elsewhere() == []
