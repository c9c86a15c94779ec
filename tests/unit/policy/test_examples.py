"""The policies that people copy: all valid, and as quiet as they claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.model import HEADER_PREFIX, Mode, ResponseType
from batchgw.policy.loader import load_policy
from batchgw.policy.starter import STARTER

FOLDER = Path(__file__).parents[3] / "examples" / "policies"


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("cors.yaml", []),
        ("customised.yaml", []),
        ("demo.yaml", []),
        ("envelope.yaml", []),
        ("full.yaml", ["detached-headers", "detached-template"]),  # UNAUTHORIZED leaves out what it shows to
    ],
)
def test_examples_are_valid(name: str, rules: list[str]) -> None:
    assert [warning.rule for warning in load_policy(FOLDER / name).warnings] == rules


def test_no_example_is_forgotten() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {
        "cors.yaml",
        "customised.yaml",
        "demo.yaml",
        "envelope.yaml",
        "full.yaml",
    }


def test_the_demo_changes_exactly_two_types_and_names_no_account() -> None:
    policy = load_policy(FOLDER / "demo.yaml").policy
    assert policy.desired.types == (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX)
    assert policy.targets.accounts == ()
    for rule in policy.desired.rules.values():
        assert rule.settings is not None
        assert f"{HEADER_PREFIX}Access-Control-Allow-Origin" in rule.settings.parameters
        assert f"{HEADER_PREFIX}X-Content-Type-Options" in rule.settings.parameters
        assert "$context.requestId" in rule.settings.templates["application/json"]


def test_the_starter_is_short_and_clean() -> None:
    loaded = load_policy("policy.yaml", text=STARTER)
    assert loaded.warnings == ()
    assert 12 <= len(STARTER.splitlines()) <= 30
    assert max(map(len, STARTER.splitlines())) <= 120
    assert {rule.mode for rule in loaded.policy.desired.rules.values()} == {Mode.MERGE}


def test_the_digest_is_of_the_meaning() -> None:
    """Comments, layout, spelling and order do not change what a plan was made for; a value does."""
    one = load_policy(
        "a.yaml", text="version: 1\nresponses: {THROTTLED: {status: 429, headers: {A: a, B: b}}}"
    )
    same = load_policy(
        "b.json",
        text='{"responses": {"THROTTLED": {"responseParameters": {"gatewayresponse.header.B": "\'b\'",'
        ' "gatewayresponse.header.A": "\'a\'"}, "statusCode": "429"}}, "version": 1}',
    )
    other = load_policy(
        "c.yaml", text="version: 1\nresponses: {THROTTLED: {status: 429, headers: {A: a, B: c}}}"
    )
    assert one.policy.digest == same.policy.digest
    assert one.policy.digest != other.policy.digest
