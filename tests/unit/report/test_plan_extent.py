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
    UnreadApi,
    UnreadScope,
    Variant,
)
from batchgw.model.change import EXEMPT
from batchgw.model.fleet.selected import Selected
from batchgw.model.owner import OnManaged
from batchgw.model.response_change import TARGETS
from batchgw.planning.diff import diff
from batchgw.planning.frozen import FrozenAccounts
from batchgw.planning.managed import holding
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


def saved(
    path: Path,
    items: Sequence[PlanItem],
    variants: Variants | None = None,
    *,
    looked_into: Sequence[Scope] = (),
) -> Plan:
    header = PlanHeader(
        plan="p", created=0.0, batchgw="1", policy_digest="0", policy_source="org.yaml", desired=BASE
    )
    with PlanWriter(path / "plan", header) as writer:
        for item in items:
            writer.write(item)
        for each in looked_into:
            writer.totals.look_into(each)
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


@pytest.mark.parametrize(
    "unread",
    [
        None,
        UnreadScope(scope=scope(3), code="AccessDenied", message="no"),
        UnreadApi(api=planned(9).api, targets=(TARGETS[T],), code="ExpressionFailed", message="no"),
    ],
)
@pytest.mark.parametrize("form", ["table", "text", "markdown"])
def test_a_rule_or_exemption_that_matches_nothing_is_named_with_its_place(
    tmp_path: Path, form: str, unread: PlanItem | None
) -> None:
    more = [] if unread is None else [unread]
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


def test_what_is_told_of_tags_names_the_first_api(tmp_path: Path) -> None:
    items = [replace(planned(n), notes=("the tag says nothing",)) for n in (1, 2, 3)]
    said = shown(saved(tmp_path, items), "table").splitlines()
    at = said.index("Tags: the tag says nothing (3 APIs)")
    assert said[at + 1] == f"      {planned(1).api} and 2 more"


def test_a_fleet_that_is_all_exempt_is_not_called_empty(tmp_path: Path) -> None:
    said = shown(saved(tmp_path, [exempt(1)]), "table")
    assert "No changes. 0 APIs as desired, 2 targets left alone." in said.splitlines()


def test_owners_are_named_and_counted_where_they_are_known(tmp_path: Path) -> None:
    stack = Owner(kind="cloudformation", name="payments")
    items = [planned(1, name="orders", owner=stack), planned(2, owner=Owner(kind="unknown")), planned(3)]
    said = shown(saved(tmp_path, items), "table").splitlines()
    assert any("orders (api0000001) [cloudformation:payments], api0000002, api0000003" in s for s in said)
    at = said.index("  owner           APIs  to change")
    assert said[at + 1 : at + 3] == ["  cloudformation     1          1", "  unknown            1          1"]
    assert (
        said[at + 3] == "Managed: 1 API to change is managed by a tool that may put back what is changed here"
    )
    assert "owner" not in shown(saved(tmp_path, [planned(3)]), "table")


def test_the_extent_counts_accounts_regions_and_what_is_skipped(tmp_path: Path) -> None:
    """Three accounts in two regions: five account-regions. One account is suspended as a whole: that is none.

    Nor is an account whose regions nobody can tell.
    """
    items: list[PlanItem] = [
        planned(1),
        UnreadScope(scope=scope(5, "*"), code="CredentialsUnavailable", message="no role"),
        *skipped("RegionOff", scope(1, "me-south-1"), scope(2, "me-south-1")),
        *skipped("not-opted-in", scope(3, "me-south-1")),
        *skipped("DeniedByScp", scope(2)),
        *skipped("SUSPENDED", scope(4, "*")),
    ]
    plan = saved(tmp_path, items)
    left_out = [item for item in items if isinstance(item, SkippedScope)]
    sentence = (
        "5 accounts, 2 regions: 5 account-regions, 4 skipped: 3 off, 1 denied by SCP; "
        "1 account skipped as a whole: 1 suspended; of 1 account the regions could not be told"
    )
    assert str(Extent.of(plan.totals, left_out)) == sentence
    said = shown(plan, "table").splitlines()
    assert f"{sentence}." in said
    assert "Not read to the end: 1 account" in said
    at = said.index("Skipped: 4 scopes and 1 account")
    assert said[at + 1 : at + 5] == [
        "  3 off: 000000000001/me-south-1, 000000000002/me-south-1, 000000000003/me-south-1",
        "  1 denied by SCP: 000000000002/eu-west-1",
        "      REGION is so in ACCOUNT",
        "  1 account suspended: 000000000004",
    ]
    assert not any("me-south-1  " in text for text in said)  # in the table there is only what was looked into


@pytest.mark.parametrize("form", ["table", "text", "markdown"])
def test_what_is_skipped_takes_a_line_a_reason_however_much_it_is(tmp_path: Path, form: str) -> None:
    """Of five accounts ten regions each are off, and of one account two."""
    regions = [f"xx-east-{n}" for n in range(10)]
    off = [scope(n, region) for n in range(1, 6) for region in regions] + [scope(6, r) for r in regions[:2]]
    items: list[PlanItem] = [planned(1), *skipped("DISABLED", *off)]
    items += skipped("CLOSED", scope(7, "*"), scope(8, "*"))
    said = shown(saved(tmp_path, items), form, "plan" if form == "table" else "review").splitlines()
    said = [text.removeprefix("- `").removesuffix("`") for text in said]  # Markdown has them as a list
    at = said.index("Skipped: 52 scopes and 2 accounts; --output jsonl names all")
    accounts = ", ".join(f"00000000000{n} in 10 regions" for n in (1, 2, 3))
    assert said[at + 1 : at + 3] == [
        f"  52 off: {accounts} and 22 more",
        "  2 accounts closed: 000000000007, 000000000008",
    ]
    assert not any("not looked into" in text for text in said)


def test_account_regions_without_apis_are_counted_in_one_line(tmp_path: Path) -> None:
    """A table with a row of zeros for each is read by nobody. What was not read has a row all the same."""
    unread = UnreadScope(scope=scope(7), code="AccessDenied", message="no")

    def told(empty: int, selected: Selected | None = None) -> list[str]:
        plan = saved(tmp_path, [planned(1), unread], looked_into=[scope(n) for n in range(10, 10 + empty)])
        plan.totals.selected = selected
        return shown(plan, "table").splitlines()

    said = told(1_234)
    at = said.index("  1,234 account-regions have no REST API")
    assert [text.split()[0] for text in said[at - 4 : at]] == [
        "scope",
        "000000000001/eu-west-1",
        "000000000007/eu-west-1",
        "total",
    ]
    few = "  2 account-regions have no REST API: 000000000010/eu-west-1, 000000000011/eu-west-1"
    assert few in told(2)
    assert not any("has no REST API" in text or "have no" in text for text in told(0))
    one = "  1 account-region has no REST API that is selected: 000000000010/eu-west-1"
    assert one in told(1, Selected(found=4, selected=1))
    assert "  1 account-region has no REST API: 000000000010/eu-west-1" in told(
        1, Selected(found=1, selected=1)
    )


def test_machines_are_told_the_same(tmp_path: Path) -> None:
    stack = Owner(kind="sam", name="x")
    left_out = [*skipped("RegionOff", scope(2)), *skipped("SUSPENDED", scope(3, "*"))]
    items: list[PlanItem] = [planned(1, 1, owner=stack), exempt(2), *left_out]
    plan = saved(tmp_path, items)
    found = json.loads(shown(plan, "json"))
    lines = [json.loads(text) for text in shown(plan, "jsonl").splitlines()]
    (extent,) = [each for each in lines if each["kind"] == "extent"]
    for told in (found, extent):
        assert told["extent"] == {
            "accounts": 3,
            "regions": 1,
            "account_regions": 2,
            "skipped": {"off": 1},
            "skipped_accounts": {"suspended": 1},
            "unknown_accounts": 0,
        }
        assert told["left_alone"] == [{"code": EXEMPT, "message": "see CHG-1", "targets": 2, "apis": 1}]
        assert told["owners"] == {"sam": {"apis": 1, "apis_to_change": 1}}
    (totals,) = [each for each in lines if each["kind"] == "totals"]
    for told in (found["totals"], totals):
        assert [each["rules"] for each in told["variants"]] == [[], ["internal", "late"]]
        assert told["rules"][2] == {"name": "lost", "where": "org.yaml:15:5", "apis": 0}
        assert told["total"]["set_aside"] == 2
        assert list(told["scopes"]) == [str(scope(1))]  # what is skipped has no row of zeros
        assert told["total"]["skipped_scopes"] == 2
    assert found["counts"]["left_alone"] == 2
    assert (found["counts"]["skipped_scopes"], found["counts"]["skipped_accounts"]) == (1, 1)
    assert found["items"][0]["api"]["owner"] == {"kind": "sam", "name": "x"}
    assert [item["kind"] for item in found["items"]] == ["api", "api", "skipped-scope", "skipped-scope"]


def managed(n: int) -> UnreadApi:
    """An API that another tool manages, under --on-managed fail."""
    api = planned(n, owner=Owner(kind="cloudformation", name="orders")).api
    hold = holding(OnManaged.FAIL)
    assert hold is not None
    held = hold(api)
    assert held is not None
    return UnreadApi(api=api, targets=(TARGETS[T], TARGETS[W]), code=held.code, message=held.message)


MANAGED_WHY = (
    "left alone: Managed: managed by cloudformation:orders, which --on-managed fail makes a failure, so "
    "nothing is written to it: change it there"
)


def test_an_api_that_is_managed_is_no_unread_one_where_that_is_a_failure(tmp_path: Path) -> None:
    """Nothing kept it from being read, and so rules that match nothing do not match in it, either."""
    said = shown(saved(tmp_path, [managed(1), managed(2)]), "table").splitlines()
    assert f"2 APIs {MANAGED_WHY}" in said
    head, row = said[0], said[1]
    assert head.split()[-3:] == ["managed", "unread", "time"]
    assert row.split()[-2:] == ["2", "0"]
    idle = [text for text in said if text.startswith("Matches nothing")]
    assert idle
    assert not [text for text in idle if "could not be read" in text]
    assert "No changes found, but 2 APIs are managed by another tool: that is a failure here." in said


def test_machines_and_who_approves_are_told_that_it_is_managed(tmp_path: Path) -> None:
    unread = UnreadApi(api=planned(3).api, targets=(TARGETS[T],), code="ServiceFailure", message="500")
    plan = saved(tmp_path, [managed(1), unread])
    found = json.loads(shown(plan, "json"))
    assert [each["kind"] for each in found["items"]] == ["managed-api", "unread-api"]
    assert (found["counts"]["managed"], found["counts"]["unread"]) == (2, 1)
    assert (found["totals"]["total"]["managed_apis"], found["totals"]["total"]["unread_apis"]) == (1, 2)
    for form in ("text", "markdown"):
        said = shown(plan, form, "review")
        assert MANAGED_WHY in said
        assert "0 left alone, 2 of managed APIs, 1 not read" in said


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


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_who_approves_sees_who_said_the_regions_and_that_something_may_be_missing(
    tmp_path: Path, form: str
) -> None:
    plan = saved(tmp_path, [planned(1), UnreadScope(scope=scope(3), code="AccessDenied", message="no")])
    who = {
        AccountId("1"): "account:ListRegions",
        AccountId("2"): "sts",
        AccountId("3"): "account:ListRegions",
    }
    plan.totals.frozen = FrozenAccounts(regions=who)
    said = shown(plan, form, "review")
    assert "by account:ListRegions (2 accounts), by sts (1 account)" in said
    assert "0+? not read" in said


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("account:ListRegions", ""),  # as usual
        ("sts", "Regions: by account:ListRegions (1 account), by sts (1 account)."),
    ],
)
def test_a_plan_tells_where_somebody_else_than_account_management_said_the_regions(
    tmp_path: Path, second: str, said: str
) -> None:
    plan = saved(tmp_path, [planned(1), *skipped("DISABLED", scope(2))])
    plan.totals.frozen = FrozenAccounts(
        regions={AccountId("1"): "account:ListRegions", AccountId("2"): second}
    )
    assert [text for text in shown(plan, "table").splitlines() if text.startswith("Regions")] == (
        [said] if said else []
    )
