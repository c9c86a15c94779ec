"""Templates: what their variables become, and when the result is not JSON."""

from __future__ import annotations

import sys

import pytest

from batchgw.policy.grammar.templates import (
    is_content_type,
    is_json_type,
    json_fault,
    quotes_message_string,
    vtl,
    with_message,
)


@pytest.mark.parametrize(
    "template",
    [
        '{"message":$context.error.messageString}',
        '{"m":"$context.error.message","s":"$context.stage","p":"$context.resourcePath"}',
        '{"status":$context.status,"at":$context.requestTimeEpoch,"took":$context.responseLatency}',
        '{"user":$context.authorizer.claims,"n":"$context.authorizer.principalId"}',
        '{"a":$stageVariables.a,"b":"$stageVariables.b"}',
        '{"h":"$method.request.header.X-Thing"}',
        '"$context.requestId"',
        "[]",
    ],
)
def test_json_once_substituted(template: str) -> None:
    assert json_fault(template) is None


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ('{"a":$context.requestId}', "Expecting value"),
        ("{\"message\": 'plain'}", "Expecting value"),
        ('{"a":1,}', "trailing comma" if sys.version_info >= (3, 13) else "double quotes"),
        ('{"a":NaN}', "NaN is not JSON"),
        ('{"a":"', "Unterminated"),
        ("[" * 100_000, "deeply"),
        (" ", "Expecting value"),
    ],
)
def test_not_json_once_substituted(template: str, why: str) -> None:
    assert why in (json_fault(template) or "")


@pytest.mark.parametrize(
    ("template", "quoted"),
    [
        ('{"message":"$context.error.messageString"}', True),
        ('{"message":"it failed: $context.error.messageString."}', True),
        ('{"a\\"b":"x","message":"$context.error.messageString"}', True),
        ('{"message":$context.error.messageString}', False),
        ('{"a\\"":"x","message": $context.error.messageString, "b":"c"}', False),
        ('{"message":"$context.error.message"}', False),
    ],
)
def test_quotes_around_the_message_string(template: str, *, quoted: bool) -> None:
    assert quotes_message_string(template) is quoted


def test_a_fixed_message_keeps_its_quotes_and_loses_none() -> None:
    template = '{"m":$context.error.messageString,"n":"$context.error.message","o":"$context.error.messages"}'
    assert (
        with_message(template, 'a "b"') == '{"m":"a \\"b\\"","n":"a \\"b\\"","o":"$context.error.messages"}'
    )


@pytest.mark.parametrize("piece", ["#set(", "#if (", "#foreach(", "$input.", "$util.", "${", "$!{", "$!c"])
def test_vtl_is_recognised(piece: str) -> None:
    assert vtl(f"a {piece}x)}}") == piece.rstrip(".")


@pytest.mark.parametrize("text", ["$context.requestId", '<a href="#end">', "#1 of 2", "$inputs", "$5 {}"])
def test_what_is_not_vtl(text: str) -> None:
    assert vtl(text) is None


@pytest.mark.parametrize(
    ("content_type", "valid", "json_"),
    [
        ("application/json", True, True),
        ("Application/JSON; charset=utf-8", True, True),
        ("application/problem+json", True, True),
        ("text/html", True, False),
        ("application/jsonp", True, False),
        ("json", False, False),
        ("a/b/c", False, False),
    ],
)
def test_content_types(content_type: str, *, valid: bool, json_: bool) -> None:
    assert is_content_type(content_type) is valid
    assert is_json_type(content_type) is json_
