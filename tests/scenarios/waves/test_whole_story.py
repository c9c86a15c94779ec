"""The whole life of two policies in an organisation, in virtual time, with its state checked at each turn.

4 accounts x 2 regions x 2 APIs here. With BATCHGW_FULL_STORY=1 it is 400 accounts x 4 regions x 25 APIs:

    BATCHGW_FULL_STORY=1 python -m pytest -s tests/scenarios/waves/test_whole_story.py
"""

from __future__ import annotations

import os
import resource
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from batchgw import api
from batchgw.events import Event, WaveEntered
from batchgw.execution.rollout.conduct import Conduct
from batchgw.journal import open_journal
from batchgw.journal.rollout_records import Verdict
from batchgw.model import Desired, Failed, ResponseType, RestApiId, Rule
from batchgw.model.deploy import Deploy
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.gate import AlarmCheck, Gate, PromptCheck
from batchgw.model.rollout.limits import MaxFailures, OnFailure
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.simulator.documents import Value
from batchgw.simulator.world.signals import written
from tests.scenarios.deploying.staged import deploying
from tests.scenarios.estate import CORS, ENVELOPE
from tests.scenarios.waves.rolled import RolledEstate, Waiting, clock
from tests.virtual import virtually

FULL = os.environ.get("BATCHGW_FULL_STORY") == "1"
ACCOUNTS, REGIONS, EACH = (400, 4, 25) if FULL else (4, 2, 2)

PROD = Deploy(stages=("prod*",), canary=(10.0, 100.0), bake=60.0)
OLD = deploying(PROD, Desired(rules={ResponseType.DEFAULT_5XX: Rule(settings=CORS)}))
NEW = deploying(PROD, Desired(rules={ResponseType.DEFAULT_5XX: Rule(settings=ENVELOPE)}))

SANDBOX = "222222222222"
WAVES = (
    Wave(accounts=(SANDBOX,), allow_empty=True),  # once it is live, there is nothing to do there
    Wave(size=Amount(percent=1)),
    Wave(size=Amount(percent=25)),
    Wave(rest=True),
)
ALARM = Gate(name="errors", check=AlarmCheck(alarm="api-errors"))
PROMPT = Gate(name="prompt", check=PromptCheck())

State = dict[RestApiId, object]


@dataclass
class Organisation(RolledEstate):
    """Its alarm goes off in the bake of wave `alarmed`."""

    alarmed: int | None = None
    moments: list[tuple[str, float]] = field(default_factory=lambda: [("begin", time.perf_counter())])

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seen = self.observer = Alarming(self)
        self.signal("OK")

    def signal(self, state: str) -> None:
        """Let the alarm be in a state from now on."""
        script = {"alarms": [{"name": "api-errors", "states": [{"at": 0, "state": state}]}]}
        self.world.signals.script = written.signals(
            Value(value=script, source="signals"), accounts=self.world.accounts, regions=self.world.regions
        )

    def state(self) -> State:
        """Every API's customisations, and what each of its stages shows."""
        found: State = {}
        for apis in self.world.scopes():
            for number in apis.numbers():
                stages = apis.detail(number).stages
                shown = {name: (stage.deployment, stage.canary) for name, stage in stages.items()}
                found[RestApiId(apis.id(number))] = (dict(apis.customisation(number).own), shown)
        return found

    def wave(self, number: int) -> set[RestApiId]:
        assert self.waves is not None
        return {api for apis in self.waves.members[number - 1].values() for api in apis}

    def live(self, desired: Desired) -> set[RestApiId]:
        """The APIs that are configured as desired, and whose prod answers so. One without it is one, too."""
        wanted = desired.rules[ResponseType.DEFAULT_5XX].settings
        found = set[RestApiId]()
        for apis in self.world.scopes():
            for number in apis.numbers():
                detail = apis.detail(number)
                prod = [s for s in detail.stages.values() if s.name == "prod"]
                shown = [detail.deployments[s.deployment].gateway_responses.own for s in prod]
                own = (apis.customisation(number).own, *shown)
                if all(o.get(ResponseType.DEFAULT_5XX) == wanted for o in own) and not any(
                    s.canary for s in prod
                ):
                    found.add(RestApiId(apis.id(number)))
        return found

    def turn(self, what: str) -> None:
        """Say how long it took to come here, and the memory that it took."""
        took = time.perf_counter() - self.moments[-1][1]
        self.moments.append((what, time.perf_counter()))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(f"{what:<40} {took:7.1f} s  {peak:6.0f} MB\n")


class Alarming(Waiting):
    """Sets the alarm off as soon as a wave bakes."""

    def __init__(self, world: Organisation) -> None:
        super().__init__()
        self._world = world

    def notify(self, event: Event) -> None:
        super().notify(event)
        if isinstance(event, WaveEntered) and (event.number, event.state) == (self._world.alarmed, "baking"):
            self._world.signal("ALARM")


async def first_policy(world: Organisation, file: Path) -> str:
    """A budget trips in the sandbox. Resumed and retried, the run makes all live."""
    before = world.state()
    first, outcomes = await world.roll(file)
    assert (first.exit_code, first.proves) == (3, True)
    assert str(first.halted).startswith("1 failure in the run > 0")
    now = world.state()
    assert {id_ for id_ in now if now[id_] != before[id_]} < world.wave(1)
    (failed,) = {o.api.id for o in outcomes if isinstance(o, Failed)}
    world.turn("a budget trips")
    while first.halted is not None:
        first, outcomes = await world.go_on(file)
    assert (first.exit_code, first.proves) == (1, True)
    assert set(before) - world.live(OLD) == {failed}
    world.turn("resumed, all but one live")
    async with open_journal(str(file), clock=clock) as journal:
        again = await api.retry(first.run, plane=world.paced(), journal=journal)
    assert (again.exit_code, again.proves) == (0, True)
    assert world.live(OLD) == set(before)
    world.turn("retried, all live")
    return first.run


async def alarmed(world: Organisation, file: Path) -> str:
    """The second policy: the alarm goes off in the bake of wave 3, and that wave goes back by itself."""
    old = world.state()
    world.desired, world.alarmed = NEW, 3
    world.rollout = replace(world.rollout, gates=(ALARM,), on_failure=OnFailure.ROLLBACK_WAVE)
    world.plane = world.paced()
    second, _ = await world.roll(file)
    assert str(second.halted).startswith("gate errors failed after wave 3: alarm api-errors is ALARM")
    taken = second.taken_back
    assert taken is not None
    assert (second.exit_code, taken.exit_code, taken.proves) == (3, 0, True)
    now, kept = world.state(), world.wave(1) | world.wave(2)
    assert {id_ for id_ in now if now[id_] != old[id_]} == kept
    assert world.live(NEW) == kept
    world.turn("alarm, the wave is taken back")
    return second.run


async def promoted(world: Organisation, file: Path) -> str:
    """The second policy once more: somebody promotes it, wave by wave."""
    world.signal("OK")
    world.rollout = replace(world.rollout, gates=(PROMPT,))
    world.plane = world.paced()
    third, _ = await world.roll(file)
    assert world.wave(1) == set()  # the sandbox has been live since the run before
    for number in range(2, len(WAVES)):  # after the last there is nothing to go on with
        assert str(third.halted).startswith(f"wave {number} is held at gate prompt")
        assert world.live(NEW).isdisjoint(world.wave(number + 1))
        async with open_journal(str(file), clock=clock) as journal:
            await journal.run(third.run).decide(number, Verdict.PROMOTE, who="ada", reason="looks well")
        third, _ = await world.go_on(file)
    assert (third.exit_code, third.proves, third.halted) == (0, True, None)
    assert world.live(NEW) == set(world.state())
    world.turn("promoted, all live")
    return third.run


async def taken_back(world: Organisation, file: Path, run: str) -> None:
    world.plane = world.paced()
    async with open_journal(str(file), clock=clock) as journal:
        with await api.rollback(run, plane=world.plane, journal=journal) as plan:
            conduct = Conduct(clock=clock)
            undone = await api.apply(
                plan, plane=world.plane, journal=journal, conduct=conduct, verb="rollback"
            )
    assert (undone.exit_code, undone.proves) == (0, True), undone.reasons
    world.turn("taken back")


@pytest.mark.timeout(36_000 if FULL else 120)
def test_the_whole_story(tmp_path: Path) -> None:
    """In the end every API and every stage is what it was before the first run."""
    file = tmp_path / "journal.db"
    script = [{"match": {"operation": "PutGatewayResponse", "first": 1}, "fault": "bad_request"}]

    async def main() -> None:
        world = Organisation(
            apis=ACCOUNTS * REGIONS * EACH,
            accounts=ACCOUNTS,
            regions=REGIONS,
            script=script,
            desired=OLD,
            rollout=Rollout(waves=WAVES, max_failures=MaxFailures(run=Amount(count=0)), bake=60.0),
        )
        async with world:
            before = world.state()
            world.turn("the world")
            runs = [await act(world, file) for act in (first_policy, alarmed, promoted)]
            for run in reversed(runs):
                await taken_back(world, file, run)
            assert world.state() == before

    virtually(main)
