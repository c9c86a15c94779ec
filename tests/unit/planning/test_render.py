"""Changes as people read them: field by field, and templates line by line."""

import json

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from batchgw.model import (
    AccountId,
    Desired,
    GatewayResponse,
    Mode,
    PlannedApi,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Rule,
    Scope,
    Settings,
)
from batchgw.planning.change_view import ChangeView, Mark, lines
from batchgw.planning.diff import diff
from batchgw.planning.pretty import laid_out
from batchgw.planning.render import Field, compare, views

untimed = hypothesis_settings(deadline=None)  # a busy machine is no failure

T = ResponseType
DEFAULT = {"application/json": '{"message":$context.error.messageString}'}
ENVELOPE = {"application/json": '{"message":$context.error.messageString,"id":"$context.requestId"}'}


def headers(**values: str) -> dict[str, str]:
    return {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in values.items()}


def own(response_type: ResponseType, settings: Settings) -> dict[ResponseType, GatewayResponse]:
    return {response_type: GatewayResponse(type=response_type, settings=settings, default_response=False)}


def shown(
    observed: dict[ResponseType, GatewayResponse], rules: dict[ResponseType, Rule]
) -> dict[ResponseType, ChangeView]:
    scope = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
    changes = diff(observed, Desired(rules=rules))
    planned = PlannedApi(api=RestApi(scope=scope, id=RestApiId("a")), changes=changes)
    return {ResponseType(view.change.target.name): view for view in views(planned.changes)}


def text(view: ChangeView) -> str:
    return "\n".join(str(line) for line in lines(view))


def test_an_update_shows_status_headers_and_the_lines_of_a_template() -> None:
    before = Settings(status_code="401", parameters=headers(A="1", B="1", D="1"), templates=DEFAULT)
    after = Settings(status_code="418", parameters=headers(A="1", B="2", C="3"), templates=ENVELOPE)
    view = shown(own(T.UNAUTHORIZED, before), {T.UNAUTHORIZED: Rule(settings=after)})[T.UNAUTHORIZED]
    assert (
        text(view)
        == """\
~ status: 401 → 418
~ header B: '1' → '2'
- header D: '1'
+ header C: '3'
~ template application/json
    {
  -   "message": $context.error.messageString
  +   "message": $context.error.messageString,
  +   "id": "$context.requestId"
    }"""
    )


def test_the_same_for_machines() -> None:
    before = Settings(status_code="401", parameters=headers(D="1"), templates=DEFAULT)
    after = Settings(parameters=headers(C="3"), templates={**DEFAULT, "text/plain": "no"})
    view = shown(own(T.UNAUTHORIZED, before), {T.UNAUTHORIZED: Rule(settings=after)})[T.UNAUTHORIZED]
    assert json.loads(json.dumps(view.to_json())) == {
        "change": "response",
        "target": "UNAUTHORIZED",
        "action": "UPDATE",
        "fields": [
            {"field": "header", "mark": "-", "name": "D", "before": "'1'", "after": None},
            {"field": "header", "mark": "+", "name": "C", "before": None, "after": "'3'"},
            {
                "field": "template",
                "mark": "+",
                "name": "text/plain",
                "before": None,
                "after": "no",
                "diff": ["+ no"],
            },
        ],
    }


def test_a_no_op_shows_nothing() -> None:
    view = shown({}, {T.UNAUTHORIZED: Rule(settings=None)})[T.UNAUTHORIZED]
    assert (view.fields, view.note) == ((), "")


def test_what_a_put_leaves_out_is_shown_as_the_service_will_fill_it_in() -> None:
    before = Settings(status_code="418", parameters=headers(A="1"), templates=DEFAULT)
    rule = Rule(settings=Settings(parameters=headers(A="1")))
    assert text(shown(own(T.UNAUTHORIZED, before), {T.UNAUTHORIZED: rule})[T.UNAUTHORIZED]) == (
        "~ status: 418 → 401"
    )


def test_a_create_shows_what_is_no_longer_inherited() -> None:
    family = own(T.DEFAULT_4XX, Settings(status_code="444", parameters=headers(A="1"), templates=DEFAULT))
    rule = Rule(settings=Settings(parameters=headers(B="2")))
    assert (
        text(shown(family, {T.THROTTLED: rule})[T.THROTTLED])
        == """\
~ status: 444 → 429
- header A: '1'
+ header B: '2'
  (no longer inherits from DEFAULT_4XX)"""
    )


def test_a_create_of_the_inherited_values_says_what_it_does() -> None:
    family = own(T.DEFAULT_4XX, Settings(parameters=headers(A="1"), templates=DEFAULT))
    rule = Rule(settings=Settings(parameters=headers(A="1")))
    assert text(shown(family, {T.THROTTLED: rule})[T.THROTTLED]) == "  (no longer inherits from DEFAULT_4XX)"


CUSTOM = Settings(status_code="418", parameters=headers(A="1"), templates=DEFAULT)
RESET = Rule(settings=None)


@pytest.mark.parametrize(
    ("rules", "status", "note"),
    [
        ({}, "429", "back to what DEFAULT_4XX says, or to the service's default"),
        ({T.DEFAULT_4XX: RESET}, "429", "back to the service's default"),
        (
            {T.DEFAULT_4XX: Rule(settings=Settings(status_code="444"))},
            "444",
            "inherits from DEFAULT_4XX again",
        ),
    ],
)
def test_a_reset_shows_what_the_plan_leaves_behind(
    rules: dict[ResponseType, Rule], status: str, note: str
) -> None:
    view = shown(own(T.THROTTLED, CUSTOM), {T.THROTTLED: RESET, **rules})[T.THROTTLED]
    assert text(view) == f"~ status: 418 → {status}\n- header A: '1'\n  ({note})"


def test_defaults_an_answer_leaves_out_are_no_change() -> None:
    """An emulator may answer only what was put; AWS answers effective values."""
    bare = own(T.THROTTLED, Settings(parameters=headers(A="1")))
    rule = Rule(settings=Settings(parameters=headers(A="2")))
    assert text(shown(bare, {T.THROTTLED: rule})[T.THROTTLED]) == "~ header A: '1' → '2'"


def test_a_reset_of_a_family() -> None:
    view = shown(own(T.DEFAULT_4XX, CUSTOM), {T.DEFAULT_4XX: RESET})[T.DEFAULT_4XX]
    assert text(view) == "- status: 418\n- header A: '1'\n  (back to the service's default)"


def test_a_merge_shows_only_what_it_adds() -> None:
    rule = Rule(settings=Settings(parameters=headers(B="2")), mode=Mode.MERGE)
    assert text(shown(own(T.THROTTLED, CUSTOM), {T.THROTTLED: rule})[T.THROTTLED]) == "+ header B: '2'"


def test_equal_settings_do_not_differ() -> None:
    assert compare(CUSTOM, CUSTOM) == ()


@pytest.mark.parametrize(
    ("before", "after", "diff"),
    [
        # laid out alike, so the texts are compared as they are
        ('{"a":1}', '{ "a": 1 }', ['- {"a":1}', '+ { "a": 1 }']),
        ("a\n", "a\r\n", ["  (only line ends differ)"]),
        ("<a/>\n<b/>", "<a/>\n<c/>", ["  <a/>", "- <b/>", "+ <c/>"]),
        # far apart: three lines around each difference
        ("\n".join("abcdefghijkl"), "\n".join("Abcdefghijk!"),
         ["- a", "+ A", "  b", "  c", "  d", "  ...", "  i", "  j", "  k", "- l", "+ !"]),
    ],
)  # fmt: skip
def test_template_diffs(before: str, after: str, diff: list[str]) -> None:
    (field,) = compare(Settings(templates={"t": before}), Settings(templates={"t": after}))
    assert (field.field, field.mark, field.before, field.after) == (
        Field.TEMPLATE,
        Mark.CHANGED,
        before,
        after,
    )
    assert [str(line) for line in field.lines] == diff


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"a":$context.x,"b":[1,2,{}],"c":{"d":"{,}"}}',
         '{\n  "a": $context.x,\n  "b": [\n    1,\n    2,\n    {}\n  ],\n  "c": {\n    "d": "{,}"\n  }\n}'),
        ('{ "a" :\n"\\"" }', '{\n  "a": "\\""\n}'),
        ('{"a": two  words}', '{\n  "a": two words\n}'),
        ("[]", "[]"),
        # not JSON-like: left alone
        ("", ""),
        ("<a>{}</a>", "<a>{}</a>"),
        ('{"a": 1', '{"a": 1'),
        ('{"a": ]}', '{"a": ]}'),
        ('{"a": "x}', '{"a": "x}'),
        ('{"a":1} {"b":2}', '{"a":1} {"b":2}'),
        ("$context.error.messageString", "$context.error.messageString"),
    ],
)  # fmt: skip
def test_layout(template: str, expected: str) -> None:
    assert "\n".join(laid_out(template)) == expected


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@untimed
@given(st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=3))
def test_json_is_laid_out_as_json_is(value: object) -> None:
    assert laid_out(json.dumps(value)) == json.dumps(value, indent=2).splitlines()


@untimed
@given(st.text(alphabet='{}[]",:\\ $ab\n', max_size=30))
def test_layout_changes_nothing_but_space(template: str) -> None:
    assert "".join("".join(laid_out(template)).split()) == "".join(template.split())
