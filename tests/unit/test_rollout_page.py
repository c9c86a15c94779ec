"""docs/rollout.md shows what the commands print, from the first plan of a rollout to its rollback."""

from __future__ import annotations

import re
import shlex
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer.main

from batchgw.cli.main import app
from batchgw.model import Action, Change, PlannedApi, RestApi, RestApiId
from batchgw.model.deployment.stage_change import StageChange, StageImage, StageMove
from batchgw.planning.diff import diff
from batchgw.planning.plan_file.plan import Plan, PlanWriter
from batchgw.policy.loader import load_policy
from batchgw.report.rollout.plan_waves import PlanWaves
from batchgw.report.views.lines.waves import wave_lines
from batchgw.report.views.text import plain
from tests.unit.cli_driver import Result, ask_services_at_once, batchgw, clean_environment, served
from tests.unit.planning.test_planfile import DUBLIN, HEADER

PAGE = (Path(__file__).parents[2] / "docs" / "rollout.md").read_text(encoding="utf-8")

ELSEWHERE = "..."
"""Stands for what the page leaves out: lines, or the rest of a line."""

RUN = re.compile(r"\b\d{8}-[0-9a-f]{6}\b")

MASKS = {
    r"\d{4}-\d\d-\d\dT[\d:.]+Z": "WHEN",
    r"(?:about |under )?\d[\d.]* (?:s|ms|min|h)\b(?: \d\d s| \d\d min)?": "LONG",
    r"pid \d+ of \S+ on \S+,": "WHO",
    r"promoted by [\w.@-]+": "promoted by WHO",
}
"""What differs from run to run."""

FASTER = "total: {rate: 1000, burst: 1000}\noperations: {CreateDeployment: {rate: 1000, burst: 1000}}\n"
"""The page's durations are those of AWS's quotas, and the test has no time for these."""


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [text for of, text in found if of == language]


def masked(line: str) -> str:
    for pattern, name in MASKS.items():
        line = re.sub(pattern, name, line)
    return " ".join(RUN.sub("RUN", line).split())


def sessions() -> list[tuple[str, list[str]]]:
    """Give each command of the page with the lines that it shows."""
    found: list[tuple[str, list[str]]] = []
    for text in "".join(blocks("console")).splitlines():
        if text.startswith("$ "):
            found.append((text[2:], []))
        elif text and text != ELSEWHERE:
            found[-1][1].append(text)
    return found


def not_shown(printed: list[str], shown: list[str]) -> str:
    """Give the first line of the page that is not printed, or not after those before it; empty for none."""
    rest = iter([masked(line) for line in printed])
    for line in shown:
        beginning = masked(line.removesuffix(ELSEWHERE))
        whole = not line.endswith(ELSEWHERE)
        if not any(each == beginning if whole else each.startswith(beginning) for each in rest):
            return line
    return ""


def flags(command: str) -> dict[str, int | float]:
    """Give the numbers among a command's flags, by their names in `ServeOptions`."""
    found = re.findall(r"--([a-z-]+) ([\d.]+)", command)
    return {name.replace("-", "_"): float(n) if "." in n else int(n) for name, n in found}


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Serve the page's world, with its policy; nothing is waited for there."""
    clean_environment(monkeypatch, tmp_path)
    ask_services_at_once(monkeypatch, tmp_path)
    with (tmp_path / "quotas.yaml").open("a") as file:
        file.write(FASTER)
    (policy,) = blocks("yaml")
    Path("rollout.yaml").write_text(re.sub(r"bake: \w+", "bake: 0.1s", policy))
    (command,) = [line for line in "".join(blocks("console")).splitlines() if "simulate" in line]
    with served(monkeypatch, **flags(command)) as info:
        url = f"{info.endpoint}/restapis/{{api}}/{{stage}}/_user_request_{{path}}"
        monkeypatch.setenv("BATCHGW_DATA_PLANE_URL", url)
        yield info.endpoint


def called(command: str, endpoint: str) -> list[str]:
    """Do what a `curl` of the page does: print the body, and the status."""
    url = command.rsplit(maxsplit=1)[-1].strip('"').replace("$AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(url, timeout=10)  # noqa: S310 - ours
    return [f"{answer.value.read().decode()} {answer.value.code}"]


def test_the_commands_print_what_the_page_shows(endpoint: str) -> None:
    told = list(dict.fromkeys(RUN.findall(PAGE)))  # the runs of the page, in their order
    last: Result | None = None
    for command, shown in sessions():
        if "simulate" in command:
            continue
        if command.startswith("curl"):
            assert called(command, endpoint) == shown, command
            continue
        if command == "echo $?":
            assert last is not None
            assert shown == [str(last.code)]
            continue
        verb, *arguments = shlex.split(command.removesuffix(" < /dev/null"))
        assert verb == "batchgw"
        if RUN.search(command):
            ours = [run["run"] for run in batchgw("runs", "list", "-o", "json").json[::-1]]
            arguments = [dict(zip(told, ours, strict=True)).get(each, each) for each in arguments]
        last = batchgw(*arguments)
        printed = (last.err + last.out).splitlines()
        assert not not_shown(printed, shown), (command, last.err, last.out)


def test_600_apis_of_one_account_region_take_as_long_as_the_page_says(tmp_path: Path) -> None:
    """Each with a response to create, and a stage to move: a new deployment every 5 s."""
    policy = load_policy("rollout.yaml", text=blocks("yaml")[0]).policy
    move = StageChange(
        stage="prod", action=Action.UPDATE, before=StageImage(deployment="d1"), after=StageMove()
    )
    changes: tuple[Change, ...] = (*diff({}, policy.desired), move)
    with PlanWriter(tmp_path / "plan", replace(HEADER, rollout=policy.rollout)) as writer:
        for n in range(600):
            writer.write(PlannedApi(api=RestApi(scope=DUBLIN, id=RestApiId(f"a{n}")), changes=changes))
    plan = Plan.of(writer)
    waves = PlanWaves(plan.waves, plan.variants, begun=plan.header.created)
    for item in plan.items():
        waves.add(item)
    (table,) = [block for block in blocks("") if "done after" in block]
    printed = [line.rstrip() for line in map(plain, wave_lines(waves))]
    assert table.splitlines() == [line for line in printed if line]


def test_every_flag_that_the_page_names_exists() -> None:
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known = {name for verb in verbs.values() for p in verb.params for name in (*p.opts, *p.secondary_opts)}
    assert set(re.findall(r"`(--[a-z][\w-]*)", PAGE)) <= known
