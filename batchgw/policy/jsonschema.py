"""The JSON Schema of the policy file, for editors and other tools: made of the models, so it cannot drift.

It is Any below its first level, since pydantic makes it so.
"""

from __future__ import annotations

import re
from typing import Any, get_args

from batchgw.model import DEFAULT_STATUS, HEADER_PREFIX, ResponseType
from batchgw.policy.fields import CUSTOMISED
from batchgw.policy.presets.contribution import TYPES, PresetSpec
from batchgw.policy.presets.index import PRESETS
from batchgw.policy.schema.file import PolicyFile
from batchgw.policy.schema.responses import BodySpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER = "urn:batchgw:policy:1"
_PARAMETER_NAMES = {"pattern": rf"^{re.escape(HEADER_PREFIX)}.+$"}


def policy_json_schema() -> dict[str, Any]:
    """Make the schema (draft 2020-12) of version 1 of the policy format."""
    schema = PolicyFile.model_json_schema(by_alias=True)
    properties = schema["properties"]
    properties["version"] = {
        "const": 1,
        "title": "Version",
        "description": properties["version"]["description"],
    }
    for layer in (properties, schema["$defs"]["RuleSpec"]["properties"]):
        layer["responses"] = _responses(layer["responses"])
        layer["use"]["items"] = _uses(layer["use"]["items"])
    for preset in PRESETS.values():
        definition = schema["$defs"][preset.__name__]
        definition["required"] = ["preset"]
        definition["title"] = preset.title
        definition["description"] = preset.what
        _cover(preset, definition["properties"]["types"])
    for spec in get_args(BodySpec):
        parameters = schema["$defs"][spec.__name__]["properties"]["responseParameters"]
        parameters["propertyNames"] = _PARAMETER_NAMES
    return {"$schema": DIALECT, "$id": IDENTIFIER, **schema, "title": "batchgw policy"}


def _cover(preset: type[PresetSpec], types: dict[str, Any]) -> None:
    """Allow the word `customised` alone; forbid it where the preset is made for certain types."""
    words: list[str] = types["anyOf"][0]["items"]["enum"]
    if preset.own_types:
        words.remove(CUSTOMISED)
        types["description"] = f"{TYPES}."
    else:
        types["anyOf"].insert(0, {"const": CUSTOMISED})


def _responses(generated: dict[str, Any]) -> dict[str, Any]:
    """One property per type, so that editors complete and explain each."""
    value = generated["additionalProperties"]
    return {
        "type": "object",
        "title": "Responses",
        "description": generated["description"],
        "properties": {t.value: {**value, "description": _explain(t)} for t in ResponseType},
        "additionalProperties": False,
    }


def _explain(type_: ResponseType) -> str:
    if type_.family is None:
        return f"Every {type_.value[-3:].lower()} response that is not customised itself."
    status = DEFAULT_STATUS[type_]
    return f"Answered with {status} by default; inherits from {type_.family} until it is customised."


def _uses(generated: dict[str, Any]) -> dict[str, Any]:
    """A preset by name alone, or a mapping."""
    names = {"enum": list(PRESETS), "description": "A preset with its default parameters."}
    return {"anyOf": [names, {key: value for key, value in generated.items() if key != "discriminator"}]}
