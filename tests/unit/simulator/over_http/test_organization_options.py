"""The organisation as an option: from a file, generated, changed by time and over HTTP, with its quota."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from batchgw.errors import UsageError
from batchgw.simulator.engine import Engine
from batchgw.simulator.operations.service import Service
from batchgw.simulator.over_http.admin import EngineAdmin
from batchgw.simulator.over_http.assembly import make_engine
from batchgw.simulator.over_http.call import HttpCall
from batchgw.simulator.over_http.options import ServeOptions
from batchgw.simulator.over_http.serve import running
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.traffic.quota import Rate
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.world import World

SMALL = ServeOptions(apis=4, no_throttle=True, latency=0.0, latency_p99=0.0)
FIRST, SECOND = "111111111111", "222222222222"
FILE = """
management: "222222222222"
regions: [eu-west-1]
accounts:
  - {id: "111111111111", name: cards, ou: /Prod/Cards, regions: {us-east-1: ENABLED}}
  - {id: "222222222222", name: management}
changes:
  - {at: 60, account: "111111111111", move: /Prod}
  - {at: 60, account: "111111111111", regions: {eu-west-1: DISABLED}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "org.yaml"
    path.write_text(FILE)
    return path


def test_a_file_gives_accounts_regions_and_who_manages_them(file: Path) -> None:
    """Four APIs in the three scopes that are on."""
    with running(replace(SMALL, organization=file)) as ready:
        pass
    assert (ready.accounts, ready.regions) == ((FIRST, SECOND), ("eu-west-1", "us-east-1"))
    assert ready.management_account == SECOND
    world = make_engine(replace(SMALL, organization=file)).service.world
    assert [(a.account, a.region, len(a)) for a in world.scopes() if len(a)] == [
        (FIRST, "eu-west-1", 2),
        (FIRST, "us-east-1", 1),
        (SECOND, "eu-west-1", 1),
    ]


def test_a_generated_one_has_as_many_accounts_as_asked_for() -> None:
    options = replace(SMALL, generated_organization=True, accounts=30, regions=1)
    world = make_engine(options).service.world
    assert len(world.organization.members) == 30
    assert world.regions == ("eu-west-1", "eu-south-1")
    assert len({len(unit.names) for unit in world.organization.tree}) == 6


def test_a_file_and_a_generated_one_are_not_both(file: Path) -> None:
    with pytest.raises(UsageError, match="read from a file or generated, not both"):
        make_engine(replace(SMALL, organization=file, generated_organization=True))


def test_without_options_a_world_is_what_it_was() -> None:
    """Ids and the key of seed 7 as they were before a world had an organisation of its own."""
    world = make_engine(replace(SMALL, apis=600)).service.world
    assert [apis.id(0) for apis in world.scopes()] == [
        "letklqnqep", "7sr1s6oru9", "u6oiympt9t", "gkm052qupd", "2yjhbirw4x", "pcgyhysxkh",
    ]  # fmt: skip
    assert world.keys.long_term(FIRST).access_key_id == "AKIAJVPUIRDJ4RJ5JQ2V"
    assert {unit.names for unit in world.organization.tree} == {()}


def moved(engine: Engine) -> tuple[object, bool]:
    organization = engine.service.world.organization
    unit = organization.unit_of(FIRST)
    return unit and unit.name, organization.is_on(FIRST, "eu-west-1")


def test_changes_of_the_file_come_with_the_calls_after_their_time(file: Path) -> None:
    now = 1000.0
    engine = make_engine(replace(SMALL, organization=file), clock=lambda: now)
    seen = []

    async def call_at(seconds: float) -> None:
        nonlocal now
        now = 1000.0 + seconds
        try:
            await engine.handle("GetRestApis", FIRST, "eu-west-1", {})
            seen.append("answered")
        except ServiceFault as fault:
            seen.append(fault.code)

    async def calls() -> None:
        for seconds in (0, 59, 60):
            await call_at(seconds)

    anyio.run(calls)
    assert seen == ["answered", "answered", "UnrecognizedClientException"]
    assert moved(engine) == ("Prod", False)


def admin(clock: Callable[[], float] = lambda: 0.0) -> tuple[Engine, EngineAdmin]:
    plan = OrganizationPlan(
        accounts=(AccountPlan(id=FIRST, name="one"), AccountPlan(id=SECOND, name="two", ou=("Prod",))),
        regions=("eu-west-1",),
    )
    engine = Engine(Service(World.organized(plan)), clock=clock)
    return engine, EngineAdmin(engine)


def send(served: EngineAdmin, body: object, *, method: str = "POST") -> tuple[int, Any]:
    call = HttpCall(
        method=method,
        target="/_batchgw/organization",
        headers={},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )
    answer = served.answer(call)
    return answer.status, json.loads(answer.body)


def test_changes_sent_are_made_at_once_and_shown() -> None:
    _, served = admin()
    assert send(served, [{"account": SECOND, "move": "/"}, {"account": SECOND, "state": "SUSPENDED"}]) == (
        200,
        {"changes": 2},
    )
    status, shown = send(served, b"", method="GET")
    assert (status, shown["management"], shown["id"]) == (200, FIRST, "o-batchgw0001")
    (root,) = shown["accounts"][0]["ou_ids"]
    assert shown["accounts"][1] == {
        "id": SECOND,
        "name": "two",
        "ou": "/",
        "ou_ids": [root],
        "state": "SUSPENDED",
        "tags": {},
        "regions": {"eu-west-1": "ENABLED_BY_DEFAULT"},
    }


def test_an_account_that_left_has_no_ou() -> None:
    _, served = admin()
    assert send(served, [{"account": SECOND, "leave": True}])[0] == 200
    left = send(served, b"", method="GET")[1]["accounts"][1]
    assert (left["ou"], left["ou_ids"]) == (None, [])


def test_a_change_with_a_time_comes_later() -> None:
    now = 50.0
    engine, served = admin(lambda: now)
    assert engine.elapsed == 0.0
    assert send(served, [{"at": 30, "account": SECOND, "move": "/"}])[0] == 200
    assert engine.service.world.organization.accounts_in(engine.service.world.organization.tree.root.id) == (
        FIRST,
    )
    now = 80.0
    assert send(served, [])[0] == 200
    assert engine.service.world.organization.members == (FIRST, SECOND)
    unit = engine.service.world.organization.unit_of(SECOND)
    assert unit is not None
    assert unit.names == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "A list of changes sent here must be JSON."),
        ({"account": SECOND}, "changes: must be a list"),
        ([{"account": SECOND}], "changes: [0]: a change needs an `account` and exactly one of move, "),
        (
            [{"account": SECOND, "move": "/Prdo"}],
            "The organisation cannot be changed: there is no OU /Prdo; there are /, /Prod.",
        ),
        (
            [{"account": SECOND, "regions": {"eu-south-1": "ENABLED"}}],
            "The organisation cannot be changed: this world has no region 'eu-south-1'; it has eu-west-1.",
        ),
    ],
)
def test_changes_that_cannot_be_are_refused_and_none_is_made(body: object, message: str) -> None:
    _, served = admin()
    status, answer = send(served, body)
    assert status == 400
    assert str(answer["message"]).startswith(message)
    if isinstance(body, list):
        assert send(served, [{"account": SECOND, "leave": True}, *body])[0] == 400
        assert send(served, b"", method="GET")[1]["accounts"][1]["ou"] == "/Prod"


def test_organizations_refuses_what_is_beyond_its_quota_with_its_own_400() -> None:
    options = replace(SMALL, no_throttle=False, service_quota={"organizations": Rate(rate=0, burst=2)})
    engine = make_engine(options)

    async def list_three_times() -> list[str]:
        answers = []
        for _ in range(3):
            try:
                await engine.handle("ListAccounts", FIRST, "us-east-1", {})
                answers.append("answered")
            except ServiceFault as fault:
                answers.append(f"{fault.status} {fault.code}")
        return answers

    assert anyio.run(list_three_times) == ["answered", "answered", "400 TooManyRequestsException"]
    assert engine.statistics.of(FIRST, "us-east-1", "ListAccounts").refused == 1
