"""Who is exempt, from what, until when; and from what nobody is exempt."""

from __future__ import annotations

from datetime import date

import pytest

from batchgw.model import Decision, Mode, ResponseType, RestApi, Rule, Settings
from batchgw.model.change import EXEMPT
from batchgw.policy.loader import load_policies
from tests.unit.policy.test_locked import FAMILIES, load
from tests.unit.policy.test_rulebook import api, headers

T = ResponseType
POLICY = "use: [no-cache]\nresponses: {THROTTLED: {status: 429}}\n"


def decide(*texts: str, of: RestApi | None = None) -> Decision:
    return load(*texts).policy.rules.decide(of or api(), None)


def exemption(words: str = "", match: str = "name: orders") -> str:
    return f"exemptions: [{{match: {{{match}}}{', ' if words else ''}{words}}}]"


def left(decision: Decision) -> dict[str, str]:
    assert {each.code for each in decision.set_aside} <= {EXEMPT}
    return {each.target.name: each.message for each in decision.set_aside}


def test_exempt_targets_are_set_aside_with_the_reason() -> None:
    """Nothing is said of the type any more, and all else is as before."""
    words = "types: [THROTTLED], reason: 'vendor, see CHG-1', owner: team-x, until: 2026-11-30"
    found = decide(POLICY + exemption(words))
    assert left(found) == {"THROTTLED": "vendor, see CHG-1 (owner team-x, until 2026-11-30)"}
    assert found.exemptions == ("exemption of name orders",)
    whole = decide(POLICY)
    assert found.variant.desired.left_alone == {T.THROTTLED}
    assert set(found.variant.desired.rules) == FAMILIES
    assert {t: found.variant.desired.rules[t] for t in FAMILIES} == {
        t: whole.variant.desired.rules[t] for t in FAMILIES
    }
    assert set(found.variant.desired.wherever_customised) == set(T) - {*FAMILIES, T.THROTTLED}


def test_without_types_it_is_about_all() -> None:
    found = decide(POLICY + exemption())
    assert set(left(found)) == {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"}
    assert set(left(found).values()) == {"no reason given"}
    assert found.variant.desired.left_alone == set(T)
    assert not found.variant.desired.of_responses


def test_what_is_exempt_is_not_reset_with_the_unlisted() -> None:
    found = decide("unlisted: reset\n" + exemption("types: [THROTTLED]"))
    assert set(left(found)) == {"THROTTLED"}
    assert set(found.variant.desired.types) == set(T) - {T.THROTTLED}
    assert set(found.variant.desired.rules.values()) <= {Rule(settings=None)}


UNTIL = [
    ("until: 2026-11-29", False),
    ("until: 2026-11-30", True),  # today
    ("until: 2026-12-01", True),
    ("reason: a", True),
]


@pytest.mark.parametrize(("words", "counts"), UNTIL)
def test_an_exemption_counts_through_its_last_day(words: str, counts: bool) -> None:  # noqa: FBT001 - a case
    policy = load(POLICY + exemption(words)).policy
    found = policy.rules.decide(api(), None)
    assert bool(found.set_aside) is counts
    assert policy.rules.exemptions == (("exemption of name orders",) if counts else ())


def test_one_that_does_not_match_changes_nothing() -> None:
    policy = load(POLICY + exemption()).policy
    found = policy.rules.decide(api("other"), None)
    assert (found.set_aside, found.exemptions) == ((), ())
    assert found.variant is policy.rules.decide(api("another"), None).variant


def test_apis_that_are_exempt_alike_are_one_variant() -> None:
    rules = load(POLICY + exemption(match="name: 'orders*'")).policy.rules
    assert rules.decide(api("orders-1"), None).variant is rules.decide(api("orders-2"), None).variant
    assert rules.decide(api("orders-1"), None).variant is not rules.decide(api("other"), None).variant


def test_exemptions_have_names_of_their_own_and_places() -> None:
    text = POLICY + "exemptions:\n- {match: {id: a}, types: [THROTTLED]}\n- {match: {id: a}}\n"
    rules = load(text).policy.rules
    assert rules.exemptions == ("exemption of id a", "exemption of id a (org.yaml:6:3)")
    assert rules.places == {
        "exemption of id a": "org.yaml:5:3",
        "exemption of id a (org.yaml:6:3)": "org.yaml:6:3",
    }


TAGGED = [
    # tags, types that are left alone, what the notes say
    ({"batchgw:exempt": "false"}, set(), []),
    ({"batchgw:exempt": ""}, set(), []),
    (
        {"batchgw:exempt": "true"},
        {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"},
        ["without batchgw:exempt-reason and batchgw:exempt-until"],
    ),
    (
        {"batchgw:exempt": "THROTTLED, DEFAULT_4XX", "batchgw:exempt-reason": "r"},
        {"DEFAULT_4XX", "THROTTLED"},
        ["without batchgw:exempt-until"],
    ),
    *(
        (
            {"batchgw:exempt": text, "batchgw:exempt-reason": "r"},
            {"DEFAULT_4XX", "THROTTLED"},
            ["exempt-until"],
        )
        for text in (
            "THROTTLED DEFAULT_4XX",
            " THROTTLED/DEFAULT_4XX ",
            "THROTTLED:DEFAULT_4XX",
            "THROTTLED,DEFAULT_4XX",
        )
    ),
    (
        {"batchgw:exempt": "True", "batchgw:exempt-reason": "r", "batchgw:exempt-until": "2026-11-30"},
        {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"},
        [],
    ),
    (
        {"batchgw:exempt": "true", "batchgw:exempt-reason": "r", "batchgw:exempt-until": "2026-11-29"},
        set(),
        ["ended on 2026-11-29: it no longer counts"],
    ),
    (
        {"batchgw:exempt": "THROTLED", "batchgw:exempt-reason": "r", "batchgw:exempt-until": "2027-01-01"},
        set(),
        ["says 'THROTLED', which is neither true nor a response type; did you mean THROTTLED?"],
    ),
    (
        {"batchgw:exempt": "THROTTLED", "batchgw:exempt-reason": "r", "batchgw:exempt-until": "soon"},
        {"THROTTLED"},
        ["says 'soon', no date such as 2027-01-31: the exemption has no end"],
    ),
]


@pytest.mark.parametrize(("tags", "types", "notes"), TAGGED)
def test_an_api_may_say_by_its_tags_that_it_is_exempt(
    tags: dict[str, str], types: set[str], notes: list[str]
) -> None:
    found = decide(POLICY, of=api(tags=tags))
    assert set(left(found)) == types
    assert len(found.notes) == len(notes)
    assert all(words in note for words, note in zip(notes, found.notes, strict=True))


def test_no_tag_exempts_from_what_is_locked() -> None:
    """What is locked is merged; the rest of the type is left to the API."""
    text = POLICY + "locked: [no-cache]"
    found = decide(text, of=api(tags={"batchgw:exempt": "true", "batchgw:exempt-reason": "r"}))
    desired = found.variant.desired
    only = Settings(parameters={"gatewayresponse.header.Cache-Control": "'no-store'"})
    assert desired.rules == dict.fromkeys(FAMILIES, Rule(settings=only, mode=Mode.MERGE))
    assert set(desired.wherever_customised) == set(T) - FAMILIES
    assert all(
        headers(each) == {"Cache-Control": "'no-store'"} for each in desired.wherever_customised.values()
    )
    assert desired.left_alone == frozenset()
    assert set(left(found)) == {"THROTTLED"}
    assert "does not lift what is locked of DEFAULT_4XX, DEFAULT_5XX" in " ".join(found.notes)


def test_the_locking_file_may_exempt_and_a_later_file_may_not() -> None:
    locking = POLICY + "locked: [no-cache, THROTTLED]\n"
    own = decide(locking + exemption("reason: r, until: 2027-01-01"))
    assert own.variant.desired.left_alone == set(T)
    later = load(locking, exemption("reason: r, until: 2027-01-01"))
    (warning,) = later.warnings
    assert (warning.file, warning.line, warning.rule) == ("team.yaml", 2, "exemption-of-locked")
    assert "org.yaml:4:10, org.yaml:4:20" in warning.message
    found = later.policy.rules.decide(api(), None)
    assert set(found.variant.desired.rules) == {*FAMILIES, T.THROTTLED}
    assert left(found) == {}
    throttled = found.variant.desired.rules[T.THROTTLED].settings
    assert throttled is not None
    assert throttled.status_code == "429"


def test_a_file_lifts_its_own_locks_and_not_those_before_it() -> None:
    first = "use: [no-cache]\nlocked: [no-cache]"
    second = "use: [hsts]\nlocked: [hsts]\n" + exemption("types: [DEFAULT_4XX]")
    rules = decide(first, second).variant.desired.rules
    assert headers(rules[T.DEFAULT_4XX].settings) == {"Cache-Control": "'no-store'"}
    assert set(headers(rules[T.DEFAULT_5XX].settings)) == {"Cache-Control", "Strict-Transport-Security"}


def test_a_type_locked_at_its_default_stays_so_for_the_exempt() -> None:
    text = "use: [cors]\nresponses: {THROTTLED: default}\nlocked: [THROTTLED]"
    found = decide(text, of=api(tags={"batchgw:exempt": "true"}))
    assert found.variant.desired.rules == {T.THROTTLED: Rule(settings=None)}


def test_exemptions_belong_to_the_meaning_and_why_does_not() -> None:
    def digest(words: str) -> str:
        return load(POLICY + exemption(words)).policy.digest

    assert digest("reason: a, owner: b") == digest("reason: c")
    words = ["reason: a", "types: [THROTTLED]", "until: 2027-01-01"]
    assert len({load(POLICY).policy.digest, *map(digest, words)}) == 4


def test_the_day_is_that_of_the_clock_unless_it_is_given() -> None:
    text = f"version: 1\n{POLICY}{exemption('until: 2020-01-01')}"
    assert load_policies(["p.yaml"], texts=[text]).policy.rules.exemptions == ()
    long_ago = load_policies(["p.yaml"], texts=[text], today=date(2020, 1, 1))
    assert long_ago.policy.rules.exemptions == ("exemption of name orders",)
