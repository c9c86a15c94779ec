"""Patterns of policies, against examples worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgw.simulator.iam.wildcards import arn_matches, filled, globbed, matches

API = "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3"


@pytest.mark.parametrize(
    ("pattern", "arn", "found"),
    [
        ("*", API, True),
        (API, API, True),
        ("arn:aws:apigateway:*::/restapis/*", API, True),
        ("arn:aws:apigateway:*::/restapis/*", f"{API}/gatewayresponses/WAF_FILTERED", True),
        ("arn:aws:apigateway:*::/restapis", API, False),
        ("arn:aws:apigateway:eu-*::/restapis/a1b2c?", API, True),
        ("arn:aws:apigateway:us-*::/restapis/*", API, False),
        ("arn:*:apigateway:*::/*", API.replace("arn:aws:", "arn:aws-cn:"), True),
        ("arn:aws:apigateway:*::/RESTAPIS/*", API, False),  # case counts
        ("arn:aws:apigateway:*/restapis/*", API, False),  # a wildcard ends with its segment
        ("arn:aws:apigateway:*", API, True),  # what is left out is a wildcard
        ("arn:aws:iam::*:role/Batchgw", "arn:aws:iam::111111111111:role/Batchgw", True),
        ("arn:aws:iam::111111111111:role/*", "arn:aws:iam::222222222222:role/Batchgw", False),
        ("arn:aws:apigateway:*::/restapis/*", "*", False),  # listing accounts is about no resource
    ],
)
def test_arns(pattern: str, arn: str, *, found: bool) -> None:
    glob = globbed(pattern, {})
    assert glob is not None
    assert arn_matches(glob, arn) is found


@given(st.text())
def test_a_text_without_wildcards_matches_itself(text: str) -> None:
    plain = text.replace("*", "").replace("?", "").replace("$", "")
    glob = globbed(plain, {})
    assert glob is not None
    assert matches(glob, plain)


@given(st.text(alphabet="ab*?[]$", max_size=6))
def test_the_value_of_a_variable_is_meant_literally(value: str) -> None:
    """However it looks, it matches itself and no other text."""
    glob = globbed("x/${aws:PrincipalTag/team}/*", {"aws:principaltag/team": (value,)})
    assert glob is not None
    assert matches(glob, f"x/{value}/anything")
    assert not matches(glob, f"x/{value}c/anything")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("${aws:PrincipalTag/Team}", "payments"),
        ("a-${aws:principaltag/team}-${$}{*}", "a-payments-${*}"),
        ("${*}${?}", "*?"),
        ("${aws:username}", None),  # nobody said
        ("${aws:TagKeys}", None),  # two values are not one
    ],
)
def test_variables(pattern: str, text: str | None) -> None:
    values = {"aws:principaltag/team": ("payments",), "aws:tagkeys": ("a", "b")}
    assert filled(pattern, values) == text
    assert (globbed(pattern, values) is None) is (text is None)


def test_without_variables_a_dollar_is_a_dollar() -> None:
    assert globbed("${aws:username}", None) == "${aws:username}"
