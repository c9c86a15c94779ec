"""docs/policy.md says what the schema, the presets and the rules say: each row is made here and looked up."""

from __future__ import annotations

import re
import runpy
from datetime import date
from pathlib import Path

import pytest

from batchgw.errors import PolicyInvalid
from batchgw.model import DEFAULT_STATUS
from batchgw.policy.jsonschema import policy_json_schema
from batchgw.policy.lint.registry import all_rules
from batchgw.policy.loader import load_policy
from batchgw.policy.presets.index import PRESETS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
SCHEMA = policy_json_schema()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def section(name: str) -> list[str]:
    """The lines under a heading, up to the next heading of any level."""
    after = re.split(rf"^#+ {re.escape(name)}$", PAGE, maxsplit=1, flags=re.MULTILINE)[1]
    return re.split(r"^#+ ", after, maxsplit=1, flags=re.MULTILINE)[0].splitlines()


def test_the_reference_is_what_the_schema_says() -> None:
    written = (ROOT / "docs" / "policy-reference.md").read_text(encoding="utf-8")
    assert written == runpy.run_path(str(ROOT / "scripts" / "reference.py"))["page"](), (
        "scripts/reference.py writes the page"
    )


def test_the_reference_has_every_key_of_every_part() -> None:
    """Each part of the schema has a table, in which each of its keys has a row with its description."""
    page = (ROOT / "docs" / "policy-reference.md").read_text(encoding="utf-8")
    tables = [section.splitlines() for section in re.split(r"^#+ ", page, flags=re.MULTILINE)]
    parts = [part for part in SCHEMA["$defs"].values() if "properties" in part] + [SCHEMA]
    for part in parts:
        rows = {name: each["description"] for name, each in part["properties"].items() if name != "preset"}
        assert any(
            [line.split("`")[1] for line in table if line.startswith("| `")] == list(rows)
            and all(f" {text} |" in "\n".join(table) for text in rows.values())
            for table in tables
        ), part["title"]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_says_what_it_is_for_and_covers(name: str) -> None:
    said = " ".join(section(f"`{name}`"))
    assert PRESETS[name].what in said
    for type_ in PRESETS[name].own_types or ():
        assert f"`{type_.value}`" in said
    assert ("every type that an API customised itself" in said) is PRESETS[name].covers_customised


def test_every_rule_has_its_row_and_no_other() -> None:
    told = [line for line in section("Rules") if line.startswith("| `")]
    rows = [f"| `{name}` | {rule.severity} | {rule.summary} |" for name, rule in all_rules().items()]
    assert told == rows, "scripts/rules.py writes the table"


def test_every_response_type_stands_in_its_family() -> None:
    for type_, status in DEFAULT_STATUS.items():
        (family,) = (line for line in section("`responses`") if line.startswith(f"- `{type_.family}`: "))
        assert f"`{type_.value}` {status}" in family


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_are_policies(text: str) -> None:
    try:
        assert load_policy("p.yaml", text=text, today=date(2026, 11, 30)).warnings == ()
    except PolicyInvalid as invalid:
        pytest.fail(str(invalid))


def test_the_two_spellings_mean_the_same() -> None:
    friendly, exact = (text for text in EXAMPLES if "WWW-Authenticate" in text)
    assert load_policy("a", text=friendly).policy.digest == load_policy("b", text=exact).policy.digest
