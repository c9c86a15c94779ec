"""One response without a file: the same checks, told without line and column."""

from __future__ import annotations

import pytest

from batchgw.errors import PolicyInvalid
from batchgw.model import Desired, ResponseType, Rule, Settings
from batchgw.policy.single_response import load_response


def test_a_response_from_flags() -> None:
    found = load_response(
        "THROTTLED", {"status": "429", "headers": {"Retry-After": "5"}, "mode": "replace"}, source="put"
    )
    expected = Settings(status_code="429", parameters={"gatewayresponse.header.Retry-After": "'5'"})
    assert found.desired == Desired(rules={ResponseType.THROTTLED: Rule(settings=expected)})
    assert found.warnings == ()


def test_a_reset_from_flags() -> None:
    assert load_response("THROTTLED", "default", source="put").rule == Rule(settings=None)


def test_warnings_do_not_refuse() -> None:
    found = load_response("INTEGRATION_FAILURE", {"statusCode": "504"}, source="put")
    assert [str(warning).split(":", 1)[0] for warning in found.warnings] == ["put"]
    assert [warning.rule for warning in found.warnings] == ["pinned-504"]


@pytest.mark.parametrize(
    ("type_", "spec", "message"),
    [
        ("THROTLED", {"status": "429"}, "'THROTLED' is not a gateway response type; did you mean THROTTLED?"),
        ("THROTTLED", {"status": "999"}, "status: a status code is three digits from 100 to 599"),
        ("THROTTLED", {"headers": {"a b": "c"}}, "a b: 'a b' cannot be a header's name"),
        ("THROTTLED", {"headers": {"A": {"from": "x"}}}, "A: 'x' is not a mapping"),
        ("THROTTLED", {"templates": {"application/json": "{"}}, "application/json: not JSON"),
    ],
)
def test_refusals_name_the_flag(type_: str, spec: dict[str, object], message: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        load_response(type_, spec, source="put")
    (problem,) = caught.value.problems
    assert problem.message.startswith(message)
    assert (problem.file, problem.line) == ("put", 0)


def test_one_fault_hides_no_other() -> None:
    spec = {"status": "999", "headers": {"a b": "c"}, "templates": {"application/json": "{"}}
    with pytest.raises(PolicyInvalid) as caught:
        load_response("THROTLED", spec, source="put")
    assert [p.rule for p in caught.value.problems] == [
        *("schema", "status-code"),
        *("header-name", "template-json"),
    ]
