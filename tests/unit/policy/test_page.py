"""docs/policy.md says what the schema, the presets and the rules say: each row is made here and looked up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchgw.errors import PolicyInvalid
from batchgw.model import DEFAULT_STATUS
from batchgw.policy.jsonschema import policy_json_schema
from batchgw.policy.lint.registry import all_rules
from batchgw.policy.loader import load_policy
from batchgw.policy.presets.index import PRESETS

PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")
SCHEMA = policy_json_schema()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

WORDS = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "object": "mapping",
    "string": "text",
}


def kinds(schema: dict[str, Any]) -> Iterator[str]:
    """The words for what a value may be, null and the looser spellings of a text aside."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    for inner in schema.get("anyOf", schema.get("oneOf", ())):
        yield from kinds(inner)
    if "const" in schema:
        yield f"`{schema['const']}`"
    elif "enum" in schema:
        yield from (f"`{value}`" for value in schema["enum"])
    elif "type" in schema and schema["type"] != "null":
        yield WORDS["string" if isinstance(schema["type"], list) else schema["type"]]


def default(schema: dict[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    value = schema.get("default")
    return "none" if value is None else f"`{value if isinstance(value, str) else json.dumps(value)}`"


def row(name: str, schema: dict[str, Any], *, required: bool) -> str:
    kind = " or ".join(dict.fromkeys(kinds(schema)))
    return f"| `{name}` | {kind} | {default(schema, required=required)} | {schema['description']} |"


def key_rows(definition: dict[str, Any]) -> Iterator[str]:
    for name, schema in definition.get("properties", {}).items():
        if name != "preset":
            yield row(name, schema, required=name in definition.get("required", ()))


def section(name: str) -> list[str]:
    """The lines under a heading, up to the next heading of any level."""
    after = re.split(rf"^#+ {re.escape(name)}$", PAGE, maxsplit=1, flags=re.MULTILINE)[1]
    return re.split(r"^#+ ", after, maxsplit=1, flags=re.MULTILINE)[0].splitlines()


SECTIONS = {
    "The file": SCHEMA,
    "`targets`": SCHEMA["$defs"]["TargetsSpec"],
    "`targets.apis`": SCHEMA["$defs"]["ApisSpec"],
    "A selector": SCHEMA["$defs"]["SelectorSpec"],
    "A response": SCHEMA["$defs"]["ResponseSpec"],
    "`wherever_customised`": SCHEMA["$defs"]["CustomisedSpec"],
    **{f"`{name}`": SCHEMA["$defs"][preset.__name__] for name, preset in PRESETS.items()},
}


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_has_its_row_and_no_other(name: str) -> None:
    told = [line for line in section(name) if line.startswith("| `")]
    assert told == list(key_rows(SECTIONS[name]))


def test_no_part_of_the_schema_is_left_out() -> None:
    told = {definition.get("title") for definition in SECTIONS.values()}
    values = {"Mode", "Unlisted", "ResponseType", "HeaderSource"}
    assert {d["title"] for name, d in SCHEMA["$defs"].items() if name not in values} <= told
    assert "{from: method.request.header.NAME}" in PAGE  # HeaderSource


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
        assert load_policy("p.yaml", text=text).warnings == ()
    except PolicyInvalid as invalid:
        pytest.fail(str(invalid))


def test_the_two_spellings_mean_the_same() -> None:
    friendly, exact = EXAMPLES[:2]
    assert load_policy("a", text=friendly).policy.digest == load_policy("b", text=exact).policy.digest
