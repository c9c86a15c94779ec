"""The published JSON Schema accepts what batchgw accepts, and refuses what its form refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships no types
from ruamel.yaml import YAML

from batchgw.errors import PolicyInvalid
from batchgw.model import ResponseType
from batchgw.policy.jsonschema import policy_json_schema
from batchgw.policy.loader import load_policy
from batchgw.policy.presets.index import PRESETS
from batchgw.policy.starter import STARTER

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "policies").glob("*.yaml"))
SCHEMA = policy_json_schema()


def errors(text: str) -> list[str]:
    read = YAML(typ="safe").load(text)
    document = json.loads(json.dumps(read, default=str))  # dates are texts to editors, whose YAML is 1.2
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)]


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from parts(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from parts(value)


def test_it_is_a_schema_without_a_network() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "urn:batchgw:policy:1"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert all(part["$ref"].startswith("#/$defs/") for part in parts(SCHEMA) if "$ref" in part)


def test_editors_can_complete_and_explain() -> None:
    responses = SCHEMA["properties"]["responses"]["properties"]
    assert list(responses) == [type_.value for type_ in ResponseType]
    assert "401" in responses["UNAUTHORIZED"]["description"]
    assert SCHEMA["properties"]["use"]["items"]["anyOf"][0]["enum"] == list(PRESETS)
    for definition in SCHEMA["$defs"].values():
        for name, field in definition.get("properties", {}).items():
            assert name == "preset" or field["description"], (definition["title"], name)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_valid(path: Path) -> None:
    assert errors(path.read_text(encoding="utf-8")) == []


def test_the_starter_is_valid() -> None:
    assert errors(STARTER) == []


GOOD = [
    "{version: 1, use: [cors, {preset: hsts, max_age: 5, types: [THROTTLED]}]}",
    "{version: 1, use: [{preset: cors, types: customised}]}",
    "{version: 1, use: [{preset: error-envelope, types: [DEFAULT_4XX, customised]}]}",
    "{version: 1, wherever_customised: {headers: {A: b, C: {from: method.request.header.D}}}}",
    "{version: 1, wherever_customised: {responseParameters: {gatewayresponse.header.A: \"'b'\"}}}",
    "{version: 1, targets: {accounts: ['012345678901', 111122223333]}, use: [cors]}",
    "{version: 1, targets: {role: 'arn:aws:iam::{account}:role/a/b'}, use: [cors]}",
    "{version: 1, responses: {THROTTLED: {status: 429, headers: {Retry-After: 5, B: true}}}}",
    "{version: 1, responses: {THROTTLED: {statusCode: '429', responseType: THROTTLED}}}",
    "{version: 1, responses: {THROTTLED: {responseParameters: {gatewayresponse.header.A: \"'it's'\"}}}}",
]


@pytest.mark.parametrize("text", GOOD)
def test_accepted_by_both(text: str) -> None:
    assert errors(text) == []
    load_policy("p.yaml", text=text)


BAD = [
    "{use: [cors]}",
    "{version: 2, use: [cors]}",
    "{version: 1, use: cors}",
    "{version: 1, use: [corz]}",
    "{version: 1, use: [{types: [THROTTLED]}]}",
    "{version: 1, use: [{preset: cors, max_age: -1}]}",
    "{version: 1, use: [{preset: cors, types: []}]}",
    "{version: 1, use: [{preset: cors, types: DEFAULT_4XX}]}",
    "{version: 1, use: [{preset: cors, types: [customized]}]}",
    "{version: 1, use: [{preset: waf-block-page, types: customised}]}",
    "{version: 1, use: [{preset: no-internals, types: [ACCESS_DENIED, customised]}]}",
    "{version: 1, wherever_customised: {status: 401}}",
    "{version: 1, wherever_customised: {mode: fill, headers: {A: b}}}",
    "{version: 1, wherever_customised: {responseParameters: {A: \"'b'\"}}}",
    "{version: 1, wherever_customised: [cors]}",
    "{version: 1, use: [{preset: cors, include_subdomains: true}]}",
    "{version: 1, mode: overwrite, use: [cors]}",
    "{version: 1, rollouts: {}, use: [cors]}",
    "{version: 1, responses: {UNATHORIZED: default}}",
    "{version: 1, responses: {THROTTLED: off}}",
    "{version: 1, responses: {THROTTLED: {status: 600}}}",
    "{version: 1, responses: {THROTTLED: {headers: {A: {form: b}}}}}",
    "{version: 1, responses: {THROTTLED: {headers: {A: {from: header.B}}}}}",
    "{version: 1, responses: {THROTTLED: {responseParameters: {A: \"'b'\"}}}}",
    "{version: 1, responses: {THROTTLED: {responseParameters: {gatewayresponse.header.A: b}}}}",
    "{version: 1, targets: {accounts: everyone}, use: [cors]}",
    "{version: 1, targets: {accounts: []}, use: [cors]}",
    "{version: 1, targets: {regions: [Ireland]}, use: [cors]}",
    "{version: 1, targets: {role: 'a:b'}, use: [cors]}",
    "{version: 1, targets: {apis: {include: []}}, use: [cors]}",
    "{version: 1, targets: {apis: {exclude: [{}]}}, use: [cors]}",
]


@pytest.mark.parametrize("text", BAD)
def test_refused_by_both(text: str) -> None:
    assert errors(text) != []
    with pytest.raises(PolicyInvalid):
        load_policy("p.yaml", text=text)
