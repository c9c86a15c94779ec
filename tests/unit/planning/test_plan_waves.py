"""The waves of a plan stand in its file, and an edited one is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from batchgw import api
from batchgw.errors import NothingSelected, PlanUnreadable
from batchgw.model import Account, OuPattern
from batchgw.model.change import scope_of
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.planning.plan_file.plan import Plan, PlanWriter
from tests.saved_plans import with_checksum
from tests.unit.planning.test_planfile import DUBLIN, HEADER, ITEMS, OHIO, planned

ROLLOUT = Rollout(waves=(Wave(ou=OuPattern.parse("/Test")), Wave(size=Amount(count=1)), Wave(rest=True)))
ROLLED = replace(HEADER, rollout=ROLLOUT)
ACCOUNTS = {OHIO.account: Account(id=OHIO.account, ou=("Test",))}
MORE = (*ITEMS, planned(DUBLIN, "a4"))
"""Pending in it: a1, a3 and a4 in Dublin, and b1 in Ohio."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with PlanWriter(tmp_path / "plan", ROLLED, accounts=ACCOUNTS) as writer:
        for item in MORE:
            writer.write(item)
    return tmp_path / "plan"


def test_waves_are_drawn_as_the_plan_is_written_and_read_back(path: Path) -> None:
    plan = Plan.open(path)
    assert plan.header.rollout == ROLLOUT
    waves = plan.waves
    assert waves is not None
    assert waves.apis == (1, 1, 2)
    assert waves.members[0] == {OHIO: ("b1",)}
    assert waves.of_scope(DUBLIN).keys() == {"a1", "a3", "a4"}
    assert list(plan.items()) == list(MORE)
    assert list(plan.items(DUBLIN)) == [item for item in MORE if scope_of(item) == DUBLIN]


def test_a_plan_without_a_rollout_has_no_waves_also_one_of_version_3(tmp_path: Path) -> None:
    with PlanWriter(tmp_path / "plan", HEADER) as writer:
        writer.write(ITEMS[0])
    lines = (tmp_path / "plan").read_bytes().splitlines(keepends=True)
    assert Plan.open(tmp_path / "plan").waves is None
    assert b'"version":4' in lines[0]
    older = [lines[0].replace(b'"version":4', b'"version":3'), *lines[1:-1]]
    (tmp_path / "plan").write_bytes(with_checksum(older))
    plan = Plan.open(tmp_path / "plan")
    assert (plan.waves, list(plan.items())) == (None, [ITEMS[0]])


def edit(number: int, **changes: object) -> Callable[[dict[str, object]], dict[str, object]]:
    return lambda line: (
        {**line, **changes} if (line.get("kind"), line.get("wave")) == ("wave", number) else line
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (edit(1, apis=[]), "no wave has 222222222222/us-east-2/b1, which has something to do"),
        (
            edit(1, apis=["b1", "b1"]),
            "wave 1 has 222222222222/us-east-2/b1, which has nothing",
        ),
        (
            edit(1, apis=["b1", "b9"]),
            "wave 1 has 222222222222/us-east-2/b9, which has nothing",
        ),
        (edit(1, wave=4), "there is no wave 4"),
        (edit(2, wave=3), "wave 3 has 111111111111/eu-west-1 twice"),
    ],
)
def test_an_edited_wave_is_refused(
    path: Path, change: Callable[[dict[str, object]], dict[str, object]], says: str
) -> None:
    lines = [change(json.loads(line)) for line in path.read_bytes().splitlines()[:-1]]
    path.write_bytes(
        with_checksum(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
    )
    with pytest.raises(PlanUnreadable, match=says):
        Plan.open(path)


@pytest.mark.asyncio
async def test_nothing_is_written_where_a_wave_is_empty(tmp_path: Path) -> None:
    with PlanWriter(tmp_path / "plan", ROLLED) as writer:  # of accounts, nothing is known
        for item in MORE:
            writer.write(item)
    plan = Plan.open(tmp_path / "plan")
    with pytest.raises(NothingSelected, match=r"^wave 1 \(ou /Test\) takes none of the 4 APIs"):
        await api.apply(plan, plane=None, journal=None)  # type: ignore[arg-type]  # none is asked
