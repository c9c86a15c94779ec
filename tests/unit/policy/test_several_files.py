"""A policy of several files: their order, whose targets hold, and what is wrong between them."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from batchgw.errors import PolicyInvalid
from batchgw.model import Account, AccountId, Region, ResponseType
from batchgw.policy.loader import load_policies
from tests.unit.policy.test_locked import FAMILIES, load
from tests.unit.policy.test_rulebook import PAYMENTS, api, headers

T = ResponseType


def test_later_files_win_over_rules_of_earlier_ones() -> None:
    """The order is: the first file's top, its rules, the second's top, its rules."""
    first = """
responses: {DEFAULT_4XX: {headers: {A: 1, B: 1, C: 1, D: 1}}}
rules: [{name: one, match: {name: orders}, responses: {DEFAULT_4XX: {headers: {B: 2, C: 2, D: 2}}}}]
"""
    second = """
responses: {DEFAULT_4XX: {headers: {C: 3, D: 3}}}
rules: [{name: two, match: {name: orders}, responses: {DEFAULT_4XX: {headers: {D: 4}}}}]
"""
    policy = load(first, second).policy
    decision = policy.rules.decide(api(), None)
    assert headers(decision.variant.desired.rules[T.DEFAULT_4XX].settings) == {
        "A": "'1'",
        "B": "'2'",
        "C": "'3'",
        "D": "'4'",
    }
    assert decision.variant.rules == ("one", "two")
    assert policy.source == "org.yaml, team.yaml"
    assert headers(policy.desired.rules[T.DEFAULT_4XX].settings)["C"] == "'3'"


def test_what_a_later_file_leaves_out_stays_as_it_was() -> None:
    """Mode and unlisted too: the format's defaults are below the first file."""
    desired = load("mode: merge\nunlisted: reset\nuse: [cors]", "use: [no-cache]").policy.desired
    assert {rule.mode.value for rule in desired.rules.values()} == {"merge"}
    assert desired.unlisted.value == "reset"


def test_the_targets_are_those_of_the_first_file_that_has_any() -> None:
    targets = "targets: {regions: [eu-west-1], role: R, accounts: ['111122223333']}\n"
    for files in ((targets + "use: [cors]", "use: [hsts]"), ("use: [cors]", targets + "use: [hsts]")):
        found = load(*files).policy.targets
        assert (found.regions, found.role) == ((Region("eu-west-1"),), "R")


def test_a_later_file_may_narrow_itself() -> None:
    first = "targets: {accounts: organization, role: R}\nuse: [no-cache]"
    second = """
targets: {accounts: [/Prod/**], apis: {include: [{name: orders*}], exclude: [{tags: {old: "*"}}]}}
use: [hsts]
rules: [{name: r, match: {region: eu-*}, use: [cors]}]
"""
    policy = load(first, second).policy
    assert policy.targets.apis.include == ()
    assert policy.rules.rules == ("team.yaml", "r")
    assert policy.rules.needs_account
    cases = [
        (api(), PAYMENTS, ("team.yaml", "r")),
        (api("other"), PAYMENTS, ()),
        (api(tags={"old": "1"}), PAYMENTS, ()),
        (api(), Account(id=AccountId("111122223333"), ou=("Test",)), ()),
        (api(), None, ()),
    ]
    for of, account, rules in cases:
        assert policy.rules.decide(of, account).variant.rules == rules
    assert policy.digest != load(first, second.replace("orders*", "orders-*")).policy.digest


def test_a_later_file_is_not_told_to_name_a_role() -> None:
    """There it would be an error."""
    first = "targets: {accounts: organization, role: R}\nuse: [no-cache]"
    second = "targets: {accounts: [/Prod/**]}\nuse: [hsts]"
    assert load(first, second).warnings == ()
    assert [each.rule for each in load("use: [no-cache]", second).warnings] == ["accounts-without-role"]


def test_a_later_file_is_narrowed_to_accounts_by_their_ids_without_the_organisation() -> None:
    first = "targets: {accounts: ['111122223333', '444455556666'], role: R}\nuse: [no-cache]"
    policy = load(first, "targets: {accounts: ['444455556666']}\nuse: [hsts]").policy
    assert policy.rules.decide(api(), None).variant.rules == ()
    assert not policy.rules.needs_account
    policy = load(first, "targets: {accounts: ['111122223333']}\nuse: [hsts]").policy
    assert policy.rules.decide(api(), None).variant.rules == ("team.yaml",)


FIRST = "targets: {accounts: organization, role: R}\norganization: {role: O}\nuse: [cors]"
REFUSED = [
    # the second file, the place of the problem in it, words of the message
    (
        "targets: {regions: [eu-west-1]}\nuse: [cors]",
        "2:11",
        "org.yaml:2:10: a later file may narrow",
    ),
    ("targets: {role: R}\nuse: [cors]", "2:11", "not say `role`"),
    ("targets: {accounts: current}\nuse: [cors]", "2:21", "write the id here"),
    ("targets: {accounts: [{tags: {a: b}}]}\nuse: [cors]", "2:23", "by tags of accounts"),
    ("organization: {role: P}\nuse: [cors]", "2:1", "stands at org.yaml:3:15 already"),
]


@pytest.mark.parametrize(("second", "place", "says"), REFUSED)
def test_what_a_later_file_may_not_say_of_targets(second: str, place: str, says: str) -> None:
    with pytest.raises(PolicyInvalid) as found:
        load(FIRST, second)
    here = [str(p) for p in found.value.problems if p.rule == "targets-twice"]
    assert any(each.startswith(f"team.yaml:{place}: ") and says in each for each in here), here


def test_problems_are_told_of_all_files_in_their_order() -> None:
    with pytest.raises(PolicyInvalid) as found:
        load("use: [corz]", "use: [cors]\nmode: al", "responses: {X: default}")
    assert [(p.file, p.line) for p in found.value.problems] == [
        ("org.yaml", 2),
        ("team.yaml", 3),
        ("third.yaml", 2),
    ]


def test_a_rule_of_another_file_with_the_same_name_is_refused() -> None:
    rule = "rules: [{name: r, match: {id: a}, use: [cors]}]"
    with pytest.raises(PolicyInvalid, match=r"team\.yaml:2:16: error: the rule at org\.yaml:2:16"):
        load(rule, rule)


def test_a_file_named_twice_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="named twice"):
        load_policies(["p.yaml", "p.yaml"], texts=["version: 1\nuse: [cors]"] * 2)


def test_one_of_the_files_may_be_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("version: 1\nuse: [cors]\n")
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"version: 1\nuse: [no-cache]\n")))
        loaded = load_policies([path, "-"])
    assert loaded.policy.source == f"{path}, <stdin>"
    assert set(loaded.policy.desired.rules) == FAMILIES
    assert loaded.text == "version: 1\nuse: [cors]\nversion: 1\nuse: [no-cache]\n"


def test_the_digest_of_one_file_is_that_of_the_file() -> None:
    one = load("use: [cors]").policy
    assert one.digest == load_policies(["other.yaml"], texts=["version: 1\nuse: [cors]"]).policy.digest
    assert one.digest != load("use: [cors]", "use: [no-cache]").policy.digest
