"""Which REST APIs the words of a selector mean."""

from __future__ import annotations

import json
import re
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from batchgw.errors import ExpressionFailed
from batchgw.model import (
    Account,
    AccountId,
    Created,
    OuPattern,
    Owner,
    Region,
    RestApi,
    RestApiId,
    Scope,
    Selector,
)
from batchgw.model.fleet.selector import compiled


def _on(year: int) -> float:
    return datetime(year, 1, 1, tzinfo=UTC).timestamp()


API = RestApi(
    scope=Scope(account=AccountId("111111111111"), region=Region("eu-west-1")),
    id=RestApiId("a1b2c3d4e5"),
    name="orders",
    tags={"tier": "internal"},
    endpoint_types=("PRIVATE",),
    created=_on(2023),
    owner=Owner(kind="cloudformation", name="orders-stack"),
)
ACCOUNT = Account(id=AccountId("111111111111"), name="orders-prod", ou=("Prod",), tags={"team": "a"})


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        (Selector(account="111111111111"), True),
        (Selector(account="orders-*"), True),
        (Selector(account="222222222222"), False),
        (Selector(region="eu-*"), True),
        (Selector(region="us-*"), False),
        (Selector(ou=OuPattern.parse("/Prod/**")), True),
        (Selector(ou=OuPattern.parse("/Test")), False),
        (Selector(endpoint="PRIVATE"), True),
        (Selector(endpoint="EDGE"), False),
        (Selector(created=Created(before=_on(2024))), True),
        (Selector(created=Created(before=_on(2023))), False),
        (Selector(created=Created(after=_on(2023))), True),
        (Selector(owner="cloudformation"), True),
        (Selector(owner="cloudformation:orders-*"), True),
        (Selector(owner="cloudformation:billing"), False),
        (Selector(owner="terraform"), False),
        (Selector(expression="tags.tier == 'internal'"), True),
        (Selector(expression="account.tags.team == 'b'"), False),
        (Selector(expression="starts_with(account.ou, '/Prod')"), True),
        (Selector(expression="endpoint == 'PRIVATE'"), True),
        (Selector(expression="endpoint == 'REGIONAL'"), False),
        (Selector(expression="contains(endpoint, 'PRIVATE') && owner.name == 'orders-stack'"), True),
        (Selector(expression="tags.nothing"), False),
        (Selector(expression="length(tags)"), True),
        (Selector(tags={"tier": "internal"}, region="us-east-1"), False),
    ],
    ids=str,
)
def test_every_given_word_must_match(selector: Selector, *, meant: bool) -> None:
    assert selector.matches(API, ACCOUNT) is meant


@pytest.mark.parametrize("selector", [Selector(ou=OuPattern.parse("/")), Selector(account="orders-*")])
def test_an_account_that_nobody_knows_matches_no_ou_and_no_name(selector: Selector) -> None:
    assert not selector.matches(API, None)
    assert selector.needs_account


def test_an_owner_that_nobody_asked_matches_nothing() -> None:
    unasked = RestApi(scope=API.scope, id=API.id)
    assert not Selector(owner="unknown").matches(unasked)
    assert Selector(owner="unknown").needs_owner
    assert Selector(expression="owner.kind == 'cdk'").needs_owner


def test_an_expression_that_is_none_is_refused_with_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="tags\\.\\["):
        compiled("tags.[")


@pytest.mark.parametrize("expression", ["(" * 5_000, "!" * 5_000 + "name", "`" + "[" * 50_000 + "`"])
def test_an_expression_that_is_nested_too_deeply_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        compiled(expression)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("begins_with(name, 'a')", "there is no function begins_with()"),
        ("tags.a && length(foo(name))", "there is no function foo()"),
        ("starts_with(name)", "starts_with() takes 2 arguments, and here are 1"),
        ("not_null()", "not_null() takes at least 1 argument, and here are 0"),
        ("sort_by(keys(tags), &upper(@))", "there is no function upper()"),
    ],
)
def test_functions_are_checked_before_any_api_is_seen(expression: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        compiled(expression)


@pytest.mark.parametrize("expression", ["not_null(tags.a, tags.b, name)", "sort_by(@, &name)", "now || name"])
def test_expressions_with_known_functions_compile(expression: str) -> None:
    compiled(expression)


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("starts_with(tags.nope, 'a')", "starts_with() takes string, and a value is of type null"),
        ("sum(name)", "sum() takes array-number, and a value is of type string"),
    ],
)
def test_an_expression_that_fails_on_an_api_names_its_place_and_the_api(expression: str, wrong: str) -> None:
    """It is no answer: taken for false, an exclusion would be passed over.

    It says the same of each API, so that thousands are one reason: the value, here the name, is left out.
    """
    selector = Selector(expression=expression, where="p.yaml:3:9")
    with pytest.raises(ExpressionFailed) as raised:
        selector.matches(API, ACCOUNT)
    said = str(raised.value)
    assert said.startswith(
        f"p.yaml:3:9: the expression {expression} cannot be worked out for the REST API {API.id}"
    )
    assert f"in {API.scope}: {wrong}. Ask first" in said


@pytest.mark.parametrize("expression", ["name > `3`", "keys(tags)[::0]", "ceil(to_number('inf'))"])
def test_what_python_itself_stumbles_over_is_such_a_failure(expression: str) -> None:
    """JMESPath lets some errors of Python's through."""
    with pytest.raises(ExpressionFailed, match="cannot be worked out for the REST API"):
        Selector(expression=expression).matches(API, ACCOUNT)


def test_it_is_rendered_as_it_is_written() -> None:
    selector = Selector(
        tags={"tier": "internal"},
        ou=OuPattern.parse("/Prod/**"),
        created=Created(before=_on(2024)),
        owner="terraform",
    )
    assert selector.to_json() == {
        "tags": {"tier": "internal"},
        "ou": "/Prod/**",
        "created": {"before": "2024-01-01"},
        "owner": "terraform",
    }
    assert str(selector) == "tag tier=internal, OU /Prod/**, created before 2024-01-01, owner terraform"


LONGER = " | join('', [@, @])"
DOUBLED = " | [@, @]" * 17
"""An API 131,072 times, in a few letters: with 40 more of them no machine would come to an end."""


@pytest.mark.parametrize(
    "expression",
    [
        f"@{DOUBLED} | to_string(@) | length(@)",
        f"(@{DOUBLED}) == (@{DOUBLED})",
        f"name | [@, @]{DOUBLED}{' | []' * 17} | length(@)",
        f"name{' | {a: [@, @], b: @}' * 11} | to_string(@)",
        f"name{' | [@, @] | map(&[@, @], @)' * 9} | to_string(@)",
        f"name{' | [@, @][*].[@, @]' * 9} | to_string(@)",
        f"name{' | [@, @][?@].[@, @]' * 9} | to_string(@)",
        f"tags{' | {a: @, b: @} | @.*' * 17} | to_string(@)",
        f"name{LONGER * 17} | length(@)",
        f"[{', '.join(['@'] * 50)}][*].[contains(`{list(range(5_000))}`, @)]",
    ],
)
def test_an_expression_that_makes_far_too_much_of_an_api_is_such_a_failure(expression: str) -> None:
    selector = Selector(expression=expression, where="p.yaml:3:9")
    before = time.process_time()
    with pytest.raises(ExpressionFailed, match=r"^p\.yaml:3:9: .*than 200,000 steps\. Write a simpler one$"):
        selector.matches(API, ACCOUNT)
    assert time.process_time() - before < 5.0


def test_a_text_that_would_be_far_too_long_is_not_even_made() -> None:
    """`join` makes 120 MB of two values that are within bounds."""
    selector = Selector(expression=f"name{LONGER * 12} | join(@, `{json.dumps([''] * 5_000)}`) | length(@)")
    tracemalloc.start()
    try:
        with pytest.raises(ExpressionFailed, match="than 200,000 steps"):
            selector.matches(API, ACCOUNT)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_the_most_tags_that_there_can_be_are_not_too_much() -> None:
    """Fifty of an API and fifty of its account, as long as they may be, made one text twice."""
    tags = {f"{number:03}" + "k" * 125: "v" * 256 for number in range(50)}
    selector = Selector(expression="contains(to_string(@), 'x=') || contains(to_string([@]), 'vvv')")
    assert selector.matches(replace(API, tags=tags), replace(ACCOUNT, tags=tags))
