"""Turns pydantic's errors into findings: what is wrong with the file, and what was probably meant."""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from batchgw.model import DEFAULT_STATUS, ResponseType
from batchgw.policy.fields import TYPE_WORDS
from batchgw.policy.findings import Finding, Path
from batchgw.policy.form_rules import FORM_RULES, SCHEMA
from batchgw.policy.grammar.regions import REGION_FORM
from batchgw.policy.presets.index import PRESETS
from batchgw.policy.quoting import closest, did_you_mean, fits, pasted, shown
from batchgw.policy.schema.file import PolicyFile

_FOREIGN_KEYS = {
    "restApiId": "; name the APIs under targets.apis",
    "defaultResponse": "; it is a part of the service's answers, and not of the call",
    "ResponseMetadata": "; it is a part of the service's answers, and not of the call",
}
_FOREIGN_FILES = {
    "Statement": "an IAM policy",
    "AWSTemplateFormatVersion": "a template of CloudFormation",
    "Resources": "a template of CloudFormation",
    "openapi": "an OpenAPI definition",
    "swagger": "an OpenAPI definition",
    "policies": "a policy of Cloud Custodian",
}
"""What a file is that has such a key."""

_ALL = frozenset({"*", "all", "any", "every", "everything"})
"""What people write who mean all of them."""

_RESPONSES = ": write `default` to remove the customisation, or a mapping with status, headers, templates"


def findings_of(error: ValidationError) -> Iterator[Finding]:
    """Give a finding for each of pydantic's errors."""
    for details in error.errors(include_url=False):
        yield _finding(details)


def foreign(keys: Collection[str]) -> Finding | None:
    """Give the finding about a file whose keys tell that it is of another tool; None if a key is ours."""
    kind = next((kind for key, kind in _FOREIGN_FILES.items() if key in keys), None)
    if kind is None or any(key in keys for key in PolicyFile.model_fields):
        return None
    message = f"this is {kind}, and no policy of batchgw; `batchgw init` writes one to start from"
    return Finding(rule=SCHEMA, path=(), message=message)


def _in_layer(path: Path) -> Path:
    """Give a path as it would be at the top of the file, where it is one within a rule."""
    return path[2:] if path[:1] == ("rules",) else path


def _finding(details: ErrorDetails) -> Finding:
    kind, path = details["type"], tuple(details["loc"])
    if kind.startswith("batchgw:"):
        return Finding(rule=FORM_RULES[kind.removeprefix("batchgw:")], path=path, message=details["msg"])
    if path[-2:] == (details["input"], "[key]") and kind != "extra_forbidden":  # a key may be called so
        return _key_finding(details, path[:-1])
    explain = _EXPLAIN.get(kind, _other)
    return Finding(rule=SCHEMA, path=path, message=explain(details, path), at_key=kind == "extra_forbidden")


def _key_finding(details: ErrorDetails, path: Path) -> Finding:
    word = str(path[-1])
    if _in_layer(path)[:1] == ("responses",):
        if answering := [kind for kind, status in DEFAULT_STATUS.items() if status == word]:
            hint = f"{word} is the status of {_listed(answering)}"
        else:
            meant = meant_type(word)
            hint = f"did you mean {meant}?" if meant else f"those are {_listed(ResponseType)}"
        message = f"{shown(word)} is not a gateway response type; {hint}"
    else:
        message = f"{shown(word)}: {details['msg']}"
    return Finding(rule=SCHEMA, path=path, at_key=True, message=message)


def meant_type(word: str) -> str | None:
    """Give the response type that was probably meant, if there is one."""
    return closest(f"DEFAULT_{word}" if word[:1].isdigit() else word, ResponseType)


def _unknown_key(_: ErrorDetails, path: Path) -> str:
    word = str(path[-1])
    known = _keys_at(PolicyFile, path[:-1])
    hint = _foreign(word, path) or did_you_mean(word, known) or f"; known here are {_listed(known)}"
    return f"unknown key {shown(word)}{hint}"


def _foreign(word: str, path: Path) -> str:
    if _in_layer(path)[:1] == ("wherever_customised",) and word in (
        "status",
        "statusCode",
        "mode",
        "responseType",
    ):
        return "; it takes headers and templates only: set the rest of a type under responses"
    return _FOREIGN_KEYS.get(word, "")


def _missing(_: ErrorDetails, path: Path) -> str:
    example = {"version": '; write "version": 1', "enabled": '; write "enabled": true'}.get(str(path[-1]), "")
    return f"the key {shown(str(path[-1]))} is missing{example}"


def _one_of(details: ErrorDetails, path: Path) -> str:
    if _in_layer(path)[:1] == ("responses",) and "mode" not in path:
        guess = did_you_mean(str(details["input"]), ["default"])
        return f"{_what(details)} is not a response{guess or _RESPONSES}"
    if path == ("targets", "accounts", "word"):
        return (
            f"{_what(details)} is not `current` or `organization`, nor a list of account ids and OUs"
            f"{_accounts(details['input'])}"
        )
    if path == ("targets", "accounts", "mapping", "include", "word"):
        return (
            f"{_what(details)} is not `organization`, nor a list of account ids and OUs"
            f"{_accounts(details['input'], ('organization',))}"
        )
    if path[-2:] == ("deploy", "word"):
        stages = details["input"]
        example = (
            f": write {pasted({'stages': [stages]})}" if isinstance(stages, str) and fits(stages) else ""
        )
        return f"{_what(details)} is not `none`, nor a mapping with stages{example}"
    if several := _several(details, path):
        return f"{_what(details)} is not one value{several}"
    known = str(details.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
    guess = did_you_mean(str(details["input"]), known)
    return f"{_what(details)} is not one of {', '.join(known)}{guess}"


def _accounts(given: object, words: Sequence[str] = ("current", "organization")) -> str:
    """Say which accounts were probably meant by a text that is no list."""
    text = str(given)
    if text.casefold() in _ALL:
        return "; did you mean organization?"
    listed = text if text.startswith(("/", "ou-", "r-")) or text.isdigit() else "111122223333"
    return did_you_mean(text, words) or f": write {pasted([listed])}"


def _preset(details: ErrorDetails, _: Path) -> str:
    given = details["input"]
    if not isinstance(given, Mapping) or "preset" not in given:
        return "write a preset as its name, or as a mapping: `preset: NAME`, parameters, perhaps `types`"
    word = str(given["preset"])
    if " - " in word:
        return f"{shown(word)} is not a preset: lines of a list have become one text, so indent them alike"
    guess = did_you_mean(word, PRESETS)
    return f"{shown(word)} is not a preset{guess or f'; those are {_listed(PRESETS)}'}"


def _wants_list(details: ErrorDetails, path: Path) -> str:
    given = details["input"]
    at_regions = path == ("targets", "regions", "items")
    if at_regions and isinstance(given, str) and not REGION_FORM.fullmatch(given):
        every = "enabled" if given.casefold() in _ALL else given
        guess = did_you_mean(every, ("enabled",)) or f": write {pasted(['eu-west-1'])}"
        return f"{_what(details)} is not `enabled`, nor a list of regions{guess}"
    example = f": write {pasted([given])}" if isinstance(given, str) and given and fits(given) else ""
    if "types" in path and isinstance(given, str) and given not in TYPE_WORDS:
        example = did_you_mean(given, TYPE_WORDS)  # in a list it would be refused as no type
    return f"a list is needed here, not {_what(details)}{example}"


def _wants_mapping(details: ErrorDetails, path: Path) -> str:
    given = details["input"]
    dated = path[-1:] == ("created",) and isinstance(given, str) and fits(given)
    example = f": write {pasted({'after': given})}" if dated else ""
    return f"a mapping (key: value) is needed here, not {_what(details)}{example}"


def _several(details: ErrorDetails, path: Path) -> str:
    """Say what to do where several values are given to a word of a selector of APIs."""
    if not isinstance(details["input"], list):
        return ""
    if "match" in path:
        return f"; a word has one: write {'a rule' if path[0] == 'rules' else 'an exemption'} for each"
    return "; a word has one: write a selector for each" if path[:2] == ("targets", "apis") else ""


def _wants_text(details: ErrorDetails, path: Path) -> str:
    hint = _several(details, path)
    if details["input"] is None:
        hint = '; an empty text is ""'
    elif {"templates", "responseTemplates"} & set(path):
        hint = "; put the template in quotes, or under a | "
    return f"a text is needed here, not {_what(details)}{hint.rstrip()}"


def _other(details: ErrorDetails, _: Path) -> str:
    return f"{_what(details)}: {details['msg'][:1].lower()}{details['msg'][1:]}"


def _number(details: ErrorDetails, _: Path) -> str:
    return f"{_what(details)} is not a whole number"


def _truth(details: ErrorDetails, _: Path) -> str:
    return f"{_what(details)} is neither true nor false"


def _what(details: ErrorDetails) -> str:
    given = details["input"]
    match given:
        case None:
            return "nothing"
        case str():
            return shown(given)
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return shown(str(given))


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


_EXPLAIN: Mapping[str, Callable[[ErrorDetails, Path], str]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "enum": _one_of,
    "literal_error": _one_of,
    "union_tag_invalid": _preset,
    "union_tag_not_found": _preset,
    "list_type": _wants_list,
    "dict_type": _wants_mapping,
    "model_type": _wants_mapping,
    "model_attributes_type": _wants_mapping,
    "string_type": _wants_text,
    "int_type": _number,
    "int_parsing": _number,
    "bool_type": _truth,
    "bool_parsing": _truth,
}


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """Give the keys that the mapping at a path may have. In a union: those of the member that fits."""
    here: list[object] = [model]
    for step in path:
        here = [inner for tp in here for inner in _inside(tp, step)] or here
    models = [tp for tp in here if isinstance(tp, type) and issubclass(tp, BaseModel)]
    tagged = [
        m for m in models if "preset" in m.model_fields and m.model_fields["preset"].default == path[-1]
    ]
    return [f.alias or name for m in (tagged or models) for name, f in m.model_fields.items()]


def _inside(annotation: object, step: str | int) -> Iterator[object]:
    """Give the types that the values one step inside a value of this type may have."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if step == (field.alias or name):
                yield from _members(field.annotation)
        return
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict or (origin is list and isinstance(step, int)):
        yield from _members(arguments[-1])


def _members(annotation: object) -> Iterator[object]:
    """Give the types of a union, without their annotations."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation
