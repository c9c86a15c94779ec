"""docs/simulator.md names what there is: flags with their defaults, faults, operations, paths, statistics."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main
from ruamel.yaml import YAML

from batchgw.cli.main import app
from batchgw.simulator.call import Call
from batchgw.simulator.documents import read
from batchgw.simulator.edits import reading
from batchgw.simulator.engine import Engine
from batchgw.simulator.iam.conditions import KEYS
from batchgw.simulator.iam.written import FIELDS, ROLE_FIELDS, SCP_FIELDS, iam
from batchgw.simulator.operations.service import OPERATIONS, Service
from batchgw.simulator.over_http.admin import EngineAdmin
from batchgw.simulator.over_http.call import HttpCall
from batchgw.simulator.over_http.options import ReadyInfo
from batchgw.simulator.traffic import fault_script
from batchgw.simulator.traffic.fault_script import _FAULTS
from batchgw.simulator.traffic.match_script import GROUPS, MATCH_KEYS
from batchgw.simulator.traffic.quota import PER_OPERATION
from batchgw.simulator.traffic.tallies import Tally
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World

PAGE = (Path(__file__).parents[4] / "docs" / "simulator.md").read_text(encoding="utf-8")
COMMON = {"--output", "--quiet", "--no-color", "--debug", "--help", "--help-all"}
UNITED = {"--certfile", "--keyfile"}
"""Two flags in one row."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def rows(section: str) -> dict[str, list[str]]:
    """The tables under a heading: the cells of each row by the first one."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    cells = [re.split(r"\s*\|\s*", line)[1:-1] for line in text.splitlines() if line[:3] == "| `"]
    return {first: rest for first, *rest in cells}


def test_every_flag_is_there_with_its_default() -> None:
    command = typer.main.get_command(app).commands["simulate"]  # type: ignore[attr-defined]
    flags = {p.opts[0]: p.default for p in command.params if p.opts[0] not in COMMON}
    flag_rows = rows("Flags")
    assert {flag for row in flag_rows for flag in re.findall(r"`(--[\w-]+)`", row)} == set(flags)
    for flag in set(flags) - UNITED - {"--latency-p99"}:
        default = flags[flag]
        written = "" if default in (None, []) or default is False else str(getattr(default, "value", default))
        assert flag_rows[f"`{flag}`"][0].strip("`") == written.removesuffix(".0"), flag


def test_the_ready_line_has_these_keys() -> None:
    assert list(json.loads(blocks("json")[0])) == [field.name for field in fields(ReadyInfo)]


def test_every_fault_and_every_key_of_match_is_there() -> None:
    written = " ".join(rows("Fault scripts"))
    assert {name for name in (*_FAULTS, *MATCH_KEYS) if not re.search(rf"[`{{]{name}[`:]", written)} == set()
    assert {name for name in GROUPS if f"`{name}`" not in PAGE} == set()


def test_the_script_can_be_used_and_so_can_every_form_of_a_fault() -> None:
    assert len(fault_script.parse(YAML(typ="safe").load(blocks("yaml")[0])).rules) == 4
    table = PAGE.split("| fault | what happens |")[1].split("\n\n")[0]
    forms = [YAML(typ="safe").load(form) for form in re.findall(r"`(\{\w+: .*?\}|[a-z]+_?[a-z]*)`", table)]
    scripts = [{"fault": form} for form in forms if form != {"date_in": 2}]
    assert len(fault_script.parse(scripts).rules) == len(_FAULTS) + 7


def test_the_edits_can_be_used_and_every_edit_is_named(tmp_path: Path) -> None:
    section = PAGE.split("\n## Other people's edits\n")[1].split("\n## ")[0]
    (written,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (tmp_path / "edits.yaml").write_text(written, encoding="utf-8")
    script = reading.edits(read(tmp_path / "edits.yaml", "script of edits"))
    assert (len(script.at_times), len(script.after_calls)) == (1, 2)
    assert {row.strip("`") for row in rows("Other people's edits")} == set(reading.EDITS)


def test_the_identities_can_be_used_and_every_condition_key_is_named(tmp_path: Path) -> None:
    section = PAGE.split("\n## Identities\n")[1].split("\n## ")[0]
    (written,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (tmp_path / "iam.yaml").write_text(written, encoding="utf-8")
    identities = iam(read(tmp_path / "iam.yaml", "IAM file"))
    assert Service(World.generate(apis=0), trust=Trust(iam=identities)).trust.iam is identities
    for known in (FIELDS, ROLE_FIELDS, SCP_FIELDS):
        assert {name for name in known if not re.search(rf"\b{name}:", section)} == set()
    assert {key for key in KEYS if key.removesuffix("/*") not in section} == set()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_there(name: str) -> None:
    covers = PAGE.split("- Operations: ")[1].split(".\n")[0]
    assert name in re.findall(r"\w+", covers)


def test_no_operation_is_there_that_is_not_answered() -> None:
    covers = PAGE.split("- Operations: ")[1].split(".\n")[0]
    assert set(re.findall(r"[A-Z][a-z]+[A-Z]\w+", covers)) == set(OPERATIONS)


def test_the_paths_are_those_it_has() -> None:
    admin = EngineAdmin(Engine(Service(World.empty()), clock=lambda: 0.0))
    for row in rows("Its own paths"):
        method, path = row.strip("`").split(" ")
        assert admin.answer(HttpCall(method=method, target=path, headers={})).status == 200, row
    missing = admin.answer(HttpCall(method="GET", target="/_batchgw/", headers={}))
    known = re.findall(r"(?:GET|POST) /_batchgw/[\w-]+", json.loads(missing.body)["message"])
    assert {f"`{path}`" for path in known} == set(rows("Its own paths"))


def test_every_statistic_is_named() -> None:
    engine = Engine(Service(World.empty()), clock=lambda: 0.0)
    engine.statistics.tallies(Call.of("GetRestApis", "111111111111", "eu-west-1", {}))
    shown = engine.snapshot(log=False)
    assert {name for name in (*shown, *Tally().to_json()) if f"`{name}`" not in PAGE} == set()


def test_the_quotas_of_operations_a_client_may_meet_are_named() -> None:
    met = {name.partition(":")[0] for name in PER_OPERATION} & set(OPERATIONS)
    said = PAGE.split("Beside the total")[1].split("\n\n")[0]
    assert {name for name in met if name not in said} == set()
