"""docs/limits.md says what there is: flags and their defaults, the quota file, the table, a program."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
import typer.main

import batchgw
from batchgw.cli.flags.pace import chosen_pace
from batchgw.cli.flags.pace_flags import PaceFlags
from batchgw.cli.flags.quota_file import load_quota_file
from batchgw.cli.main import app
from batchgw.cli.memory import quotas
from batchgw.journal import Limit, Spent
from batchgw.journal.quota_memory import LONGEST
from batchgw.model import Desired, Policy, Region, ResponseType, Rule, Targets
from batchgw.report.records import limit_to_json
from batchgw.report.views.lines.limits import COLUMNS
from batchgw.simulator.plane import simulate
from batchgw.simulator.world.world import World
from batchgw.throttle.bucket.beginning import FORGOTTEN
from batchgw.throttle.memory import BucketKey
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import SERVICES, TOTAL, Quota
from tests.unit.cli_driver import batchgw as command
from tests.unit.cli_driver import clean_environment
from tests.unit.remembered import remembered

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [text for of, text in found if of == language]


def options(verb: str) -> dict[str, Any]:
    found = typer.main.get_command(app).commands[verb]  # type: ignore[attr-defined]
    return {name: p for p in found.params for name in (*p.opts, *p.secondary_opts)}


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)


def test_every_service_is_there_with_its_pace() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| (\d+) \|", PAGE, re.MULTILINE)
    assert {name: Quota(float(rate), float(burst)) for name, rate, burst in rows} == SERVICES


def test_every_flag_of_the_pace_is_there_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(--[\w-]+)` \| (.*?) ?\|", PAGE, re.MULTILINE))
    plan = options("plan").values()
    of_pace = {p.opts[0] for p in plan if p.rich_help_panel == "Pace"}
    assert set(rows) == of_pace | {"--no-memory"}  # which is about accounts as well
    default = chosen_pace(PaceFlags())
    for flag, said in rows.items():
        value = getattr(default, flag[2:].replace("-", "_"), None)
        shown = (
            "no"
            if value is False
            else ""
            if value is None
            else f"{value:g}"
            if value != str(value)
            else value
        )
        assert said.strip("`") == shown, flag


def test_every_flag_named_exists() -> None:
    known = {name for verb in ("plan", "apply", "limits", "simulate") for name in options(verb)}
    assert set(re.findall(r"--[a-z][\w-]*", PAGE)) <= known


def test_the_quota_file_can_be_used() -> None:
    Path("quotas.yaml").write_text(blocks("yaml")[0])
    pace = chosen_pace(PaceFlags(quota_file=load_quota_file("quotas.yaml")))
    assert (pace.rate, pace.burst, pace.share) == (20, 80, 0.5)
    assert pace.operations["CreateDeployment"] == Quota(0.5, 1)


def test_what_is_wrong_in_it_is_told_in_these_words() -> None:
    Path("quotas.yaml").write_text(blocks("yaml")[0].replace("CreateDeployment", "CreateDeploymnt"))
    said = next(block for block in blocks("") if block.startswith("quotas.yaml"))
    assert command("discover", "--quota-file", "quotas.yaml").err == said


@pytest.mark.parametrize(
    "arguments",
    [["--strict", "--probe"], *([*rest, "--rate", "unknown"] for rest in (["--strict"], ["--burst", "9"]))],
)
def test_contradictions_are_refused(arguments: list[str]) -> None:
    assert command("discover", "--region", "eu-west-1", *arguments).code == 64


def test_the_table_and_the_record_have_these_columns() -> None:
    table = next(block for block in blocks("") if block.startswith("$ batchgw limits"))
    assert table.splitlines()[1].split() == ["endpoint", *COLUMNS]
    shown = json.loads(blocks("json")[0])
    at = datetime.fromisoformat(shown["learned_at"]).timestamp()
    limit = Limit(
        endpoint="http://127.0.0.1:4599",
        key=BucketKey("222222222222", "us-east-1"),
        stated=TOTAL,
        share=1.0,
        belief=Belief(rate=5.8208, burst=40.0, level=10.295),
        at=at,
        last=Spent(calls=105, refused=5, waited=63.195),
        total=Spent(calls=209, refused=8, waited=131.172),
    )
    assert limit_to_json(limit, at + 1.647) == shown


def test_the_figures_are_those_of_the_code() -> None:
    assert f"every {quotas.INTERVAL:g} s" in PAGE
    assert f"After {FORGOTTEN / 60:g} minutes" in PAGE
    assert f"after {LONGEST / 86400:g} days" in PAGE
    assert quotas.PATIENCE <= 1 / 3


def test_the_program_runs_and_remembers() -> None:
    names: dict[str, Any] = {}
    exec(blocks("python")[0], names)  # noqa: S102 - the page's own text
    policy = Policy(
        desired=Desired(rules={ResponseType.THROTTLED: Rule(settings=None)}),
        targets=Targets(regions=(Region("eu-west-1"),)),
    )
    plane = simulate(World.generate(apis=3, accounts=1, regions=1))

    async def main() -> None:
        plan: batchgw.Plan = await names["planned"](plane, policy)
        plan.close()

    anyio.run(main)
    (limit,) = remembered()
    assert (limit.total.calls, limit.share) == (4, 0.5)
