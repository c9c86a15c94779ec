"""What a policy says of the types that an API customised itself, and what it says of them by default."""

from __future__ import annotations

import hashlib
import json

import pytest

from batchgw.errors import PolicyInvalid
from batchgw.model import HEADER_PREFIX, Desired, Mode, ResponseType, Rule, Settings
from batchgw.model.shape import items
from batchgw.policy.loader import LoadedPolicy, load_policy

T = ResponseType
FAMILIES = {T.DEFAULT_4XX, T.DEFAULT_5XX}
EVERY_OTHER = set(T) - FAMILIES


def load(text: str) -> LoadedPolicy:
    return load_policy("p.yaml", text=f"version: 1\n{text}")


def merged(text: str) -> dict[ResponseType, Settings]:
    return dict(load(text).policy.desired.wherever_customised)


def headers(settings: Settings) -> dict[str, str]:
    return {key.removeprefix(HEADER_PREFIX): value for key, value in settings.parameters.items()}


def found(text: str) -> list[tuple[str, str]]:
    """The findings, and where they stand."""
    try:
        problems = load(text).warnings
    except PolicyInvalid as invalid:
        problems = invalid.problems
    return [(p.rule, f"{p.line}:{p.column}") for p in problems]


@pytest.mark.parametrize("preset", ["cors", "security-headers", "hsts", "no-cache"])
def test_presets_that_only_set_headers_cover_what_apis_customised(preset: str) -> None:
    """Under replace the families are as the policy says, whatever an API had, so nothing is merged there."""
    by_type = merged(f"use: [{preset}]")
    of_family = load(f"use: [{preset}]").policy.desired.rules[T.DEFAULT_4XX].settings
    assert set(by_type) == EVERY_OTHER
    assert all(settings == of_family for settings in by_type.values())


@pytest.mark.parametrize("preset", ["error-envelope", "no-internals", "waf-block-page"])
def test_presets_that_set_bodies_do_so_only_where_they_are_told_to(preset: str) -> None:
    assert merged(f"use: [{preset}]") == {}


def test_types_that_are_named_leave_customised_ones_alone() -> None:
    assert merged("use: [{preset: cors, types: [DEFAULT_4XX, DEFAULT_5XX]}]") == {}
    assert set(merged("use: [{preset: cors, types: [DEFAULT_4XX, customised]}]")) == set(T) - {T.DEFAULT_4XX}


@pytest.mark.parametrize("types", ["customised", "[customised]", "[customised, customised]"])
def test_the_word_customised_alone_names_no_type_of_every_api(types: str) -> None:
    desired = load(f"use: [{{preset: error-envelope, types: {types}}}]").policy.desired
    assert desired.rules == {}
    assert desired.types == ()
    assert set(desired.wherever_customised) == set(T)
    assert all(settings.templates for settings in desired.wherever_customised.values())


@pytest.mark.parametrize(
    "spelling", ["headers: {X: a}", "responseParameters: {gatewayresponse.header.X: \"'a'\"}"]
)
def test_wherever_customised_alone_is_a_policy(spelling: str) -> None:
    loaded = load(f"wherever_customised: {{{spelling}}}")
    assert loaded.warnings == ()
    assert loaded.policy.desired == Desired(
        rules={}, wherever_customised=dict.fromkeys(T, Settings(parameters={f"{HEADER_PREFIX}X": "'a'"}))
    )


def test_later_presets_win_and_what_is_written_out_wins_over_them() -> None:
    text = """
use:
  - {preset: cors, origin: https://a.example, methods: [], headers: []}
  - {preset: cors, origin: https://b.example, methods: [], headers: [], types: customised}
  - hsts
wherever_customised: {headers: {strict-transport-security: max-age=5}}
"""
    assert headers(merged(text)[T.UNAUTHORIZED]) == {
        "Access-Control-Allow-Origin": "'https://b.example'",
        "strict-transport-security": "'max-age=5'",
    }
    assert load(text).warnings == ()  # the second preset is meant as an exception to the first


def test_two_presets_that_disagree_are_told_once_for_all_customised_types() -> None:
    text = (
        "use: [{preset: hsts, max_age: 1, types: customised}, {preset: hsts, max_age: 2, types: customised}]"
    )
    (warning,) = load(text).warnings
    assert warning.rule == "preset-conflict"
    assert "Strict-Transport-Security of types that an API customised itself differently" in warning.message
    assert headers(merged(text)[T.THROTTLED]) == {"Strict-Transport-Security": "'max-age=2'"}


def rule(text: str, type_: ResponseType) -> dict[str, str]:
    settings = load(text).policy.desired.rules[type_].settings
    assert settings is not None
    return headers(settings)


@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_what_the_policy_customises_is_customised_too(mode: str) -> None:
    """So a named type's rule lists it as well, and wins key by key; and nothing is merged beside the rule."""
    text = f"""
mode: {mode}
use: [no-cache]
responses:
  UNAUTHORIZED: {{headers: {{x: other}}}}
  THROTTLED: default
wherever_customised: {{headers: {{X: a, Y: b}}}}
"""
    assert set(merged(text)) == EVERY_OTHER - {T.UNAUTHORIZED, T.THROTTLED}
    assert rule(text, T.DEFAULT_4XX) == {"Cache-Control": "'no-store'", "X": "'a'", "Y": "'b'"}
    assert rule(text, T.UNAUTHORIZED) == {"Cache-Control": "'no-store'", "x": "'other'", "Y": "'b'"}
    assert merged(text)[T.WAF_FILTERED].parameters == {
        f"{HEADER_PREFIX}{name}": f"'{value}'"
        for name, value in (("Cache-Control", "no-store"), ("X", "a"), ("Y", "b"))
    }


def test_a_preset_with_the_word_customised_covers_what_the_policy_customises() -> None:
    use = "use: [security-headers, {preset: no-cache, types: customised}]"
    text = f"{use}\nresponses: {{THROTTLED: {{status: 429}}}}"
    desired = load(text).policy.desired
    assert set(desired.rules) == {*FAMILIES, T.THROTTLED}
    assert all("Cache-Control" in rule(text, t) for t in desired.rules)


def test_a_rule_of_mode_fill_lists_what_is_merged_into_the_type_where_it_is_customised() -> None:
    """What it lists otherwise it lists in both places: what it filled must not be found unfinished."""
    text = """
responses: {THROTTLED: {mode: fill, status: 429, headers: {x: own, Z: c}}}
wherever_customised: {headers: {X: a, Y: b}, templates: {text/plain: t}}
"""
    assert rule(text, T.THROTTLED) == {"x": "'own'", "Y": "'b'", "Z": "'c'"}
    assert merged(text)[T.THROTTLED] == Settings(
        parameters={f"{HEADER_PREFIX}x": "'own'", f"{HEADER_PREFIX}Y": "'b'"}, templates={"text/plain": "t"}
    )
    assert headers(merged(text)[T.UNAUTHORIZED]) == {"X": "'a'", "Y": "'b'"}


@pytest.mark.parametrize(
    "rule",
    [
        Rule(settings=Settings(parameters={"gatewayresponse.header.X": "'1'"})),
        Rule(settings=None, mode=Mode.FILL),
        Rule(settings=Settings(parameters={"gatewayresponse.header.X": "'2'"}), mode=Mode.FILL),
    ],
)
def test_a_desired_state_that_contradicts_itself_cannot_be_made(rule: Rule) -> None:
    added = {T.THROTTLED: Settings(parameters={"gatewayresponse.header.X": "'1'"})}
    with pytest.raises(ValueError, match="the rule of THROTTLED does not leave"):
        Desired(rules={T.THROTTLED: rule}, wherever_customised=added)


def test_mode_fill_leaves_customised_types_alone_unless_the_policy_says_customised() -> None:
    assert merged("mode: fill\nuse: [cors]") == {}
    assert set(merged("mode: fill\nuse: [{preset: cors, types: customised}]")) == set(T)
    assert set(merged("mode: fill\nuse: [cors]\nwherever_customised: {headers: {X: a}}")) == set(T)
    one_type = "use: [cors]\nresponses: {THROTTLED: {mode: fill, status: 429}}"
    assert set(merged(one_type)) == EVERY_OTHER - {T.THROTTLED}


def test_where_nothing_is_kept_there_is_nothing_to_merge_into() -> None:
    assert merged("unlisted: reset\nuse: [cors]") == {}
    assert found("unlisted: reset\nuse: [cors]") == []
    text = "unlisted: reset\nuse: [{preset: cors, types: [DEFAULT_4XX, customised]}]"
    assert found(text) == [("no-effect", "3:22")]
    assert found("unlisted: reset\nwherever_customised: {headers: {X: a}}") == [("no-effect", "3:1")]
    named = "unlisted: reset\nresponses: {DEFAULT_4XX: {headers: {Y: a}}}\n"
    assert found(f"{named}wherever_customised: {{headers: {{X: a}}}}") == []
    assert found(f"{named}use: [{{preset: cors, types: customised}}]") == []


def test_a_type_that_shall_be_default_is_told_only_where_a_preset_names_it() -> None:
    text = "use: [no-cache, {preset: cors, types: %s}]\nresponses: {DEFAULT_5XX: default}"
    assert found(text % "customised") == []
    assert T.DEFAULT_5XX not in merged(text % "customised")
    assert found(text % "[customised, DEFAULT_5XX]") == [("no-effect", "2:52")]


def test_what_lists_nothing_is_told() -> None:
    assert found("use: [cors]\nwherever_customised: {}") == [("no-effect", "3:1")]
    assert found("wherever_customised: {}") == [("empty-policy", "1:1"), ("no-effect", "2:1")]


def test_what_is_merged_is_linted_as_a_response_is() -> None:
    text = """
wherever_customised:
  headers: {X: "'a'", Y: "b"}
  responseParameters: {gatewayresponse.header.y: "'c'"}
  templates: {application/json: '{"m":"$context.error.messageString"}'}
"""
    assert found(text) == [
        ("quoted-twice", "4:16"),
        ("given-twice", "5:24"),
        ("quoted-message-string", "6:33"),
    ]
    both = "{headers: {Access-Control-Allow-Origin: '*', Access-Control-Allow-Credentials: 'true'}}"
    assert found(f"wherever_customised: {both}") == [("cors-credentials", "2:22")]
    large = json.dumps({"headers": {"X": "a" * 10_240}})
    assert found(f"wherever_customised: {large}") == [("header-size", "2:22")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wherever_customised: {status: 401}", "unknown key 'status'; it takes headers and templates only"),
        ("wherever_customised: {mode: fill}", "unknown key 'mode'; it takes headers and templates only"),
        ("wherever_customised: {header: {A: b}}", "unknown key 'header'; did you mean headers?"),
        ("wherever_customized: {headers: {A: b}}", "did you mean wherever_customised?"),
        (
            "use: [{preset: cors, types: customized}]",
            "a list is needed here, not 'customized'; did you mean customised?",
        ),
        ("use: [{preset: cors, types: UNAUTHORISED}]", "not 'UNAUTHORISED'; did you mean UNAUTHORIZED?"),
        ("use: [{preset: cors, types: UNAUTHORIZED}]", 'write ["UNAUTHORIZED"]'),
        ("use: [{preset: cors, types: [customized]}]", "did you mean customised?"),
        ("use: [{preset: cors, types: [UNAUTHORISED]}]", "did you mean UNAUTHORIZED?"),
        (
            "use: [{preset: waf-block-page, types: customised}]",
            "made for WAF_FILTERED: name the types it shall cover",
        ),
    ],
)
def test_what_is_refused_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        load(text)
    assert says in str(refused.value)


def test_policies_that_cover_no_customised_type_mean_what_they_meant() -> None:
    """Their digest is over the very text it was over before there was anything to merge."""
    policy = load("mode: merge\nresponses: {THROTTLED: {headers: {Retry-After: 5}}}").policy
    meaning: dict[str, object] = {
        "accounts": [],
        "desired": {
            "rules": {
                "THROTTLED": {
                    "mode": "merge",
                    "settings": {"responseParameters": {"gatewayresponse.header.Retry-After": "'5'"}},
                }
            },
            "unlisted": "leave",
        },
        "exclude": [],
        "include": [],
        "regions": [],
        "role": None,
    }
    text = json.dumps(meaning, separators=(",", ":"))
    assert policy.digest == hashlib.sha256(text.encode()).hexdigest()


def test_what_is_merged_belongs_to_the_meaning() -> None:
    texts = [
        "use: [cors]",
        "use: [{preset: cors, types: [DEFAULT_4XX, DEFAULT_5XX]}]",
        "use: [{preset: cors, types: [DEFAULT_4XX, DEFAULT_5XX]}]\nwherever_customised: {headers: {A: b}}",
        "use: [{preset: cors, types: [DEFAULT_4XX, DEFAULT_5XX]}]\nwherever_customised: {headers: {A: c}}",
    ]
    assert len({load(text).policy.digest for text in texts}) == len(texts)
    one = load("use: [{preset: cors, types: [DEFAULT_4XX, DEFAULT_5XX, customised]}]").policy
    assert one.digest == load("use: [cors]").policy.digest


FILL_AND_MERGE = """
mode: fill
use: [cors]
responses: {THROTTLED: {status: 429}}
wherever_customised: {headers: {X: a}, templates: {text/plain: b}}
"""


@pytest.mark.parametrize("text", ["use: [cors]", FILL_AND_MERGE])
def test_it_is_read_again_as_it_was_written(text: str) -> None:
    desired = load(text).policy.desired
    assert Desired.from_json(json.loads(json.dumps(desired.to_json()))) == desired
    groups = desired.to_json()["wherever_customised"]
    assert len(items(groups)) == 1  # all types share what is merged
