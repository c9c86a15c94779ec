"""Which layers match an API, and what they say together: worked by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from batchgw.model import (
    HEADER_PREFIX,
    Account,
    AccountId,
    Desired,
    Mode,
    Owner,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Selector,
    Settings,
    Unlisted,
)
from batchgw.model.rulebook import Reach
from batchgw.policy.loader import load_policies, load_policy

T = ResponseType
FAMILIES = {T.DEFAULT_4XX, T.DEFAULT_5XX}
SCOPE = Scope(account=AccountId("111122223333"), region=Region("eu-west-1"))
PAYMENTS = Account(
    id=AccountId("111122223333"),
    name="payments-prod",
    ou=("Prod", "Payments"),
    ou_ids=("r-abcd", "ou-abcd-11112222"),
)


def api(name: str = "orders", **words: object) -> RestApi:
    made: dict[str, object] = {"scope": SCOPE, "id": RestApiId("a1b2c3d4e5"), "name": name, **words}
    return RestApi(**made)  # type: ignore[arg-type] # the words of a test


def desired(text: str, of: RestApi, account: Account | None = None) -> Desired:
    policy = load_policy("p.yaml", text=f"version: 1\n{text}").policy
    return policy.rules.decide(of, account).variant.desired


def headers(settings: Settings | None) -> Mapping[str, str]:
    assert settings is not None
    return {key.removeprefix(HEADER_PREFIX): value for key, value in settings.parameters.items()}


RULES = """
responses:
  DEFAULT_4XX: {headers: {X-A: top, X-B: top}, templates: {application/json: '{"a":1}'}}
  THROTTLED: {status: 429, headers: {X-A: top}}
rules:
  - name: orders
    match: {name: orders*}
    responses:
      DEFAULT_4XX: {headers: {x-a: orders}, status: 400}
  - name: new
    match: {tags: {age: new}}
    mode: merge
    responses:
      DEFAULT_4XX: {headers: {X-A: new}, templates: {text/plain: t}}
      THROTTLED: default
"""


def test_later_layers_win_key_by_key() -> None:
    """A header by its name without case, a template by its content type, a status, a mode."""
    old = desired(RULES, api("other"))
    assert headers(old.rules[T.DEFAULT_4XX].settings) == {"X-A": "'top'", "X-B": "'top'"}
    assert old.rules[T.THROTTLED].mode is Mode.REPLACE
    orders = desired(RULES, api("orders")).rules[T.DEFAULT_4XX].settings
    assert headers(orders) == {"x-a": "'orders'", "X-B": "'top'"}
    assert orders is not None
    assert orders.status_code == "400"
    both = desired(RULES, api("orders", tags={"age": "new"}))
    settings = both.rules[T.DEFAULT_4XX].settings
    assert headers(settings) == {"X-A": "'new'", "X-B": "'top'"}
    assert settings is not None
    assert settings.status_code == "400"
    assert settings.templates == {"application/json": '{"a":1}', "text/plain": "t"}
    assert both.rules[T.THROTTLED].settings is None
    assert {rule.mode for rule in both.rules.values()} == {Mode.MERGE}


def test_apis_of_one_variant_are_given_the_same_object() -> None:
    rules = load_policy("p.yaml", text=f"version: 1\n{RULES}").policy.rules
    one, two = rules.decide(api("orders"), None), rules.decide(api("orders-2"), None)
    assert one.variant is two.variant
    assert one.variant.rules == ("orders",)
    assert rules.decide(api("other"), None).variant.rules == ()
    assert rules.decide(api("orders", tags={"age": "new"}), None).variant.rules == ("orders", "new")
    assert rules.rules == ("orders", "new")
    assert rules.places == {"orders": "p.yaml:7:5", "new": "p.yaml:11:5"}


def test_what_no_rule_matches_is_as_the_top_says() -> None:
    policy = load_policy("p.yaml", text=f"version: 1\n{RULES}").policy
    assert policy.rules.decide(api("other"), None).variant.desired == policy.desired


def test_a_type_that_a_later_layer_customises_gets_what_an_earlier_one_puts_on_every_type() -> None:
    text = """
use: [cors]
rules:
  - {name: slow, match: {name: orders}, responses: {THROTTLED: {status: 429}}}
"""
    assert set(desired(text, api("other")).rules) == FAMILIES
    of_orders = desired(text, api("orders")).rules
    assert set(of_orders) == {*FAMILIES, T.THROTTLED}
    assert "Access-Control-Allow-Origin" in headers(of_orders[T.THROTTLED].settings)


def test_what_a_layer_makes_default_a_later_one_may_customise_again() -> None:
    """What is put on every customised type comes back with it; what was said of it by name does not."""
    text = """
use: [no-cache]
responses: {THROTTLED: {status: 429, headers: {X-A: top}}}
wherever_customised: {headers: {X-W: w}}
rules:
  - {name: off, match: {name: "*"}, responses: {THROTTLED: default}}
  - {name: again, match: {tags: {again: "*"}}, responses: {THROTTLED: {headers: {X-B: b}}}}
"""
    assert desired(text, api()).rules[T.THROTTLED].settings is None
    again = desired(text, api(tags={"again": "1"})).rules[T.THROTTLED].settings
    assert headers(again) == {"Cache-Control": "'no-store'", "X-W": "'w'", "X-B": "'b'"}
    assert again is not None
    assert again.status_code is None


def test_what_is_merged_into_customised_types_is_layered_too() -> None:
    text = """
use: [no-cache]
wherever_customised: {headers: {X-A: top, X-B: top}}
rules:
  - {name: r, match: {name: orders}, wherever_customised: {headers: {x-a: r}, templates: {text/plain: t}}}
  - {name: reset, match: {tags: {reset: "*"}}, unlisted: reset}
"""
    added = desired(text, api()).wherever_customised[T.THROTTLED]
    assert headers(added) == {"Cache-Control": "'no-store'", "x-a": "'r'", "X-B": "'top'"}
    assert added.templates == {"text/plain": "t"}
    reset = desired(text, api(tags={"reset": "1"}))
    assert reset.unlisted is Unlisted.RESET
    assert reset.wherever_customised == {}


def test_a_mode_of_a_response_stands_against_one_of_a_later_layer_for_all() -> None:
    text = """
responses: {THROTTLED: {mode: merge, status: 429}, UNAUTHORIZED: {status: 401}}
rules: [{name: r, match: {name: "*"}, mode: fill}]
"""
    rules = desired(text, api()).rules
    assert (rules[T.THROTTLED].mode, rules[T.UNAUTHORIZED].mode) == (Mode.MERGE, Mode.FILL)


WRITTEN = """responses:
    {ACCESS_DENIED: {templates: {application/json: '{"m":$context.error.messageString}'}}}"""
MESSAGES = [
    # layers, the template of ACCESS_DENIED
    (["use: [error-envelope]", "use: [no-internals]"], '{"message":"Forbidden",'),
    (["use: [no-internals]", "use: [error-envelope]"], '{"message":"Forbidden",'),
    (
        [
            WRITTEN,
            "use: [no-internals]",
        ],
        '{"m":"Forbidden"}',
    ),
    (
        [
            "use: [no-internals]",
            WRITTEN,
        ],
        '{"m":$context.error.messageString}',
    ),
]


@pytest.mark.parametrize(("layers", "begins"), MESSAGES)
def test_a_fixed_message_goes_into_every_template_below_it(layers: list[str], begins: str) -> None:
    """Into those of presets in any order; into those that are written out, if it comes in a later layer."""
    top, rule = layers
    text = f"{top}\nrules: [{{name: r, match: {{name: '*'}}, {rule}}}]"
    settings = desired(text, api()).rules[T.ACCESS_DENIED].settings
    assert settings is not None
    assert settings.templates["application/json"].startswith(begins)


SELECTED = [
    ("id: a1b2c3d4e5", True),
    ("id: zzzzzzzzzz", False),
    ("name: ord*", True),
    ("tags: {tier: int*}", True),
    ("tags: {tier: public}", False),
    ("account: 111122223333", True),
    ("account: payments-*", True),
    ("account: 444455556666", False),
    ("region: eu-*", True),
    ("region: us-east-1", False),
    ("ou: /Prod", True),
    ("ou: /Prod/**", True),
    ("ou: /Prod/*", True),
    ("ou: ou-abcd-11112222", True),
    ("ou: /Test", False),
    ("endpoint: PRIVATE", True),
    ("endpoint: EDGE", False),
    ("created: {before: 2024-01-01}", True),
    ("created: {after: 2023-06-01}", True),
    ("created: {after: '2023-06-01T00:00:01Z'}", False),
    ("owner: cloudformation", True),
    ("owner: 'cloudformation:pay*'", True),
    ("owner: terraform", False),
    ("expression: \"starts_with(name, 'ord') && tags.tier == 'internal'\"", True),
    ("expression: account.ou == `null`", False),
    ("name: ord*, tags: {tier: public}", False),
]


@pytest.mark.parametrize(("words", "matches"), SELECTED)
def test_rules_match_by_every_word_of_a_selector(words: str, matches: bool) -> None:  # noqa: FBT001 - a case
    text = f"use: [cors]\nrules: [{{name: r, match: {{{words}}}, use: [no-cache]}}]"
    of = api(
        "orders",
        tags={"tier": "internal"},
        endpoint_types=("PRIVATE",),
        created=1685577600.0,  # 2023-06-01
        owner=Owner(kind="cloudformation", name="payments"),
    )
    policy = load_policy("p.yaml", text=f"version: 1\n{text}").policy
    assert policy.rules.decide(of, PAYMENTS).variant.rules == (("r",) if matches else ())


NEEDS = [
    # words, needs_account, needs_account_tags, needs_owner
    ("id: a", (False, False, False)),
    ("region: eu-west-1", (False, False, False)),
    ("account: 111122223333", (False, False, False)),
    ("account: payments", (True, False, False)),
    ("ou: /Prod", (True, False, False)),
    ("name: a", (False, False, False)),
    ("owner: sam", (False, False, True)),
    ("expression: account.tags.tier", (True, True, False)),
]


@pytest.mark.parametrize(("words", "needs"), NEEDS)
def test_it_says_what_must_be_known_of_apis(words: str, needs: tuple[bool, bool, bool]) -> None:
    text = f"version: 1\nrules: [{{name: r, match: {{{words}}}, use: [cors]}}]"
    rules = load_policy("p.yaml", text=text).policy.rules
    assert (rules.needs_account, rules.needs_account_tags, rules.needs_owner) == needs


PUBLIC, INTERNAL, ORDERS = (
    Selector(tags={"tier": "public"}),
    Selector(tags={"tier": "internal"}),
    Selector(name="orders-*"),
)
SECOND = "targets: {apis: {include: [{name: orders-*}, {tags: {tier: public}}]}}"
FIRST = "targets: {regions: [eu-west-1]}"
BY_RULES = "rules: [{name: r, match: {tags: {tier: public}}, use: [cors]}]"


@pytest.mark.parametrize(
    ("texts", "reach"),
    [
        ([BY_RULES], ((PUBLIC,),)),
        ([f"mode: fill\nunlisted: leave\n{BY_RULES}"], ((PUBLIC,),)),
        ([f"use: [cors]\n{BY_RULES}"], None),
        ([f"wherever_customised: {{headers: {{X-A: b}}}}\n{BY_RULES}"], None),
        ([f"unlisted: reset\n{BY_RULES}"], None),
        ([f"{FIRST}\n{BY_RULES}", f"{SECOND}\nuse: [hsts]"], ((PUBLIC,), (ORDERS,), (PUBLIC,))),
        (
            [
                f"{FIRST}\n{BY_RULES}",
                f"{SECOND}\n{BY_RULES.replace('r,', 's,').replace('public', 'internal')}",
            ],
            ((PUBLIC,), (INTERNAL, ORDERS), (INTERNAL, PUBLIC)),
        ),
        ([BY_RULES, "use: [hsts]"], None),
        ([f"{BY_RULES[:-1]}, {{name: s, match: {{tags: {{tier: internal}}}}, mode: fill}}]"], ((PUBLIC,),)),
        (["rules: [{name: s, match: {tags: {tier: internal}}, unlisted: reset}]"], ((INTERNAL,),)),
    ],
)
def test_it_says_what_it_is_about_where_only_rules_say_something(
    texts: list[str], reach: Reach | None
) -> None:
    files = [f"{n}.yaml" for n in range(len(texts))]
    loaded = load_policies(files, texts=[f"version: 1\n{text}" for text in texts])
    assert loaded.policy.rules.reach == reach


DEPLOY = "deploy: {stages: [prod]}"
LIVE_BY_RULES = f"rules: [{{name: r, match: {{tags: {{tier: public}}}}, {DEPLOY}}}]"


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("use: [cors]", ()),
        (BY_RULES, ()),
        (DEPLOY, None),
        (f"{DEPLOY}\n{BY_RULES}", None),
        (f"use: [cors]\n{LIVE_BY_RULES}", ((PUBLIC,),)),
        ("use: [cors]\nrules: [{name: r, match: {tags: {tier: public}}, deploy: none}]", ()),
    ],
)
def test_it_says_of_which_apis_stages_are_made_live(text: str, reach: Reach | None) -> None:
    rules = load_policy("p.yaml", text=f"version: 1\n{text}").policy.rules
    assert rules.live_reach == reach


def test_tags_may_exempt_any_api_so_all_are_listed() -> None:
    assert load_policy("p.yaml", text="version: 1\nuse: [cors]").policy.rules.needs_listing


def test_rules_belong_to_the_meaning_and_their_layout_does_not() -> None:
    def digest(rule: str) -> str:
        return load_policy("p.yaml", text=f"version: 1\nuse: [cors]\nrules: [{rule}]").policy.digest

    one = digest("{name: r, match: {name: a}, responses: {THROTTLED: {status: 429, headers: {A: b}}}}")
    assert one == digest(
        "{match: {name: a}, name: r, responses: {THROTTLED: {responseParameters: "
        "{gatewayresponse.header.A: \"'b'\"}, statusCode: '429'}}}"
    )
    others = [
        "{name: s, match: {name: a}, responses: {THROTTLED: {status: 429, headers: {A: b}}}}",
        "{name: r, match: {name: b}, responses: {THROTTLED: {status: 429, headers: {A: b}}}}",
        "{name: r, match: {name: a}, responses: {THROTTLED: {status: 429, headers: {A: c}}}}",
        "{name: r, match: {name: a}, mode: fill, responses: {THROTTLED: {status: 429, headers: {A: b}}}}",
    ]
    assert len({one, *map(digest, others)}) == 5
