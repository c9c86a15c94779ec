"""Writes docs/policy-reference.md from the schema of policy files. Run it after a change of the format."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from batchgw.policy.jsonschema import policy_json_schema
from batchgw.policy.presets.index import PRESETS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "policy-reference.md"

OPENING = """\
# The policy file: every key

This page is made of the schema that `batchgw schema` prints. [policy.md](policy.md) explains what the keys
mean together.
"""

SECTIONS = {
    "TargetsSpec": "targets",
    "AccountsSpec": "targets.accounts",
    "AccountSelectorSpec": "A selector of accounts",
    "EnabledRegionsSpec": "targets.regions",
    "RoleLinkSpec": "A role of a chain",
    "ApisSpec": "targets.apis",
    "SelectorSpec": "A selector of APIs",
    "CreatedSpec": "created",
    "OrganizationSpec": "organization",
    "ResponseSpec": "A response",
    "HeaderSource": "A header taken from the request",
    "CustomisedSpec": "wherever_customised",
    "DeploySpec": "deploy",
    "RolloutSpec": "rollout",
    "WaveSpec": "A wave",
    "GateSpec": "A gate",
    "MaxFailuresSpec": "rollout.max_failures",
    "LimitsSpec": "rollout.limits",
    "WindowSpec": "A window",
    "RegionOrderSpec": "rollout.regions",
    "RuleSpec": "A rule",
    "ExemptionSpec": "An exemption",
}
"""The heading of each part of the schema, in the order of the page; presets come after them."""

PLAIN = (
    "MetricName",
    "Mode",
    "OnFailure",
    "OnInconclusive",
    "OnManaged",
    "ResponseType",
    "Unlisted",
    "Verify",
    "WaveOrder",
)
"""Parts that are lists of words: they stand in the tables that use them."""

WORDS = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "object": "mapping",
    "string": "text",
}


def page() -> str:
    """Give the whole page. Raises KeyError for a part of the schema that has no heading."""
    schema = policy_json_schema()
    parts = {name: each for name, each in schema["$defs"].items() if name not in PLAIN}
    lines = [OPENING, *_section("The file", schema, schema)]
    for name, heading in SECTIONS.items():
        lines += _section(heading if " " in heading else f"`{heading}`", parts.pop(name), schema)
    lines += ["## Presets", "", "`batchgw presets` shows what each of them sets.", ""]
    for name, preset in PRESETS.items():
        lines += _section(f"`{name}`", parts.pop(preset.__name__), schema, level="###")
    if parts:
        raise KeyError(f"{', '.join(parts)}: say in SECTIONS under which heading it stands")
    return "\n".join(lines).rstrip() + "\n"


def _section(heading: str, part: dict[str, Any], schema: dict[str, Any], *, level: str = "##") -> list[str]:
    required = part.get("required", ())
    rows = [
        _row(name, each, schema, required=name in required)
        for name, each in part.get("properties", {}).items()
        if name != "preset"
    ]
    table = ["| key | type | default | meaning |", "|---|---|---|---|", *rows, ""]
    return [f"{level} {heading}", "", part["description"], "", *table]


def _row(name: str, part: dict[str, Any], schema: dict[str, Any], *, required: bool) -> str:
    kind = " or ".join(dict.fromkeys(_kinds(part, schema)))
    return f"| `{name}` | {kind} | {_default(part, required=required)} | {part['description']} |"


def _kinds(part: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    """Give the words for what a value may be, null and the looser spellings of a text aside."""
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    for inner in part.get("anyOf", part.get("oneOf", ())):
        yield from _kinds(inner, schema)
    if "const" in part:
        yield f"`{json.dumps(part['const']) if part['const'] is True else part['const']}`"
    elif "enum" in part:
        yield from (f"`{value if isinstance(value, str) else json.dumps(value)}`" for value in part["enum"])
    elif "type" in part and part["type"] != "null":
        yield WORDS["string" if isinstance(part["type"], list) else part["type"]]


def _default(part: dict[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    value = part.get("default")
    return "none" if value is None else f"`{value if isinstance(value, str) else json.dumps(value)}`"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
