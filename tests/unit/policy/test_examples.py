"""The policies that people copy: all valid, and as quiet as they claim."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from batchgw.model import (
    HEADER_PREFIX,
    Account,
    AccountId,
    Decision,
    Desired,
    Mode,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
)
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
        ("rollout.yaml", []),
        ("rules.yaml", []),
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
        "rollout.yaml",
        "rules.yaml",
    }


def _headers(desired: Desired, type_: ResponseType) -> Mapping[str, str]:
    settings = desired.rules[type_].settings
    assert settings is not None
    return {name.removeprefix(HEADER_PREFIX): value for name, value in settings.parameters.items()}


def test_the_example_with_rules_says_what_differs_for_whom() -> None:
    """Each rule and the exemption is met by an API; the locked preset is what all of them have."""
    policy = load_policy(FOLDER / "rules.yaml").policy
    account = AccountId("222222222222")
    partner = Account(id=account, ou=("Prod", "Partners"), ou_ids=("r-1", "ou-1", "ou-2"))

    def decided(account_: Account | None = None, **facts: Any) -> Decision:
        scope = Scope(account=account, region=Region("eu-west-1"))
        api = RestApi(scope=scope, id=RestApiId("a1b2c3d4e5"), **({"created": 1.75e9} | facts))
        return policy.rules.decide(api, account_)

    plain, legacy = decided(), decided(created=1.5e9)
    internal = decided(tags={"tier": "internal"}, endpoint_types=("PRIVATE",))
    partners, vendor = decided(partner), decided(name="vendor-portal")
    assert [d.variant.rules for d in (plain, legacy, internal, partners)] == [
        (),
        ("legacy",),
        ("internal",),
        ("partners",),
    ]
    assert legacy.variant.desired.rules[ResponseType.DEFAULT_4XX].mode is Mode.FILL
    origin = "Access-Control-Allow-Origin"
    assert (
        _headers(internal.variant.desired, ResponseType.DEFAULT_4XX)[origin] == "'https://intranet.example'"
    )
    assert _headers(plain.variant.desired, ResponseType.DEFAULT_4XX)[origin] == "'*'"
    assert _headers(partners.variant.desired, ResponseType.THROTTLED)["Retry-After"] == "'30'"
    assert [each.target.name for each in vendor.set_aside] == ["DEFAULT_5XX"]
    for decision in (plain, legacy, internal, partners):
        assert _headers(decision.variant.desired, ResponseType.DEFAULT_5XX)["X-Frame-Options"] == "'DENY'"


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
