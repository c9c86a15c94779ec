"""A plan on a screen: equal changes once, hostile names harmless, no larger for a larger fleet."""

from __future__ import annotations

from batchgw.model import (
    AccountId,
    Desired,
    GatewayResponse,
    PlanItem,
    PlannedApi,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Rule,
    Scope,
    Settings,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.response_change import TARGETS
from batchgw.planning.coverage import owed, uncovered
from batchgw.planning.diff import diff
from batchgw.planning.estimate import Work, estimate
from batchgw.planning.totals import PlanTotals
from batchgw.planning.variants import alike
from batchgw.report.plan_fold import GROUPS, PlanFold
from batchgw.report.views.lines.customised import customised_lines
from batchgw.report.views.lines.plan import PlanScreen
from batchgw.report.views.text import plain

T = ResponseType.THROTTLED
DESIRED = Desired(rules={T: Rule(settings=Settings(parameters={"gatewayresponse.header.X": "'new'"}))})


def scope(n: int = 1, region: str = "eu-west-1") -> Scope:
    return Scope(account=AccountId(f"{n:012}"), region=Region(region))


def planned(
    n: int, *, header: str | None = None, in_scope: Scope | None = None, name: str = ""
) -> PlannedApi:
    """An API of which THROTTLED is customised with a header X, or not at all."""
    observed = {}
    if header is not None:
        own = Settings(status_code="429", parameters={"gatewayresponse.header.X": f"'{header}'"})
        observed[T] = GatewayResponse(type=T, settings=own, default_response=False)
    api = RestApi(scope=in_scope or scope(), id=RestApiId(f"api{n:07}"), name=name)
    return PlannedApi(api=api, changes=diff(observed, DESIRED))


def shown(*items: PlanItem, drift: bool = False) -> list[str]:
    fold, totals = PlanFold(alike(DESIRED)), PlanTotals()
    for item in items:
        fold.add(item)
        totals.add(item)
    view = PlanScreen(fold=fold, totals=totals, estimate=estimate(totals, Work.APPLY), drift=drift)
    return [plain(each) for each in view.lines()]


def test_one_change_of_many_apis_is_shown_once_with_where_it_goes() -> None:
    lines = shown(*(planned(n, name=f"a{n}") for n in range(5)), planned(9, in_scope=scope(2)))
    assert lines[:4] == [
        "  + CREATE THROTTLED   6 APIs in 2 scopes",
        "      + header X: 'new'",
        "      000000000001/eu-west-1: a0 (api0000000), a1 (api0000001), a2 (api0000002) and 2 more",
        "      000000000002/eu-west-1: api0000009",
    ]


def test_different_changes_are_told_apart_the_most_frequent_first() -> None:
    lines = shown(planned(1, header="a"), planned(2, header="b"), planned(3, header="b"))
    heads = [text for text in lines if text.startswith("  ~")]
    assert heads == ["  ~ UPDATE THROTTLED   2 APIs", "  ~ UPDATE THROTTLED   1 API"]
    assert "      ~ header X: 'b' → 'new'" in lines


def test_the_verdict_counts_and_says_how_long() -> None:
    """101 writes in one scope: 40 at once, 61 at 10 a second."""
    lines = shown(*(planned(n) for n in range(101)), planned(200, header="new"))
    assert lines[-2] == "Plan: 101 to create, 0 to update, 0 to reset, 1 as desired, in 101 APIs of 102."
    assert lines[-1] == "An apply makes 101 calls: about 6.1 s at the quota."


def test_what_an_apply_reads_is_told_beside_what_it_writes() -> None:
    """102 APIs: a page to list, 102 to read, 101 to write; 40 at once, 164 at 10 a second."""
    items = [*(planned(n) for n in range(101)), planned(200, header="new")]
    fold, totals = PlanFold(alike(DESIRED)), PlanTotals()
    for item in items:
        fold.add(item)
        totals.add(item)
    *_, last = PlanScreen(fold=fold, totals=totals, estimate=estimate(totals)).lines()
    assert plain(last) == (
        "An apply makes 204 calls (1 to list, 102 to read, 101 to write): about 16 s at the quota."
    )


def test_no_changes() -> None:
    assert shown(planned(1, header="new"))[-1] == "No changes. 1 API as desired."
    assert shown(planned(1, header="new"), drift=True)[-1] == "No drift. 1 API as desired."


def test_no_api_selected_is_said_and_not_called_compliant() -> None:
    assert shown()[-1] == "No REST API is selected: there is nothing to compare."


def test_what_could_not_be_read_is_never_called_compliant() -> None:
    refused = UnreadScope(scope=scope(3), code="AccessDenied", message="no apigateway:GET in 000000000003")
    lines = shown(planned(1, header="new"), refused)
    assert lines[-1] == "No changes found, but not everything could be read."
    assert "Not read to the end: 1 scope" in lines
    assert "  AccessDenied: no apigateway:GET in 000000000003" in lines


def test_a_reason_many_scopes_share_is_given_once() -> None:
    refused = [
        UnreadScope(scope=scope(n), code="AccessDenied", message=f"no role in {n:012}") for n in (3, 4)
    ]
    lines = shown(*refused)
    assert "  AccessDenied: no role in ACCOUNT" in lines
    assert "      000000000003/eu-west-1, 000000000004/eu-west-1" in lines


def test_a_denial_that_many_apis_share_is_given_once() -> None:
    """It names account, region, API or stack of each."""

    def refused(n: int, resource: str) -> UnreadApi:
        api = planned(n, in_scope=scope(n)).api
        message = f"role of {n:012} may not x:Y on {api.scope.region}:{n:012}{resource.format(api.id)}"
        return UnreadApi(api=api, targets=(TARGETS[T],), code="ApiDenied", message=message)

    lines = shown(*(refused(n, "::/restapis/{0}/stages") for n in (1, 2, 3)))
    stages = "role of ACCOUNT may not x:Y on REGION:ACCOUNT::/restapis/<id>/stages"
    at = lines.index(f"3 APIs could not be read: ApiDenied: {stages}")
    assert lines[at + 1] == "      000000000001/eu-west-1/api0000001 and 2 more; --output jsonl names all"
    lines = shown(*(refused(n, f":stack/orders-{n}/uuid-{n}") for n in (1, 2, 3)))
    stack = "role of ACCOUNT may not x:Y on REGION:ACCOUNT:stack/<id>"
    assert f"3 APIs could not be read: ApiDenied: {stack}" in lines


def test_apis_left_alone_on_purpose_do_not_make_a_plan_incomplete() -> None:
    gone = UnreadApi(
        api=planned(1).api, targets=(TARGETS[T],), code="ApiNotFound", message="api0000001 is gone"
    )
    failing = UnreadApi(
        api=planned(2).api, targets=(TARGETS[T],), code="ServiceFailure", message="api0000002: 500"
    )
    incomplete = "No changes found, but not everything could be read."
    assert incomplete not in shown(gone)
    assert shown(gone, failing)[-1] == incomplete


def test_hostile_names_are_harmless() -> None:
    (line,) = [t for t in shown(planned(1, name="\x1b]0;pwned\x07\u202e")) if "api0000001" in t]
    assert "\\x1b]0;pwned\\x07\\u202e (api0000001)" in line


def test_a_screen_stays_a_screen_whatever_the_fleet() -> None:
    many = [planned(n, header=f"old {n}", in_scope=scope(n % 50)) for n in range(GROUPS + 500)]
    lines = shown(*many)
    assert len(lines) < 250
    assert any("more changes; all of them: --output json" in text for text in lines)
    fold = PlanFold(alike(DESIRED))
    for item in many:
        fold.add(item)
    groups = list(fold.groups())
    assert len(groups) == GROUPS + 1
    assert sum(group.apis for group in groups) == GROUPS + 500


FAMILY = Settings(parameters={"gatewayresponse.header.X": "'1'", "gatewayresponse.header.Y": "'2'"})
COVERING = Desired(rules={ResponseType.DEFAULT_4XX: Rule(settings=FAMILY)}, wherever_customised={T: FAMILY})


def team(n: int, desired: Desired, *own: ResponseType) -> PlannedApi:
    """An API of which these types are customised, without headers."""
    observed = {t: GatewayResponse(type=t, settings=Settings(), default_response=False) for t in own}
    return PlannedApi(
        api=RestApi(scope=scope(), id=RestApiId(f"api{n:07}")),
        changes=diff(observed, desired),
        uncovered=uncovered(observed, owed(desired)),
    )


def fold_of(desired: Desired, *items: PlannedApi) -> PlanFold:
    fold = PlanFold(alike(desired))
    for item in items:
        fold.add(item)
    return fold


def test_changes_to_what_apis_customised_themselves_are_counted_and_told_how_to_avoid() -> None:
    """Two of them are customised; the families' changes do not count."""
    found = fold_of(COVERING, team(1, COVERING, T), team(2, COVERING), team(3, COVERING, T)).customised
    assert (found.changes, found.apis, found.uncovered) == (2, 2, {})
    told = " ".join(plain(each) for each in customised_lines(found))
    assert "2 changes in 2 APIs are to types that an API customised itself." in told
    assert "`wherever_customised` and most presets change those, too;" in told
    assert "with `types: [DEFAULT_4XX, DEFAULT_5XX]` a preset leaves them alone." in told


def test_customised_types_without_the_headers_of_their_family_are_told_with_counts() -> None:
    """INTEGRATION_TIMEOUT is of a family that the policy says nothing about."""
    desired = Desired(rules={ResponseType.DEFAULT_4XX: Rule(settings=FAMILY)})
    unauthorized, timeout = ResponseType.UNAUTHORIZED, ResponseType.INTEGRATION_TIMEOUT
    items = [team(1, desired, T, timeout), team(2, desired, unauthorized), team(3, desired, unauthorized)]
    found = fold_of(desired, *items).customised
    assert found.to_json() == {
        "changes": 0,
        "apis": 0,
        "uncovered": [
            {"change": "response", "target": "THROTTLED", "apis": 1, "headers": ["X", "Y"]},
            {"change": "response", "target": "UNAUTHORIZED", "apis": 2, "headers": ["X", "Y"]},
        ],
    }
    assert [plain(each) for each in customised_lines(found)][2:4] == [
        "  THROTTLED in 1 API: X, Y",
        "  UNAUTHORIZED in 2 APIs: X, Y",
    ]


def test_where_no_type_is_customised_there_is_nothing_to_tell() -> None:
    assert list(customised_lines(fold_of(COVERING, team(1, COVERING)).customised)) == []
