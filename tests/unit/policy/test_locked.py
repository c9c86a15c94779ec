"""What is locked: later layers that contradict it are refused, and it holds whatever they say else."""

from __future__ import annotations

from datetime import date

import pytest

from batchgw.errors import PolicyInvalid
from batchgw.model import Desired, Mode, ResponseType, RestApi
from batchgw.policy.loader import LoadedPolicy, load_policies
from tests.unit.policy.test_rulebook import api, headers

T = ResponseType
FAMILIES = {T.DEFAULT_4XX, T.DEFAULT_5XX}
TODAY = date(2026, 11, 30)


def load(*texts: str) -> LoadedPolicy:
    names = ["org.yaml", "team.yaml", "third.yaml"][: len(texts)]
    return load_policies(names, texts=[f"version: 1\n{text}" for text in texts], today=TODAY)


def desired(*texts: str, of: RestApi | None = None) -> Desired:
    return load(*texts).policy.rules.decide(of or api(), None).variant.desired


def refused(*texts: str) -> list[str]:
    with pytest.raises(PolicyInvalid) as found:
        load(*texts)
    return [str(problem) for problem in found.value.problems if problem.rule == "locked"]


RULE = "rules: [{name: r, match: {name: orders}, %s}]"

REFUSED = [
    # what the first file says, what the second says, the place in the second, words of the message
    (
        "use: [security-headers]\nlocked: [security-headers]",
        "use: [{preset: security-headers, frame_options: SAMEORIGIN}]",
        "2:7",
        "org.yaml:3:10 has locked this: the header X-Frame-Options of DEFAULT_4XX, DEFAULT_5XX, types that",
    ),
    (
        "use: [no-cache]\nlocked: [no-cache]",
        "wherever_customised: {headers: {cache-control: private}}",
        "2:48",
        "the header cache-control of DEFAULT_4XX",
    ),
    (
        "use: [no-cache]\nlocked: [no-cache]",
        "responses: {DEFAULT_4XX: default}",
        "2:26",
        "`default` of DEFAULT_4XX",
    ),
    (
        "responses: {THROTTLED: {status: 429}}\nlocked: [THROTTLED]",
        RULE % "responses: {THROTTLED: {status: 420}}",
        "2:74",
        "the status of THROTTLED",
    ),
    (
        "responses: {THROTTLED: {templates: {text/plain: a}}}\nlocked: [THROTTLED]",
        "responses: {THROTTLED: {templates: {text/plain: b}}}",
        "2:49",
        "the text/plain template of THROTTLED",
    ),
    (
        "responses: {THROTTLED: {status: 429, mode: merge}}\nlocked: [THROTTLED]",
        "responses: {THROTTLED: {mode: fill}}",
        "2:31",
        "a weaker mode of THROTTLED",
    ),
    (
        "use: [cors]\nresponses: {THROTTLED: default}\nlocked: [THROTTLED]",
        "responses: {THROTTLED: {status: 429}}",
        "2:24",
        "a customisation of THROTTLED",
    ),
    (
        "use: [no-internals]\nlocked: [no-internals]",
        "use: [{preset: no-internals, message: No}]",
        "2:7",
        "the message of ACCESS_DENIED, INVALID_SIGNATURE, MISSING_AUTHENTICATION_TOKEN",
    ),
    (
        "use: [no-internals]\nlocked: [no-internals]",
        "responses: {ACCESS_DENIED: {templates: {application/json: '{\"m\":$context.error.messageString}'}}}",
        "2:59",
        "the application/json template of ACCESS_DENIED",
    ),
    (
        "use: [error-envelope]\nlocked: [error-envelope]",
        "use: [no-internals]\nresponses: {ACCESS_DENIED: {status: 403}}",
        "2:7",
        "the message of ACCESS_DENIED",
    ),
    (
        RULE % "use: [no-cache]" + "\nlocked: [r]",
        "responses: {DEFAULT_5XX: {headers: {Cache-Control: private}}}",
        "2:52",
        "the header Cache-Control of DEFAULT_5XX",
    ),
]


@pytest.mark.parametrize(("first", "second", "place", "says"), REFUSED)
def test_a_later_file_that_contradicts_is_refused_with_both_places(
    first: str, second: str, place: str, says: str
) -> None:
    found = refused(first, second)
    here = [problem for problem in found if problem.startswith(f"team.yaml:{place}: error: org.yaml:")]
    assert any(says in problem for problem in here), "\n".join(found)


ACCEPTED = [
    # what the first file says, what the second says
    ("use: [no-cache]\nlocked: [no-cache]", "use: [no-cache]"),
    ("use: [no-cache]\nlocked: [no-cache]", "responses: {THROTTLED: {status: 429, headers: {X-A: a}}}"),
    ("use: [no-cache]\nlocked: [no-cache]", "responses: {THROTTLED: default}"),
    ("use: [no-cache]\nlocked: [no-cache]", "mode: fill\nuse: [cors]"),
    ("use: [no-internals]\nlocked: [no-internals]", "use: [error-envelope]"),
    (
        "responses: {THROTTLED: {status: 429, mode: merge}}\nlocked: [THROTTLED]",
        "mode: fill\nresponses: {THROTTLED: {mode: replace, headers: {X-A: a}}}",
    ),
    (
        "rules:\n- {name: a, match: {endpoint: EDGE}, use: [{preset: hsts, max_age: 1}]}\nlocked: [a]",
        "rules:\n- {name: b, match: {endpoint: PRIVATE}, use: [{preset: hsts, max_age: 2}]}",
    ),
]


@pytest.mark.parametrize(("first", "second"), ACCEPTED)
def test_what_says_the_same_or_something_else_is_accepted(first: str, second: str) -> None:
    load(first, second)


def test_a_rule_of_the_same_file_may_not_contradict_either_and_its_top_may() -> None:
    """An exception in the locked layer itself is what its author means."""
    top = "use: [no-cache]\nlocked: [no-cache]\nresponses: {DEFAULT_4XX: {headers: {Cache-Control: private}}}"
    rules = desired(top).rules
    assert headers(rules[T.DEFAULT_4XX].settings) == {"Cache-Control": "'private'"}
    found = refused(f"{top}\n" + RULE % "responses: {DEFAULT_4XX: {headers: {Cache-Control: no-store}}}")
    assert len(found) == 1
    assert "org.yaml:5:93: error: org.yaml:3:10 has locked this" in found[0]


def test_mode_fill_of_a_later_layer_merges_what_is_locked_where_an_api_customised_the_type() -> None:
    text = "use: [no-cache, {preset: cors, methods: [], headers: []}]\nlocked: [no-cache]"
    filled = desired(text, "mode: fill")
    assert {rule.mode for rule in filled.rules.values()} == {Mode.FILL}
    assert set(filled.wherever_customised) == set(T)
    for type_ in T:
        assert headers(filled.wherever_customised[type_]) == {"Cache-Control": "'no-store'"}
    own = desired("mode: fill\n" + text)
    assert own.wherever_customised == {}  # fill is what the locking file itself says


def test_a_locked_status_is_not_left_to_mode_fill() -> None:
    rule = desired("use: [waf-block-page]\nlocked: [waf-block-page]", "mode: fill").rules[T.WAF_FILTERED]
    assert rule.mode is Mode.MERGE
    assert rule.settings is not None
    assert rule.settings.status_code == "403"


def test_a_locked_type_keeps_its_mode() -> None:
    text = (
        "mode: merge\nresponses: {THROTTLED: {status: 429}, UNAUTHORIZED: {status: 401}}\nlocked: [THROTTLED]"
    )
    rules = desired(text, "mode: fill").rules
    assert (rules[T.THROTTLED].mode, rules[T.UNAUTHORIZED].mode) == (Mode.MERGE, Mode.FILL)


def test_what_is_locked_belongs_to_the_meaning() -> None:
    assert load("use: [cors]\nlocked: [cors]").policy.digest != load("use: [cors]").policy.digest


def test_a_rule_that_a_lock_contradicts_is_not_called_idle_as_well() -> None:
    """What it says has no effect only since it is refused."""
    text = "use: [security-headers]\nlocked: [security-headers]\n" + RULE % (
        "responses: {DEFAULT_4XX: {headers: {X-Frame-Options: SAMEORIGIN}}}"
    )
    with pytest.raises(PolicyInvalid) as found:
        load(text)
    assert [problem.rule for problem in found.value.problems] == ["locked"]
