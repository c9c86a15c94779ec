"""A plan says which rules its changes come from, what it leaves alone, who owns APIs, and where it looked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from batchgw.model import (
    Account,
    AccountId,
    Desired,
    GatewayResponse,
    Owner,
    PlanItem,
    PlannedApi,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Rule,
    Scope,
    SetAside,
    Settings,
    SkippedScope,
    UnreadScope,
    Variant,
)
from batchgw.model.change import EXEMPT
from batchgw.model.response_change import TARGETS
from batchgw.planning.diff import diff
from batchgw.planning.frozen import FrozenAccounts
from batchgw.planning.plan_file.plan import Plan, PlanHeader, PlanWriter
from batchgw.planning.variants import Matched, Variants
from batchgw.report.extent import Extent
from batchgw.report.views.interface import Subject
from tests.scenarios.seams.shown import shown as rendered
from tests.virtual import virtually

T = ResponseType.THROTTLED
W = ResponseType.WAF_FILTERED
NEW = Settings(parameters={"gatewayresponse.header.X": "'new'"})
OURS = Settings(parameters={"gatewayresponse.header.X": "'ours'"})
BASE = Desired(rules={T: Rule(settings=NEW), W: Rule(settings=NEW)})
INTERNAL = Desired(rules={T: Rule(settings=OURS), W: Rule(settings=NEW)})
ALL = (Variant(rules=(), desired=BASE), Variant(rules=("internal", "late"), desired=INTERNAL))
RULES = (
    Matched(name="internal", where="org.yaml:9:5", apis=1),
    Matched(name="late", where="org.yaml:12:5", apis=1),
    Matched(name="lost", where="org.yaml:15:5"),
)
EXEMPTIONS = (Matched(name="exemption of name legacy-*", where="org.yaml:20:5"),)
EVIL = "\x1b]0;pwned\x07\u202e`x`"


def scope(n: int, region: str = "eu-west-1") -> Scope:
    return Scope(account=AccountId(f"{n:012}"), region=Region(region))


def planned(n: int, variant: int = 0, *, name: str = "", owner: Owner | None = None) -> PlannedApi:
    api = RestApi(scope=scope(1), id=RestApiId(f"api{n:07}"), name=name, owner=owner)
    return PlannedApi(api=api, changes=diff({}, ALL[variant].desired), variant=variant)


def exempt(n: int, message: str = "see CHG-1", *types: ResponseType) -> PlannedApi:
    found = planned(n)
    aside = tuple(SetAside(target=TARGETS[t], code=EXEMPT, message=message) for t in types or (T, W))
    left = tuple(c for c in found.changes if c.target not in {each.target for each in aside})
    return replace(found, changes=left, set_aside=aside)


def skipped(code: str, *scopes: Scope) -> list[SkippedScope]:
    return [SkippedScope(scope=s, code=code, message=f"{s.region} is so in {s.account}") for s in scopes]


def saved(path: Path, items: Sequence[PlanItem], variants: Variants | None = None) -> Plan:
    header = PlanHeader(
        plan="p", created=0.0, batchgw="1", policy_digest="0", policy_source="org.yaml", desired=BASE
    )
    with PlanWriter(path / "plan", header) as writer:
        for item in items:
            writer.write(item)
        writer.totals.variants = variants or Variants(all=ALL, rules=RULES, exemptions=EXEMPTIONS)
        writer.totals.frozen = FrozenAccounts(accounts={AccountId("1"): Account(id=AccountId("1"))})
    return Plan.of(writer)


def shown(plan: Plan, form: str, subject: Subject = "plan") -> str:
    return virtually(lambda: rendered(form, subject, plan))


def test_a_group_of_changes_names_the_rules_that_say_something_else(tmp_path: Path) -> None:
    """The rules set another header on THROTTLED, and say of WAF_FILTERED what the policy says."""
    said = shown(saved(tmp_path, [planned(1), planned(2, 1)]), "table").splitlines()
    heads = [text for text in said if text.startswith("  +")]
    assert sorted(heads) == [
        "  + CREATE THROTTLED   1 API",
        "  + CREATE THROTTLED   1 API   by rules internal, late",
        "  + CREATE WAF_FILTERED   2 APIs",
    ]
    assert "Rules: internal (1 API), late (1 API)" in said


@pytest.mark.parametrize("unread", [False, True])
@pytest.mark.parametrize("form", ["table", "text", "markdown"])
def test_a_rule_or_exemption_that_matches_nothing_is_named_with_its_place(
    tmp_path: Path, form: str, *, unread: bool
) -> None:
    more = [UnreadScope(scope=scope(3), code="AccessDenied", message="no")] if unread else []
    said = shown(saved(tmp_path, [planned(1), *more]), form, "plan" if form == "table" else "review")
    perhaps = "; it may match in what could not be read" if unread else ""
    for nothing in (
        f"Matches nothing: org.yaml:15:5: rule lost matches no REST API{perhaps}",
        f"Matches nothing: org.yaml:20:5: exemption of name legacy-* matches no REST API{perhaps}",
    ):
        assert nothing in said
    assert "rule internal matches no" not in said


def test_what_is_left_alone_is_counted_by_reason(tmp_path: Path) -> None:
    """Two targets of one API for CHG-1, one of another API; and one for CHG-2."""
    items = [exempt(1), exempt(2, "see CHG-1", W), exempt(3, "see CHG-2", T)]
    said = shown(saved(tmp_path, items), "table").splitlines()
    assert "Left alone: 4 targets" in said
    assert "  3 in 2 APIs: Exempt: see CHG-1" in said
    assert "  1 in 1 API: Exempt: see CHG-2" in said
    assert "Plan: 2 to create, 0 to update, 0 to reset, 0 as desired, 4 left alone, in 2 APIs of 2." in said


def test_a_fleet_that_is_all_exempt_is_not_called_empty(tmp_path: Path) -> None:
    said = shown(saved(tmp_path, [exempt(1)]), "table")
    assert "No changes. 0 APIs as desired, 2 targets left alone." in said.splitlines()


def test_owners_are_named_and_counted_where_they_are_known(tmp_path: Path) -> None:
    stack = Owner(kind="cloudformation", name="payments")
    items = [planned(1, name="orders", owner=stack), planned(2, owner=Owner(kind="unknown")), planned(3)]
    said = shown(saved(tmp_path, items), "table").splitlines()
    assert any(
        "orders (api0000001) [cloudformation:payments], api0000002 [unknown], api0000003" in s for s in said
    )
    at = said.index("  owner           APIs  to change")
    assert said[at + 1 : at + 3] == ["  cloudformation     1          1", "  unknown            1          1"]
    assert (
        said[at + 3] == "Managed: 1 API to change is managed by a tool that may put back what is changed here"
    )
    assert "owner" not in shown(saved(tmp_path, [planned(3)]), "table")


def test_the_extent_counts_accounts_regions_and_what_is_skipped(tmp_path: Path) -> None:
    """Three accounts in two regions: five account-regions, and one account that is suspended as a whole."""
    items: list[PlanItem] = [
        planned(1),
        *skipped("RegionOff", scope(1, "me-south-1"), scope(2, "me-south-1")),
        *skipped("not-opted-in", scope(3, "me-south-1")),
        *skipped("DeniedByScp", scope(2)),
        *skipped("SUSPENDED", scope(4, "*")),
    ]
    plan = saved(tmp_path, items)
    left_out = [item for item in items if isinstance(item, SkippedScope)]
    sentence = "4 accounts, 2 regions: 5 account-regions, 5 skipped: 3 off, 1 denied by SCP, 1 suspended"
    assert str(Extent.of(plan.totals, left_out)) == sentence
    said = shown(plan, "table").splitlines()
    assert f"{sentence}." in said
    assert "Skipped: 5 scopes" in said
    at = said.index("  RegionOff: REGION is so in ACCOUNT")
    assert said[at + 1] == "      000000000001/me-south-1, 000000000002/me-south-1"
    assert "      000000000004" in said
    assert not any("me-south-1  " in text for text in said)  # in the table there is only what was looked into


def test_machines_are_told_the_same(tmp_path: Path) -> None:
    stack = Owner(kind="sam", name="x")
    items: list[PlanItem] = [planned(1, 1, owner=stack), exempt(2), *skipped("RegionOff", scope(2))]
    plan = saved(tmp_path, items)
    found = json.loads(shown(plan, "json"))
    lines = [json.loads(text) for text in shown(plan, "jsonl").splitlines()]
    (extent,) = [each for each in lines if each["kind"] == "extent"]
    for told in (found, extent):
        assert told["extent"] == {
            "accounts": 2,
            "regions": 1,
            "account_regions": 2,
            "skipped": {"off": 1},
        }
        assert told["left_alone"] == [{"code": EXEMPT, "message": "see CHG-1", "targets": 2, "apis": 1}]
        assert told["owners"] == {"sam": {"apis": 1, "apis_to_change": 1}}
    (totals,) = [each for each in lines if each["kind"] == "totals"]
    for told in (found["totals"], totals):
        assert [each["rules"] for each in told["variants"]] == [[], ["internal", "late"]]
        assert told["rules"][2] == {"name": "lost", "where": "org.yaml:15:5", "apis": 0}
        assert told["total"]["set_aside"] == 2
    assert found["counts"]["left_alone"] == 2
    assert found["counts"]["skipped_scopes"] == 1
    assert found["items"][0]["api"]["owner"] == {"kind": "sam", "name": "x"}
    assert [item["kind"] for item in found["items"]] == ["api", "api", "skipped-scope"]


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_person_who_approves_sees_it_api_by_api(tmp_path: Path, form: str) -> None:
    noted = replace(planned(1, 1, name="orders", owner=Owner(kind="cdk", name="S")), notes=("it ended",))
    said = shown(saved(tmp_path, [noted, exempt(2)]), form, "review")
    assert "000000000001/eu-west-1/api0000001 orders [cdk:S]" in said
    assert "rules internal, late" in said
    assert "tags: it ended" in said
    assert "THROTTLED left alone: Exempt: see CHG-1" in said
    assert "2 to create, 0 to update, 0 to reset, 0 as desired, 2 left alone, 0 not read, in 2 APIs." in said


@pytest.mark.parametrize(
    ("form", "subject"), [("table", "plan"), ("text", "review"), ("markdown", "review"), ("json", "plan")]
)
def test_hostile_names_of_rules_owners_and_reasons_are_harmless(
    tmp_path: Path, form: str, subject: Subject
) -> None:
    variants = Variants(
        all=(ALL[0], Variant(rules=(EVIL,), desired=INTERNAL)),
        rules=(Matched(name=EVIL, where=EVIL, apis=1), Matched(name=EVIL + "2", where=EVIL)),
    )
    evil = replace(planned(1, 1, name=EVIL, owner=Owner(kind="cdk", name=EVIL)), notes=(EVIL,))
    nowhere = SkippedScope(scope=scope(2), code=EVIL, message=EVIL)
    items: list[PlanItem] = [evil, exempt(2, EVIL), nowhere]
    said = shown(saved(tmp_path, items, variants), form, subject)
    assert "pwned" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def test_what_is_left_alone_does_not_keep_a_fleet_from_being_as_desired(tmp_path: Path) -> None:
    """Of four targets two are as desired and two exempt: 100 percent of those that are meant."""
    own = {t: GatewayResponse(type=t, settings=NEW, default_response=False) for t in (T, W)}
    done = replace(planned(1), changes=diff(own, BASE))
    verdict = json.loads(shown(saved(tmp_path, [done, exempt(2)]), "json"))
    assert (verdict["counts"]["expected"], verdict["percent_as_desired"]) == (4, 100.0)
