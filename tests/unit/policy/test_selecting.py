"""Selectors on the command line are written in the words of policy files."""

from __future__ import annotations

import pytest

from batchgw.errors import PolicyInvalid
from batchgw.model import Created, OuPattern, RestApiId, Selector
from batchgw.policy.selecting import read_selector


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("{tags: {tier: internal}}", Selector(tags={"tier": "internal"})),
        ("tags: {tier: internal}", Selector(tags={"tier": "internal"})),
        ("name: orders-*, region: eu-*", Selector(name="orders-*", region="eu-*")),
        ('{"id": "a1b2c3d4e5"}', Selector(id=RestApiId("a1b2c3d4e5"))),
        ("ou: /Prod/**, endpoint: PRIVATE", Selector(ou=OuPattern.parse("/Prod/**"), endpoint="PRIVATE")),
        ("owner: 'cloudformation:pay-*'", Selector(owner="cloudformation:pay-*")),
        ("created: {before: 2024-01-01}", Selector(created=Created(before=1_704_067_200.0))),
        ("expression: \"tags.team == 'a'\"", Selector(expression="tags.team == 'a'")),
        ("account: 012345678901", Selector(account="012345678901")),
    ],
)
def test_the_words_of_a_policy(text: str, selector: Selector) -> None:
    found = read_selector(text, "--select")
    assert (found, found.where) == (selector, "--select")


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("nam: orders-*", 1, "did you mean name?"),
        ("{nam: orders-*}", 2, "did you mean name?"),
        ("endpoint: PRIVAT", 11, "PRIVATE"),
        ("ou: Prod", 5, "OU"),
        ("tags: {a: b}, expression: 'a.['", 27, "JMESPath"),
        ("", 1, "selector"),
        ("orders-*", 1, ""),
        ("[{name: a}]", 1, "a mapping (key: value) is needed here, not a list"),
        ("name: x, name: y", 10, "name"),
        ("name: {", 1, ""),
    ],
)
def test_what_is_wrong_is_told_with_its_column(text: str, column: int, message: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        read_selector(text, "--select")
    first = refused.value.problems[0]
    assert first.file == "--select"
    assert message in first.message
    if message:
        assert (first.line, first.column) == (1, column)
