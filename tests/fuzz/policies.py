"""Policy files: valid ones from a grammar, damaged as documents and as bytes, in YAML and in JSON.

Promised: a policy, or PolicyInvalid in which every problem has its place. A .json file is read as Python's
own reader of JSON reads it, or refused where that one refuses it.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Never

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import ResponseType
from batchgw.policy.loader import load_policy
from batchgw.policy.presets.index import PRESETS
from batchgw.policy.text.document import plain
from batchgw.policy.text.faults import MAX_DEPTH
from batchgw.policy.text.parse import parse
from batchgw.policy.text.source import decode
from tests.fuzz.documents import as_json, as_yaml
from tests.fuzz.harness import fuzz
from tests.fuzz.mutate import Value, spoil, spoil_bytes

_TYPES = tuple(t.value for t in ResponseType)
_HEADERS = ("X-A", "Access-Control-Allow-Origin", "WWW-Authenticate", "Content-Security-Policy", "x-a")
_LITERALS = ("*", "a b", "default-src 'self'; img-src *", "", "5", "'x'", "$context.requestId")
_SOURCES = ("method.request.header.Origin", "context.requestId", "context.authorizer.claims.cognito:username")
_TEMPLATES = (
    '{"message":$context.error.messageString}',
    "<p>$context.requestId</p>",
    "{}",
    "#set($a = 1)",
    "text",
)
_KINDS = ("application/json", "text/html", "application/problem+json;charset=utf-8")
_WORDS = (
    *(
        "version",
        "targets",
        "mode",
        "unlisted",
        "responses",
        "use",
        "regions",
        "accounts",
        "role",
        "external_id",
    ),
    *(
        "apis",
        "include",
        "exclude",
        "id",
        "name",
        "tags",
        "status",
        "headers",
        "templates",
        "from",
        "preset",
        "types",
    ),
    *(
        "statusCode",
        "responseType",
        "responseParameters",
        "responseTemplates",
        "origin",
        "message",
        "max_age",
    ),
    *("credentials", "replace", "merge", "fill", "leave", "reset", "customised", "wherever_customised"),
    *(*PRESETS, *_TYPES, *_HEADERS, *_SOURCES, "eu-west-1", "111122223333"),
)


def run(cases: int, seed: int) -> int:
    """Check `cases` policies. Raises Broken."""
    with TemporaryDirectory() as folder:
        return fuzz("policies", _case, lambda case: check(case, Path(folder)), cases=cases, seed=seed)


def check(case: bytes, folder: Path) -> None:
    """Load a policy; its first line is the suffix of its file. Raises AssertionError, or what escapes."""
    suffix, _, content = case.partition(b"\n")
    path = folder / f"policy{suffix.decode()}"
    path.write_bytes(content)
    try:
        loaded = load_policy(path)
    except PolicyInvalid as invalid:
        assert any(p.severity == "error" for p in invalid.problems)  # noqa: PT017 - either way out is checked
        problems = invalid.problems
    else:
        problems = loaded.warnings
        assert loaded.policy.digest
        assert json.dumps(loaded.policy.desired.to_json(), ensure_ascii=False).encode()
    for problem in problems:
        _check_place(problem, content, path)
    if path.suffix == ".json":
        _check_json(content)


def _check_place(problem: Problem, content: bytes, path: Path) -> None:
    lines = content.count(b"\n") + content.count(b"\r") + 2
    assert problem.file == str(path)
    assert 1 <= problem.line <= lines, problem
    assert 1 <= problem.column <= len(content) + 2, problem
    assert problem.message.isprintable(), problem


def _check_json(content: bytes) -> None:
    try:
        document = parse(decode(content, "p.json"), "p.json")
    except PolicyInvalid:
        document = None
    if document is not None and document.problems:
        return
    try:
        parsed = json.loads(content.decode("utf-8-sig"), **_AS_TYPED)
    except (ValueError, RecursionError):
        assert document is None, "not JSON, and accepted"
    else:
        assert document is None or plain(document.root) == _as_policy(parsed)
        assert document is not None or _is_too_much(parsed)


def _never(word: str) -> Never:
    raise ValueError(word)


_AS_TYPED: dict[str, Any] = {"parse_int": str, "parse_float": str, "parse_constant": _never}


def _as_policy(value: Value) -> Value:
    """Spell truth values as a policy keeps them."""
    match value:
        case dict():
            return {key: _as_policy(inner) for key, inner in value.items()}
        case list():
            return [_as_policy(inner) for inner in value]
        case bool():
            return str(value).lower()
        case _:
            return value


def _is_too_much(value: Value, level: int = 0) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return level > MAX_DEPTH or any(_is_too_much(inner, level + 1) for inner in inside)


def _case(dice: Random) -> bytes:
    document: Value = _policy(dice)
    if dice.random() < 0.7:
        document = spoil(document, dice, words=_WORDS)
    suffix = dice.choice((".yaml", ".json"))
    text = as_json(document, dice) if dice.random() < 0.5 else as_yaml(document, dice)
    content = text.encode("utf-8", "surrogatepass")
    if dice.random() < 0.4:
        content = spoil_bytes(content, dice)
    return f"{suffix}\n".encode() + content


def _policy(dice: Random) -> dict[str, Value]:
    optional: dict[str, Value] = {
        "targets": _targets(dice),
        "mode": dice.choice(("replace", "merge", "fill")),
        "unlisted": dice.choice(("leave", "reset")),
        "use": [_use(dice) for _ in range(dice.randint(0, 2))],
        "wherever_customised": _body(dice),
    }
    return {
        "version": dice.choice((1, "1")),
        "responses": {dice.choice(_TYPES): _response(dice) for _ in range(dice.randint(0, 3))},
        **{key: value for key, value in optional.items() if dice.random() < 0.4},
    }


def _targets(dice: Random) -> Value:
    optional: dict[str, Value] = {
        "regions": dice.choice((["eu-west-1"], ["us-east-1", "us-east-1"], ["eu-west-9"])),
        "accounts": dice.choice(("current", ["111122223333"], ["012345678901", "111122223333"])),
        "role": dice.choice(("Batchgw", "arn:aws:iam::{account}:role/x")),
        "external_id": "0042",
        "apis": {
            "include": [{"name": "a-*"}, {"tags": {"tier": "public"}}],
            "exclude": [{"id": "a1b2c3d4e5"}],
        },
    }
    return {key: value for key, value in optional.items() if dice.random() < 0.5}


def _use(dice: Random) -> Value:
    name = dice.choice(tuple(PRESETS))
    types = dice.choice(("customised", ["customised", dice.choice(_TYPES)], [dice.choice(_TYPES)]))
    return dice.choice((name, {"preset": name}, {"preset": name, "types": types}))


def _response(dice: Random) -> Value:
    if dice.random() < 0.1:
        return "default"
    optional: dict[str, Value] = {
        "status": dice.choice((401, "504", 429)),
        "statusCode": "403",
        "mode": dice.choice(("merge", "fill")),
    }
    return {key: value for key, value in optional.items() if dice.random() < 0.4} | _body(dice)


def _body(dice: Random) -> dict[str, Value]:
    optional: dict[str, Value] = {
        "headers": {dice.choice(_HEADERS): _header(dice)},
        "responseParameters": {
            f"gatewayresponse.header.{dice.choice(_HEADERS)}": dice.choice((*_SOURCES, "'*'", "bare", '"x"'))
        },
        "templates": {dice.choice(_KINDS): dice.choice(_TEMPLATES)},
        "responseTemplates": {dice.choice(_KINDS): dice.choice(_TEMPLATES)},
    }
    return {key: value for key, value in optional.items() if dice.random() < 0.4}


def _header(dice: Random) -> Value:
    return {"from": dice.choice(_SOURCES)} if dice.random() < 0.3 else dice.choice(_LITERALS)
