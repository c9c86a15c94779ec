"""Why an API is to be as it is: twenty cases, each value with its line, worked by hand."""

from __future__ import annotations

import json
from datetime import date

import pytest

from batchgw.model import Account, AccountId, Owner, ResponseType, RestApi
from batchgw.policy.loader import LoadedPolicy, load_policies
from batchgw.policy.meaning.explain import Explanation, Said
from tests.unit.policy.test_rulebook import PAYMENTS, api

T = ResponseType

ORG = """\
version: 1
use:
  - no-cache
  - security-headers
responses:
  THROTTLED:
    status: 429
    headers: {Retry-After: 5}
  ACCESS_DENIED: default
wherever_customised:
  headers: {X-Team: org}
rules:
  - name: internal
    match: {tags: {tier: internal}, endpoint: PRIVATE}
    mode: merge
    responses:
      THROTTLED:
        headers: {retry-after: 10}
        templates: {text/plain: slow}
  - name: forbidden
    match: {name: old-*}
    use: [no-internals]
locked: [security-headers]
exemptions:
  - {match: {id: vendor}, types: [THROTTLED], reason: portal, owner: team-x, until: 2027-01-31}
  - {match: {id: vendor}, reason: over, until: 2020-01-31}
"""
TEAM = """\
version: 1
targets: {apis: {include: [{name: pay-*}]}}
responses:
  THROTTLED: {mode: fill, headers: {Retry-After: 20}}
  ACCESS_DENIED: {status: 404}
unlisted: leave
"""
INTERNAL = {"tags": {"tier": "internal"}, "endpoint_types": ("PRIVATE",)}


def loaded() -> LoadedPolicy:
    """Three files, the first of which has the targets: so the last is narrowed by its own."""
    return load_policies(
        ["base.yaml", "org.yaml", "team.yaml"],
        texts=["version: 1\ntargets: {regions: [eu-west-1]}\n", ORG, TEAM],
        today=date(2026, 11, 30),
    )


def explained(of: RestApi, *types: ResponseType, account: Account | None = None) -> Explanation:
    return loaded().explain(of, account, types)


def line(said: Said) -> str:
    """A value as `name = value @ where (layer)`, with what it won over behind it."""
    over = "".join(f" < {each.value} @ {each.where}" for each in said.over)
    lock = f" locked {said.locked}" if said.locked else ""
    return f"{said.name} = {said.value} @ {said.where} ({said.layer}){lock}{over}"


STORE = "Cache-Control = 'no-store' @ org.yaml:3:5 (org.yaml)"
FRAMES = "X-Frame-Options = 'DENY' @ org.yaml:4:5 (org.yaml) locked org.yaml:23:10"
TEAM_HEADER = "X-Team = 'org' @ org.yaml:11:21 (org.yaml)"
PLAIN = api("plain")
INTERNAL_API = api("shop", **INTERNAL)
PAY = api("pay-1")
BOTH = api("pay-2", **INTERNAL)

VALUES = [
    # 1-4: the top of a file: presets, a response, what is merged everywhere, a lock
    (PLAIN, T.DEFAULT_4XX, "customised", STORE),
    (PLAIN, T.DEFAULT_4XX, "customised", FRAMES),
    (PLAIN, T.THROTTLED, "customised", TEAM_HEADER),
    (PLAIN, T.THROTTLED, "customised", "Retry-After = '5' @ org.yaml:8:28 (org.yaml)"),
    # 5: a status
    (PLAIN, T.THROTTLED, "customised", "status = 429 @ org.yaml:7:13 (org.yaml)"),
    # 6-7: a rule wins over the top, in another spelling; and adds a template
    (
        INTERNAL_API,
        T.THROTTLED,
        "customised",
        "retry-after = '10' @ org.yaml:18:32 (internal) < '5' @ org.yaml:8:28",
    ),
    (INTERNAL_API, T.THROTTLED, "customised", "text/plain = slow @ org.yaml:19:33 (internal)"),
    # 8-9: a later file wins over the top, and over the rule as well
    (
        PAY,
        T.THROTTLED,
        "customised",
        "Retry-After = '20' @ team.yaml:4:50 (team.yaml) < '5' @ org.yaml:8:28",
    ),
    (
        BOTH,
        T.THROTTLED,
        "customised",
        "Retry-After = '20' @ team.yaml:4:50 (team.yaml) < '10' @ org.yaml:18:32 < '5' @ org.yaml:8:28",
    ),
    # 10: what an earlier layer makes default, a later one customises; what is for all comes back with it
    (PAY, T.ACCESS_DENIED, "customised", "status = 404 @ team.yaml:5:27 (team.yaml)"),
    (PAY, T.ACCESS_DENIED, "customised", STORE),
    # 11: a message of a preset, and the template that it goes into
    (api("old-1"), T.INVALID_SIGNATURE, "customised", "message = Forbidden @ org.yaml:22:11 (forbidden)"),
    (
        api("old-1"),
        T.INVALID_SIGNATURE,
        "customised",
        'application/json = {"message":"Forbidden"} @ org.yaml:22:11 (forbidden)',
    ),
]


@pytest.mark.parametrize(("of", "type_", "state", "says"), VALUES)
def test_each_value_has_the_line_that_decided_it(
    of: RestApi, type_: ResponseType, state: str, says: str
) -> None:
    (found,) = explained(of, type_).types
    assert found.state == state
    assert says in [line(each) for each in found.sets]


ADDED = [
    # 12-13: where an API customised the type itself
    (PLAIN, T.UNAUTHORIZED, "left", [STORE, FRAMES, TEAM_HEADER]),
    (PLAIN, T.THROTTLED, "customised", []),
]


@pytest.mark.parametrize(("of", "type_", "state", "says"), ADDED)
def test_what_is_merged_where_an_api_customised_a_type_has_its_line_too(
    of: RestApi, type_: ResponseType, state: str, says: list[str]
) -> None:
    (found,) = explained(of, type_).types
    assert (found.state, found.sets if state == "left" else ()) == (state, ())
    assert set(says) <= {line(each) for each in found.adds}
    assert bool(found.adds) is bool(says)


MODES = [
    # 14-17: the format's default, a rule's for all, a file's for one type, which stands over the rule's
    (PLAIN, T.THROTTLED, "mode = replace @  ()"),
    (INTERNAL_API, T.DEFAULT_4XX, "mode = merge @ org.yaml:15:11 (internal)"),
    (PAY, T.THROTTLED, "mode = fill @ team.yaml:4:21 (team.yaml)"),
    (BOTH, T.THROTTLED, "mode = fill @ team.yaml:4:21 (team.yaml) < merge @ org.yaml:15:11"),
]


@pytest.mark.parametrize(("of", "type_", "says"), MODES)
def test_a_mode_has_its_line(of: RestApi, type_: ResponseType, says: str) -> None:
    (found,) = explained(of, type_).types
    assert found.mode is not None
    assert line(found.mode) == says


def test_a_type_that_shall_be_default_says_so() -> None:
    """18."""
    (found,) = explained(PLAIN, T.ACCESS_DENIED).types
    assert (found.state, found.sets, found.adds) == ("default", (), ())


def test_an_exempt_type_says_why() -> None:
    """19: what is locked of customised types is all that is left; the exemption is of the locking file."""
    vendor = api("x", id="vendor")
    (found,) = explained(vendor, T.THROTTLED).types
    assert (found.state, found.why) == ("exempt", "portal (owner team-x, until 2027-01-31)")
    first, second = explained(vendor).exemptions
    assert (first.matches, first.where) == (True, "org.yaml:25:5")
    assert (second.matches, second.why) == (False, "it ended on 2020-01-31")


def test_a_tag_leaves_what_is_locked() -> None:
    """20."""
    tags = {"batchgw:exempt": "true", "batchgw:exempt-reason": "r", "batchgw:exempt-until": "2027-01-01"}
    found = explained(api("plain", tags=tags), T.DEFAULT_4XX)
    (of_family,) = found.types
    assert of_family.state == "customised"
    assert FRAMES in [line(each) for each in of_family.sets]
    assert all(each.locked for each in of_family.sets)
    assert "does not lift what is locked" in found.notes[0]


WHY = [
    ("tags: {tier: internal}", PLAIN, "tag tier=internal: it has no such tag"),
    ("tags: {tier: internal}", api(tags={"tier": "public"}), "tag tier=internal: it has 'public'"),
    ("name: a*", PLAIN, "name a*: it is 'plain'"),
    ("id: zzz", PLAIN, "id zzz: it is a1b2c3d4e5"),
    ("account: web-*", PLAIN, "account web-*: it is in 111122223333 ('payments-prod')"),
    ("region: us-*", PLAIN, "region us-*: it is in eu-west-1"),
    ("ou: /Test", PLAIN, "OU /Test: its account is in /Prod/Payments"),
    ("endpoint: EDGE", INTERNAL_API, "endpoint EDGE: it is PRIVATE"),
    ("created: {before: 2020-01-01}", api(created=0.0), ""),
    ("created: {after: 2020-01-01}", api(created=0.0), "created after 2020-01-01: it was created 1970-01-01"),
    ("owner: sam", api(owner=Owner(kind="cdk")), "owner sam: it is cdk"),
    ("owner: sam", PLAIN, "owner sam: who manages it was not asked"),
    ("expression: tags.a", PLAIN, "expression tags.a: that is not true of it"),
    ("name: plain, region: us-*", PLAIN, "region us-*: it is in eu-west-1"),
]


@pytest.mark.parametrize(("words", "of", "why"), WHY)
def test_a_rule_that_does_not_match_says_which_word_does_not(words: str, of: RestApi, why: str) -> None:
    text = f"version: 1\nuse: [cors]\nrules: [{{name: r, match: {{{words}}}, use: [hsts]}}]"
    top, rule = load_policies(["p.yaml"], texts=[text]).explain(of, PAYMENTS).layers
    assert (top.matches, top.name) == (True, "p.yaml")
    assert (rule.matches, rule.why, rule.where) == (not why, why, "p.yaml:3:9")


def test_a_narrowed_file_says_why_it_is_not_about_an_api() -> None:
    first = "version: 1\ntargets: {regions: [eu-west-1]}\nuse: [cors]"
    cases = [
        ("apis: {include: [{name: a}, {name: b}]}", "none of its file's include selectors: name a; name b"),
        ("apis: {exclude: [{name: pl*}]}", "its file excludes it: name pl* (q.yaml:2:28)"),
        ("accounts: ['444455556666']", "its file is about other accounts than 111122223333"),
    ]
    for words, why in cases:
        second = f"version: 1\ntargets: {{{words}}}\nuse: [hsts]"
        found = load_policies(["p.yaml", "q.yaml"], texts=[first, second]).explain(PLAIN, PAYMENTS)
        assert [(each.name, each.matches, each.why) for each in found.layers] == [
            ("p.yaml", True, ""),
            ("q.yaml", False, why),
        ]


def test_all_that_is_said_of_an_api_is_told_and_nothing_else() -> None:
    found = explained(PLAIN)
    states = {each.type: each.state for each in found.types}
    assert states[T.THROTTLED] == "customised"
    assert states[T.ACCESS_DENIED] == "default"
    assert set(states) == set(T)  # what is merged into customised types is about all others
    assert found.unlisted.value == "leave"
    of_pay = explained(PAY).unlisted
    assert line(of_pay) == "unlisted = leave @ team.yaml:6:11 (team.yaml)"
    plain = load_policies(["p.yaml"], texts=["version: 1\nuse: [error-envelope]"]).explain(PLAIN)
    assert {each.type for each in plain.types} == {T.DEFAULT_4XX, T.DEFAULT_5XX}


def test_it_is_rendered_for_machines() -> None:
    rendered = explained(BOTH).to_json()
    assert json.loads(json.dumps(rendered)) == rendered
    assert rendered["api"] == f"{BOTH}"
    assert AccountId("111122223333") in str(rendered["api"])


def test_what_is_explained_is_what_is_decided() -> None:
    """Each header of each rule is explained, with the same text."""
    for of in (PLAIN, INTERNAL_API, PAY, BOTH, api("old-1"), api("x", id="vendor")):
        found = explained(of)
        desired = loaded().policy.rules.decide(of, None).variant.desired
        for each in found.types:
            rule = desired.rules.get(each.type)
            if rule is not None and rule.settings is not None:
                told = {f"gatewayresponse.header.{s.name}": s.value for s in each.sets if s.what == "header"}
                assert told == rule.settings.parameters
                templates = {s.name: s.value for s in each.sets if s.what == "template"}
                assert templates == rule.settings.templates
