"""What callers of a stage must get, and in what an answer differs; on which path no route answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from batchgw.model import Settings
from batchgw.planning.deployment.answer import differences, planned_answer
from batchgw.planning.deployment.unrouted import unrouted


@dataclass(frozen=True)
class Came:
    status: int = 403
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"message":"Missing Authentication Token"}'


def settings(template: str, *, status: str = "403", **headers: str) -> Settings:
    return Settings(
        status_code=status,
        parameters={f"gatewayresponse.header.{name}": value for name, value in headers.items()},
        templates={"application/json": template},
    )


@pytest.mark.parametrize(
    ("template", "body", "same"),
    [
        ('{"message":$context.error.messageString}', '{"message":"Missing Authentication Token"}', True),
        ('{"message":$context.error.messageString}', '{"message":"x","more":1}', True),
        ('{"message":$context.error.messageString}', '{"error":"x"}', False),
        ("$context.requestId and $context.requestId", "1 and 2", True),
        ("$context.requestId and $context.requestId", "1 or 2", False),
        ("''$context.requestId''", "'''", False),
        ("fixed", "fixed", True),
        ("fixed", "fixed and more", False),
        ("costs $5, colour #fff: $context.path", "costs $5, colour #fff: /", True),
        ("#if(true)yes#end", "whatever", True),
        ("$input.path('$')", "whatever", True),
        ("$util.escapeJavaScript($context.error.message)", "whatever", True),
        ("x" * 60_001, "whatever", True),
    ],
)
def test_a_body_is_compared_in_what_is_fixed_of_it(template: str, body: str, *, same: bool) -> None:
    found = differences(planned_answer(settings(template)), Came(body=body))
    assert found == (() if same else ("another body",))


@pytest.mark.parametrize(
    ("value", "sent", "said"),
    [
        ("'acme'", "acme", None),
        ("'acme'", "acme, proxy", None),
        ("'a, b'", "a, b, c", None),
        ("'acme'", "acme2", "header x-brand is another"),
        ("'acme'", None, "header x-brand is missing"),
        ("''", None, None),
        ("method.request.header.Origin", None, None),
    ],
)
def test_headers_with_a_fixed_value_are_compared(value: str, sent: str | None, said: str | None) -> None:
    planned = planned_answer(settings("x", **{"X-Brand": value, "Date": "'never'"}))
    came = Came(headers={} if sent is None else {"x-brand": sent}, body="x")
    assert differences(planned, came) == (() if said is None else (said,))


def test_a_difference_in_the_status_comes_first_and_without_a_status_none_is_compared() -> None:
    planned = planned_answer(settings("x", status="404"))
    assert differences(planned, Came(body="y")) == ("status 403 instead of 404", "another body")
    assert differences(planned_answer(Settings(templates={"text/plain": "x"})), Came(body="x")) == ()


@pytest.mark.parametrize(
    ("routes", "path"),
    [
        ((), "/batchgw-probe"),
        (("/", "/orders", "/orders/{id}"), "/batchgw-probe"),
        (("/{id}",), "/batchgw-probe/batchgw-probe"),
        (("/{a}", "/{a}/{b}"), "/batchgw-probe/batchgw-probe/batchgw-probe"),
        (("/{a}/{b+}",), "/batchgw-probe"),
        (("/v1/{proxy+}", "/{id}"), "/batchgw-probe/batchgw-probe"),
        (("/batchgw-probe/{id}", "/batchgw-probe-1"), "/batchgw-probe-2"),
        (("/{proxy+}",), None),
        (("/{a}", "/{a}/{rest+}"), None),
    ],
)
def test_a_path_is_found_that_no_route_matches(routes: tuple[str, ...], path: str | None) -> None:
    assert unrouted(routes) == path
