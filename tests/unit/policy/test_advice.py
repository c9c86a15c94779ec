"""Advice is tried: what a message says to write is put in its place, and the finding is gone.

A value that advice writes out is JSON, so it is pasted as it stands into YAML and JSON; a word is put where
the wrong one stood, in the quotes it had.
"""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import ResponseType
from batchgw.policy.grammar.expressions import Form, form, meant_source, quoted_text
from batchgw.policy.lint.registry import all_rules
from batchgw.policy.loader import load_policy
from batchgw.policy.presets.index import PRESETS
from tests.unit.policy.test_lint import CASES

HOLE = "@@"
ELSEWHERE = {"preset": "no-cache", "types": ["WAF_FILTERED"]}
"""Something to ask for, away from what is tried."""

KINDS = ("json", "flow", "block")


def problems(text: str, kind: str) -> tuple[Problem, ...]:
    name = "p.json" if kind == "json" else "p.yaml"
    try:
        return load_policy(name, text=text).warnings
    except PolicyInvalid as invalid:
        return invalid.problems


def document(kind: str, *path: str, key: bool = False) -> str:
    """A policy with a hole for a value at the end of the path, or for the key there."""
    inner: object = HOLE
    for number, step in enumerate(reversed(path)):
        inner = {HOLE: "x"} if key and number == 0 else [inner] if step == "[]" else {step: inner}
    assert isinstance(inner, dict)
    whole = {"version": 1, "use": [ELSEWHERE], **inner}
    if kind == "block":
        return "\n".join(_block(whole, ""))
    return ("" if kind == "json" else "# YAML in flow style\n") + json.dumps(whole)


def _block(value: object, indent: str) -> list[str]:
    if isinstance(value, dict):
        lines = []
        for key, inner in value.items():
            simple = not isinstance(inner, dict | list)
            lines += (
                [f"{indent}{json.dumps(key)}: {json.dumps(inner)}"]
                if simple
                else [
                    f"{indent}{json.dumps(key)}:",
                    *_block(inner, indent + "  "),
                ]
            )
        return lines
    assert isinstance(value, list)
    return [f"{indent}- {json.dumps(item)}" for item in value]


def filled(text: str, written: str) -> str:
    assert text.count(json.dumps(HOLE)) == 1
    return text.replace(json.dumps(HOLE), written)


def advice(message: str) -> str:
    """Take what is to be written out of a message: a JSON value, or a word."""
    found = re.search(r"(?:[wW]rite|is written|that asked,|every API is|did you mean) (?=\S)", message)
    assert found, message
    rest = message[found.end() :]
    if rest[0] in '"{[':
        _, end = json.JSONDecoder().raw_decode(rest)
        return rest[:end]
    word = re.match(r"`?([^\s`;,?]+)", rest)
    assert word, message
    return json.dumps(word.group(1))


def check(text: str, written: str, kind: str, rule: str) -> None:
    """Fill the hole with what sets the rule off, then with its advice."""
    before = [p for p in problems(filled(text, written), kind) if p.rule == rule]
    assert before, problems(filled(text, written), kind)
    for problem in before:
        mended = problems(filled(text, advice(problem.message)), kind)
        assert not [p for p in mended if (p.rule, p.message) == (rule, problem.message) or p.rule == "syntax"]
        if rule != "schema":
            assert not [p for p in mended if p.rule == rule], mended


HEADER = ("responses", "THROTTLED", "headers", "X-A")
PARAMETER = ("responses", "THROTTLED", "responseParameters", "gatewayresponse.header.X-A")
TEMPLATE = ("responses", "THROTTLED", "templates", "text/plain")

TEXT = st.text(
    st.characters(blacklist_categories=["Cs"]) | st.sampled_from("'\"\\:#{}[],&*!|>%@` \t$.-?"), max_size=30
)
TOKEN = st.text(st.sampled_from("abcXYZ019!#$%&'*+.^_`|~-"), min_size=1, max_size=12)
NAME = st.text(st.sampled_from("abcXYZ019.$_-"), min_size=1, max_size=12)
CLAIM = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, blacklist_characters="\x7f"), min_size=1, max_size=20
)
SOURCE = st.builds("method.request.header.{}".format, NAME) | st.builds("context.{}".format, CLAIM)


def unquoted(text: str) -> bool:
    return form(text) is Form.UNQUOTED


def wrapped(text: str) -> bool:
    return quoted_text(text) is not None


TRIED = {
    "unquoted-literal": (PARAMETER, TEXT.filter(unquoted)),
    "double-quoted-literal": (PARAMETER, TEXT.map('"{}"'.format)),
    "quoted-twice": (
        HEADER,
        TEXT.filter(lambda text: not wrapped(text)).map("'{}'".format).filter(wrapped),
    ),
    "empty-value": (PARAMETER, st.just("")),
    "literal-looks-mapped": (HEADER, SOURCE.flatmap(lambda text: st.sampled_from([text, f"${text}"]))),
    "mapping": (
        (*HEADER, "from"),
        NAME.map("header.{}".format) | SOURCE.filter(meant_source).map("${}".format),
    ),
    "account-id": (("targets", "accounts", "[]"), st.from_regex(r"\A[0-9]{9,11}\Z")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rule", TRIED)
def test_a_value_is_mended_by_its_advice(rule: str, kind: str) -> None:
    path, values = TRIED[rule]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values)
    def every(value: str) -> None:
        check(document(kind, *path), json.dumps(value), kind, rule)

    every()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(source=SOURCE, dollar=st.booleans())
def test_a_mapping_in_quotes_is_mended_by_its_advice(kind: str, source: str, dollar: bool) -> None:  # noqa: FBT001
    quoted = f"'{'$' * dollar}{source}'"
    check(document(kind, *PARAMETER), json.dumps(quoted), kind, "literal-looks-mapped")
    if dollar and meant_source(source):
        check(document(kind, *PARAMETER), json.dumps(f"${source}"), kind, "mapping")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=TOKEN)
def test_a_headers_name_is_mended_by_its_advice(kind: str, name: str) -> None:
    key = json.dumps(f"gatewayresponse.header.{name}")
    check(document(kind, *HEADER, key=True), key, kind, "header-name")
    if "." not in name:
        check(document(kind, *PARAMETER, key=True), json.dumps(name), kind, "parameter-key")


def misspelt(words: list[str]) -> st.SearchStrategy[str]:
    """Words with a letter taken out, and so close to what was meant."""
    return st.builds(
        lambda word, at: word[: at % len(word)] + word[at % len(word) + 1 :],
        st.sampled_from(words),
        st.integers(0, 40),
    ).filter(lambda word: len(word) > 3 and word not in words)


KEYS = [
    (("mode",), False, ["replace", "merge"]),
    (("unlisted",), False, ["leave", "reset"]),
    (("use", "[]"), False, list(PRESETS)),
    (("responses", "THROTTLED"), False, ["default"]),
    (("responses", "THROTTLED"), True, [t.value for t in ResponseType]),
    ((*HEADER[:2], "headers"), True, ["headers", "templates", "responseParameters", "responseTemplates"]),
    (("targets", "regions", "[]"), False, ["eu-west-1", "us-east-1", "ap-southeast-2"]),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("path", "key", "words"), KEYS)
def test_a_misspelt_word_is_mended_by_its_advice(
    kind: str,
    path: tuple[str, ...],
    key: bool,  # noqa: FBT001
    words: list[str],
) -> None:
    text = document(kind, *path, key=key)

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(misspelt(words))
    def every(word: str) -> None:
        for problem in problems(filled(text, json.dumps(word)), kind):
            if "did you mean" in problem.message:
                mended = problems(filled(text, advice(problem.message)), kind)
                assert problem.message not in [p.message for p in mended]
                assert not [p for p in mended if p.rule in ("syntax", "region", "unknown-region")], mended

    every()


FIXED = [
    (("use",), '"cors"', "schema"),
    (("targets", "regions"), '"eu-west-1"', "schema"),
    (("targets", "regions"), '"a: b, *c"', "schema"),
    (("targets", "accounts"), '"all"', "schema"),
    (("targets", "apis", "include", "[]"), "{}", "empty-selector"),
    (("locked", "[]"), '"no-cach"', "locked-name"),
    (("responses", "THROTTLED"), "{}", "empty-response"),
    (("responses", "THROTTLED"), "5", "schema"),
    (("use", "[]"), '{"preset": "cors", "origin": "x"}', "header-value"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("path", "written", "rule"), FIXED)
def test_advice_on_what_has_another_form(kind: str, path: tuple[str, ...], written: str, rule: str) -> None:
    text = document(kind, *path)
    if rule == "header-value":
        text = filled(text, json.dumps({"preset": "cors", "origin": HOLE}))
        written = '"x"'
    check(text, written, kind, rule)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("origin", [(*HEADER[:3], "Access-Control-Allow-Origin"), ("preset",)])
def test_advice_on_credentials(kind: str, origin: tuple[str, ...]) -> None:
    if origin == ("preset",):
        text = filled(
            document(kind, "use", "[]"), json.dumps({"preset": "cors", "credentials": True, "origin": HOLE})
        )
    else:
        text = document(kind, *origin).replace(
            json.dumps(ELSEWHERE),
            json.dumps({"preset": "cors", "credentials": True, "types": ["THROTTLED"]}),
        )
    check(text, '"*"', kind, "cors-credentials")


VARIABLES = [
    "context.error.message",
    "context.error.messageString",
    "context.requestId",
    "method.request.header.a",
]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(word=misspelt([*VARIABLES, "stageVariables.name", "context.authorizer.claims.sub"]))
def test_a_misspelt_variable_is_mended_by_its_advice(kind: str, word: str) -> None:
    text = document(kind, *TEMPLATE)
    for problem in problems(filled(text, json.dumps(f"a ${word} b")), kind):
        if problem.rule == "unknown-variable" and "did you mean" in problem.message:
            meant = json.loads(advice(problem.message))
            mended = problems(filled(text, json.dumps(f"a {meant} b")), kind)
            assert "unknown-variable" not in {p.rule for p in mended}


def test_the_version_is_written_as_said() -> None:
    (found,) = problems('{"use": ["cors"]}', "json")
    line = found.message.partition("write ")[2]
    assert problems(f'{{{line}, "use": ["cors"]}}', "json") == ()
    assert problems(f"{line}\nuse: [cors]\n", "block") == ()


def test_a_long_value_is_never_advised_in_part() -> None:
    """Advice is whole or says how to write the value: pasting it must not cut the value short."""
    for path in (HEADER, PARAMETER):
        for value in ("'" + "a" * 300 + "'", "a" * 300, '"' + "a" * 300 + '"', "$context." + "a" * 300):
            for problem in problems(filled(document("json", *path), json.dumps(value)), "json"):
                assert len(problem.message) < 400
                assert "a..." not in problem.message.partition("write")[2]


def test_every_rule_whose_message_says_what_to_write_is_tried() -> None:
    advising = {rule for rule, *_, says in CASES if "write " in says or "did you mean" in says}
    assert advising <= {
        *TRIED,
        *(rule for *_, rule in FIXED),
        "header-name",
        "parameter-key",
        "unknown-variable",
    }
    assert advising <= set(all_rules())
