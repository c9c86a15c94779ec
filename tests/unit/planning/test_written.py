"""A plan just written is known without being read through: as it would be found, item by item."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.errors import PlanUnreadable
from batchgw.model import Scope
from batchgw.planning.plan_file.plan import Plan, PlanWriter
from batchgw.planning.plan_file.verify import verify
from tests.unit.planning.test_planfile import DUBLIN, HEADER, ITEMS, OHIO, TOKYO


@pytest.fixture
def writer(tmp_path: Path) -> PlanWriter:
    with PlanWriter(tmp_path / "fleet.plan", HEADER, scopes=[DUBLIN, TOKYO]) as writer:
        for item in ITEMS:
            writer.write(item)
    return writer


def test_it_is_what_reading_the_file_through_would_find(writer: PlanWriter) -> None:
    assert writer.written == verify(writer.path)


@pytest.mark.parametrize("scope", [None, DUBLIN, OHIO, TOKYO])
def test_its_items_are_those_of_the_file(writer: PlanWriter, scope: Scope | None) -> None:
    plan, read = Plan.of(writer), Plan.open(writer.path)
    assert list(plan.items(scope)) == list(read.items(scope))
    assert (plan.header, plan.totals) == (read.header, read.totals)


def test_a_file_that_was_changed_afterwards_is_refused(writer: PlanWriter) -> None:
    plan = Plan.of(writer)
    writer.path.write_bytes(writer.path.read_bytes() + b"\n")
    with pytest.raises(PlanUnreadable, match="changed after it was opened"):
        list(plan.items())


def test_before_it_is_whole_there_is_no_plan(tmp_path: Path) -> None:
    with PlanWriter(tmp_path / "plan", HEADER) as writer, pytest.raises(ValueError, match="not written"):
        Plan.of(writer)
