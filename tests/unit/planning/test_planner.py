"""Each selected API becomes one item, whatever cannot be read, and no call is made in vain."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import replace

import anyio
import pytest

import batchgw
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations import GetGatewayResponses
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.discovery.estate import FoundScope
from batchgw.discovery.selection_count import SelectionCount
from batchgw.errors import (
    AccessDenied,
    BadRequest,
    CallError,
    ConnectionFailed,
    CredentialsExpired,
    CredentialsRejected,
    CredentialsUnavailable,
    DeniedByScp,
    RegionOff,
    ServiceFailure,
)
from batchgw.events import Event, NullObserver, Observer, ScopeFound, ScopesFound
from batchgw.execution.reading.planner import Planner
from batchgw.journal import JSON
from batchgw.model import (
    Account,
    AccountId,
    Desired,
    ExplicitApi,
    OneForAll,
    OuPattern,
    Owner,
    PlanItem,
    PlannedApi,
    Policy,
    ResponseType,
    RestApi,
    Rule,
    Rulebook,
    Scope,
    Selection,
    Selector,
    Settings,
    SkippedScope,
    Targets,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.change import ENDS_SCOPE, EXCLUDED, EXEMPT, MANAGED, NO_SUCH_API, NOT_A_TARGET
from batchgw.model.owner import OnManaged
from batchgw.planning.kinds import expected
from batchgw.planning.managed import Held, holding
from batchgw.planning.variants import Variants
from tests.unit.listed_apis import DUBLIN, OHIO, TOKYO, ListedApis, api
from tests.unit.rulebooks import ByName
from tests.virtual import virtually

DESIRED = Desired(
    rules={
        ResponseType.DEFAULT_4XX: Rule(settings=Settings(status_code="418")),
        ResponseType.THROTTLED: Rule(settings=None),
    }
)
SCOPES = (DUBLIN, OHIO, TOKYO)
A, B, C = (api(name) for name in "abc")
NOT_EXEMPT = (Selector(tags={"exempt": "true"}),)


class TwoAtOnce:
    def workers(self, _: Scope) -> Callable[[], int]:
        return lambda: 2

    def expect(self, scope: Scope, calls: float) -> None:
        pass


class Noted:
    def __init__(self, events: list[Event]) -> None:
        self.events = events

    def notify(self, event: Event) -> None:
        self.events.append(event)


def planning(
    plane: ControlPlane,
    selection: Selection | None = None,
    *,
    rulebook: Rulebook | None = None,
    observer: Observer | None = None,
    accounts: Mapping[AccountId, Account] | None = None,
    hold: Callable[[RestApi], Held | None] | None = None,
) -> tuple[Planner, list[PlanItem]]:
    items: list[PlanItem] = []
    selection = selection or Selection()
    base = DESIRED if not isinstance(rulebook, ByName) else rulebook.base
    planner = Planner(
        plane,
        policy=Policy(desired=base, targets=Targets(apis=selection), rulebook=rulebook),
        sink=items.append,
        observer=observer or NullObserver(),
        pacing=TwoAtOnce(),
        count=SelectionCount(selection, accounts=accounts or {}),
        accounts=accounts,
        hold=hold,
    )
    return planner, items


def planned(
    plane: ControlPlane, selection: Selection | None = None, scopes: tuple[FoundScope, ...] = SCOPES
) -> list[PlanItem]:
    planner, items = planning(plane, selection)
    virtually(lambda: planner.run(stream(scopes)))
    return items


def by_rules(
    plane: ControlPlane,
    rulebook: Rulebook,
    selection: Selection | None = None,
    *,
    accounts: Mapping[AccountId, Account] | None = None,
    hold: Callable[[RestApi], Held | None] | None = None,
) -> tuple[list[PlanItem], Variants]:
    planner, items = planning(plane, selection, rulebook=rulebook, accounts=accounts, hold=hold)
    virtually(lambda: planner.run(stream(SCOPES)))
    return items, planner.variants


async def stream(scopes: Iterable[FoundScope]) -> AsyncGenerator[FoundScope, None]:
    for scope in scopes:
        yield scope


def in_short(items: list[PlanItem]) -> list[tuple[str, str]]:
    """Items in short: `(API or unread scope, "read" or code)`, sorted."""
    short = []
    for item in items:
        match item:
            case PlannedApi():
                short.append((str(item.api), "read"))
            case UnreadApi():
                assert item.targets == expected(DESIRED)
                short.append((str(item.api), item.code))
            case UnreadScope() | SkippedScope():
                short.append((str(item.scope), item.code))
    return sorted(short)


def names(*texts: str) -> Selection:
    return Selection(explicit=tuple(ExplicitApi(id=api(t).id) for t in texts))


class TestKinds:
    def test_the_errors_that_end_a_scope_are_the_trees_own(self) -> None:
        """Written out once, so that a new one is noticed."""
        assert sorted(ENDS_SCOPE) == [
            "AccessDenied",
            "ConnectionFailed",
            "CredentialsExpired",
            "CredentialsRejected",
            "CredentialsUnavailable",
            "DeniedByScp",
            "EndpointUnreachable",
            "ForeignDenial",
            "OtherAccountAnswered",
            "RegionOff",
            "ScopeError",
            "Starved",
            "WrongAccount",
        ]

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("ApiNotFound", "skipped"),
            (EXCLUDED, "skipped"),
            ("AccessDenied", "not_attempted"),
            ("CredentialsExpired", "not_attempted"),
            ("ConnectionFailed", "not_attempted"),
            ("ConnectionCut", "failed"),
            ("ServiceFailure", "failed"),
            ("BadRequest", "failed"),
            (NO_SUCH_API, "failed"),
            (NOT_A_TARGET, "failed"),
            ("SomethingOfALaterVersion", "failed"),
        ],
    )
    def test_an_unread_api_is_judged_by_its_code(self, code: str, kind: str) -> None:
        unread = UnreadApi(api=A, targets=expected(DESIRED), code=code, message="m")
        assert unread.kind == kind
        assert unread.skipped is (kind == "skipped")


class TestGivenUp:
    @pytest.mark.parametrize(
        "error",
        [
            AccessDenied("no GET /restapis/*/gatewayresponses"),
            CredentialsRejected("unknown"),
            CredentialsExpired("too old"),
            CredentialsUnavailable("none"),
            ConnectionFailed("refused"),
        ],
    )
    def test_a_scope_given_up_while_reading_says_so_and_what_it_listed_is_not_attempted(
        self, error: CallError
    ) -> None:
        """20 are listed; the ninth answer ends the scope. Each listed API has an item; the scope has one."""
        apis = [api(f"n{n:02}") for n in range(20)]
        refused: dict[Scope | tuple[Scope, str], CallError] = {(DUBLIN, a.id): error for a in apis[8:]}
        plane = ListedApis(
            {(DUBLIN, None): (apis, None), (OHIO, None): ([api("o", OHIO)], None)}, refused=refused
        )
        items = planned(PacedControlPlane(plane))
        assert Counter(code for _, code in in_short(items)) == {"read": 9, type(error).__name__: 13}
        unread = [item for item in items if isinstance(item, UnreadApi)]
        assert {item.kind for item in unread} == {"not_attempted"}
        assert sorted(str(item.api) for item in unread) == [str(a) for a in apis[8:]]
        assert [i.scope for i in items if isinstance(i, UnreadScope)] == [DUBLIN]
        asked = {r.api for r in plane.asked if isinstance(r, GetGatewayResponses) and r.scope == DUBLIN}
        first = 3 if isinstance(error, AccessDenied) else 1  # of anything else one is enough
        assert len(asked) <= 8 + first + 1  # two workers were at it; of the others none was asked

    def test_an_error_about_one_api_ends_no_scope(self) -> None:
        plane = ListedApis(
            {(DUBLIN, None): ([A, B, C], None)}, refused={(DUBLIN, "b"): BadRequest("as it stands")}
        )
        assert in_short(planned(plane)) == [(str(A), "read"), (str(B), "BadRequest"), (str(C), "read")]

    def test_an_error_class_says_itself_whether_it_ends_its_scope(self) -> None:
        """`ends_scope` counts, wherever the class stands in the tree."""

        class Suspended(CallError):
            ends_scope = True

        plane = ListedApis({(DUBLIN, None): ([A], None)}, refused={(DUBLIN, "a"): Suspended("by its owner")})
        assert in_short(planned(plane)) == [(str(DUBLIN), "Suspended"), (str(A), "Suspended")]

    def test_one_deleted_after_it_was_listed_is_skipped(self) -> None:
        plane = ListedApis({(DUBLIN, None): ([A, B], None)}, there=[A])
        assert in_short(planned(plane)) == [(str(A), "read"), (str(B), "ApiNotFound")]


class TestListings:
    def test_an_api_on_two_pages_is_planned_once(self) -> None:
        plane = ListedApis({(DUBLIN, None): ([A, B], "2"), (DUBLIN, "2"): ([B, C], None)})
        assert in_short(planned(plane)) == [(str(A), "read"), (str(B), "read"), (str(C), "read")]

    def test_a_listing_in_a_circle_leaves_the_scope_unread(self) -> None:
        plane = ListedApis({(DUBLIN, None): ([A], "2"), (DUBLIN, "2"): ([B], "2")})
        assert in_short(planned(plane)) == [
            (str(DUBLIN), "ServiceFailure"),
            (str(A), "read"),
            (str(B), "read"),
        ]


class TestNamed:
    """APIs named by id, looked for in Dublin, Ohio and Tokyo."""

    def test_what_is_found_is_not_missed_where_nothing_can_be_read(self) -> None:
        plane = ListedApis(there=[A], refused={OHIO: AccessDenied("no"), TOKYO: ConnectionFailed("refused")})
        assert in_short(planned(plane, names("a"))) == [(str(A), "read")]

    def test_also_when_tags_must_be_known_to_decide(self) -> None:
        plane = ListedApis({(DUBLIN, None): ([A, B], None)}, refused={OHIO: AccessDenied("no")})
        selection = Selection(explicit=names("a").explicit, exclude=NOT_EXEMPT)
        assert in_short(planned(plane, selection)) == [(str(A), "read")]

    def test_what_may_be_in_the_only_scope_that_cannot_be_read_is_not_attempted_there(self) -> None:
        plane = ListedApis(there=[A], refused={OHIO: AccessDenied("no")})
        items = planned(plane, names("a", "b"))
        assert in_short(items) == [
            (str(A), "read"),
            (str(OHIO), "AccessDenied"),
            (str(api("b", OHIO)), "AccessDenied"),
        ]
        (unread,) = (item for item in items if isinstance(item, UnreadApi))
        assert (unread.kind, unread.message) == ("not_attempted", "no")

    def test_what_may_be_in_several_is_told_once(self) -> None:
        plane = ListedApis(refused={OHIO: AccessDenied("no"), TOKYO: AccessDenied("nor here")})
        items = planned(plane, names("a"))
        assert in_short(items) == [
            ("*/*/a", "AccessDenied"),
            (str(OHIO), "AccessDenied"),
            (str(TOKYO), "AccessDenied"),
        ]
        (unread,) = (item for item in items if isinstance(item, UnreadApi))
        assert unread.message == (
            "it may be in any of 2 account-regions that could not be read; in 111111111111/us-east-2: no"
        )

    def test_what_was_not_listed_to_the_end_may_hold_it(self) -> None:
        """Dublin's second page fails, after which nobody can say that there is no B."""
        plane = ListedApis({(DUBLIN, None): ([A], "2"), (DUBLIN, "2"): ([C], "2")})
        selection = Selection(explicit=names("a", "b").explicit, exclude=NOT_EXEMPT)
        assert in_short(planned(plane, selection)) == [
            (str(DUBLIN), "ServiceFailure"),
            (str(A), "read"),
            (str(B), "ServiceFailure"),
        ]

    def test_an_api_that_cannot_be_read_where_it_is_listed_was_found(self) -> None:
        plane = ListedApis(
            {(DUBLIN, None): ([A], None)},
            refused={(DUBLIN, "a"): ServiceFailure("500"), OHIO: AccessDenied("no")},
        )
        selection = Selection(explicit=names("a").explicit, exclude=NOT_EXEMPT)
        assert in_short(planned(plane, selection)) == [(str(A), "ServiceFailure")]

    def test_one_that_keeps_failing_fails_unless_another_scope_has_it(self) -> None:
        refused: dict[Scope | tuple[Scope, str], CallError] = {(OHIO, "a"): ServiceFailure("500")}
        assert in_short(planned(ListedApis(there=[A], refused=refused), names("a"))) == [(str(A), "read")]
        assert in_short(planned(ListedApis(refused=refused), names("a"))) == [
            (str(api("a", OHIO)), "ServiceFailure")
        ]

    def test_what_no_scope_has_is_said_to_be_nowhere(self) -> None:
        items = planned(ListedApis(), names("a"))
        assert in_short(items) == [("*/*/a", NO_SUCH_API)]
        assert "any of 3 account-regions" in str(items[0])

    def test_one_id_in_two_regions_is_two_apis(self) -> None:
        """Dublin and Ohio have theirs, Tokyo does not."""
        explicit = tuple(
            ExplicitApi(id=A.id, account=s.account, region=s.region) for s in (DUBLIN, OHIO, TOKYO)
        )
        plane = ListedApis(there=[A, api("a", OHIO)])
        assert in_short(planned(plane, Selection(explicit=explicit))) == [
            (str(A), "read"),
            (str(api("a", OHIO)), "read"),
            (str(api("a", TOKYO)), NO_SUCH_API),
        ]

    def test_an_included_id_that_no_scope_has_is_missed(self) -> None:
        plane = ListedApis({(DUBLIN, None): ([A], None)})
        selection = Selection(include=(Selector(id=A.id), Selector(id=B.id)))
        assert in_short(planned(plane, selection)) == [("*/*/b", NO_SUCH_API), (str(A), "read")]

    def test_named_in_two_ways_and_missing_it_is_one_item(self) -> None:
        """As `a` it may be in Dublin or Ohio, as `us-east-2/a` only in Ohio; only Ohio cannot be read."""
        selection = Selection(explicit=(ExplicitApi(id=A.id), ExplicitApi(id=A.id, region=OHIO.region)))
        plane = ListedApis(refused={OHIO: AccessDenied("no")})
        assert in_short(planned(plane, selection)) == [
            (str(OHIO), "AccessDenied"),
            (str(api("a", OHIO)), "AccessDenied"),
        ]

    def test_named_with_its_region_only_that_region_is_read(self) -> None:
        selection = Selection(
            explicit=(ExplicitApi(id=A.id, account=DUBLIN.account, region=DUBLIN.region),),
            exclude=NOT_EXEMPT,
        )
        plane = ListedApis({(DUBLIN, None): ([A], None)}, refused={OHIO: AccessDenied("no")})
        assert in_short(planned(plane, selection)) == [(str(A), "read")]
        assert (plane.listings(OHIO), plane.listings(TOKYO)) == (0, 0)

    @pytest.mark.parametrize(
        ("explicit", "place", "message"),
        [
            (
                ExplicitApi(id=A.id, region=DUBLIN.region),
                "*/eu-west-1/a",
                "eu-west-1/a is named, but region eu-west-1 is not among the targets of this run",
            ),
            (
                ExplicitApi(id=A.id, account=TOKYO.account, region=OHIO.region),
                "222222222222/us-east-2/a",
                "222222222222/us-east-2/a is named, but account 222222222222 in region us-east-2 is not",
            ),
        ],
    )
    def test_named_where_the_run_does_not_look(self, explicit: ExplicitApi, place: str, message: str) -> None:
        plane = ListedApis(there=[A])
        (item,) = planned(plane, Selection(explicit=(explicit,)), scopes=(OHIO,))
        assert in_short([item]) == [(place, NOT_A_TARGET)]
        assert isinstance(item, UnreadApi)
        assert item.message.startswith(message)
        assert "--region" in item.message
        assert plane.asked == []

    def test_an_included_id_that_is_exempt_is_excluded_not_missing(self) -> None:
        exempt = api("x", exempt=True)
        plane = ListedApis({(DUBLIN, None): ([A, exempt], None)})
        selection = Selection(include=(Selector(id=exempt.id), Selector(name="*a")), exclude=NOT_EXEMPT)
        assert in_short(planned(plane, selection)) == [(str(A), "read"), (str(exempt), EXCLUDED)]

    def test_an_included_id_does_not_make_unreadable_scopes_well(self) -> None:
        """The other rules may mean APIs there."""
        plane = ListedApis({(DUBLIN, None): ([A], None)}, refused={OHIO: AccessDenied("no")})
        selection = Selection(include=(Selector(id=A.id), Selector(name="b*")))
        assert in_short(planned(plane, selection)) == [(str(A), "read"), (str(OHIO), "AccessDenied")]


def test_a_plan_keeps_no_secret_of_a_url_among_the_options_of_a_library_s_caller() -> None:
    targets = Targets(accounts=(DUBLIN.account,), regions=(DUBLIN.region,))
    policy = Policy(desired=Desired(rules={}), targets=targets)
    options: dict[str, JSON] = {"endpoint_url": "https://me:hunter2@h.test/x?token=hunter2", "rate": 5}

    async def main() -> Mapping[str, JSON]:
        with await batchgw.plan(policy, plane=PacedControlPlane(ListedApis()), options=options) as plan:
            return plan.header.options

    assert virtually(main) == {"endpoint_url": "https://h.test/x", "rate": 5}


class TestRules:
    """A policy that sets THROTTLED in all APIs, and something else in some."""

    OURS = Rule(settings=Settings(status_code="430"))
    BASE = Desired(rules={ResponseType.THROTTLED: Rule(settings=Settings(status_code="429"))})

    def test_each_api_is_compared_with_what_it_shall_be(self) -> None:
        """A is of the policy alone, B and C of the rule; variants are numbered as they come."""
        book = ByName(self.BASE, {"the [bc]": {ResponseType.THROTTLED: self.OURS}, "idle": {}})
        plane = ListedApis({(DUBLIN, None): ([B, A, C], None)})
        items, variants = by_rules(plane, book)
        found = {str(i.api.id): (i.variant, i.changes[0].after) for i in items if isinstance(i, PlannedApi)}
        assert found == {
            "a": (0, Settings(status_code="429")),
            "b": (1, Settings(status_code="430")),
            "c": (1, Settings(status_code="430")),
        }
        assert [each.rules for each in variants.all] == [(), ("the [bc]",)]
        assert [(each.name, each.apis) for each in variants.rules] == [("the [bc]", 2), ("idle", 0)]

    def test_an_exempt_target_is_set_aside_and_not_compared(self) -> None:
        book = ByName(DESIRED, exempt={"the a": [ResponseType.THROTTLED], "x": [ResponseType.THROTTLED]})
        plane = ListedApis({(DUBLIN, None): ([A, B], None)})
        items, variants = by_rules(plane, book)
        a, b = (item for item in sorted(items, key=str) if isinstance(item, PlannedApi))
        assert [change.target.name for change in a.changes] == ["DEFAULT_4XX"]
        assert [(each.target.name, each.code) for each in a.set_aside] == [("THROTTLED", EXEMPT)]
        assert [change.target.name for change in b.changes] == ["DEFAULT_4XX", "THROTTLED"]
        assert [(each.name, each.apis) for each in variants.exemptions] == [
            ("exemption of name the a", 1),
            ("exemption of name x", 0),
        ]

    def test_an_api_that_is_all_exempt_is_not_read(self) -> None:
        book = ByName(self.BASE, exempt={"the a": [ResponseType.THROTTLED]})
        plane = ListedApis({(DUBLIN, None): ([A, B], None)})
        items, _ = by_rules(plane, book)
        assert [r.api for r in plane.asked if isinstance(r, GetGatewayResponses)] == ["b"]
        (a,) = (i for i in items if isinstance(i, PlannedApi) and i.api == A)
        assert (a.changes, [each.target.name for each in a.set_aside]) == ((), ["THROTTLED"])

    def test_that_is_read_all_the_same_where_it_is_named_and_may_not_be_there(self) -> None:
        """It is in Dublin, and in no other scope."""
        book = ByName(self.BASE, exempt={"": [ResponseType.THROTTLED]}, needs_listing=False)
        items, _ = by_rules(ListedApis(there=[A]), book, names("a"))
        (item,) = items
        assert isinstance(item, PlannedApi)
        assert (item.api.scope, item.changes, len(item.set_aside)) == (DUBLIN, (), 1)

    def test_an_api_that_cannot_be_read_counts_with_the_targets_of_its_variant(self) -> None:
        more = {ResponseType.WAF_FILTERED: self.OURS}
        book = ByName(self.BASE, {"the a": more}, {"the a": [ResponseType.THROTTLED]})
        plane = ListedApis({(DUBLIN, None): ([A], None)}, refused={(DUBLIN, "a"): ServiceFailure("500")})
        (item,) = by_rules(plane, book)[0]
        assert isinstance(item, UnreadApi)
        assert [target.name for target in item.targets] == ["WAF_FILTERED"]
        assert [each.target.name for each in item.set_aside] == ["THROTTLED"]

    def test_a_rule_by_name_makes_a_named_api_be_listed(self) -> None:
        """Else its name would not be known, and no rule would match."""
        book = ByName(self.BASE, {"the a": {ResponseType.THROTTLED: self.OURS}})
        plane = ListedApis({(DUBLIN, None): ([A], None)})
        (item,) = by_rules(plane, book, names("a"))[0]
        assert isinstance(item, PlannedApi)
        assert (item.variant, plane.listings(DUBLIN)) == (1, 1)

    def test_the_account_decides_and_selects(self) -> None:
        """Ohio's account is in the OU Prod, Tokyo's is elsewhere; only Prod is selected, and has the rule."""
        accounts = {a.id: a for a in (Account(id=OHIO.account, ou=("Prod",)), Account(id=TOKYO.account))}
        book = ByName(self.BASE, {"*": {ResponseType.THROTTLED: self.OURS}}, ou="Prod")
        plane = ListedApis({(OHIO, None): ([api("o", OHIO)], None), (TOKYO, None): ([api("t", TOKYO)], None)})
        items, _ = by_rules(plane, book, accounts=accounts)
        assert {i.api.id: i.variant for i in items if isinstance(i, PlannedApi)} == {"o": 1, "t": 0}
        selection = Selection(include=(Selector(ou=OuPattern.parse("/Prod/**")),))
        items, _ = by_rules(plane, book, selection, accounts=accounts)
        assert [i.api.id for i in items if isinstance(i, PlannedApi)] == ["o"]


class TestManaged:
    OWNED = replace(A, owner=Owner(kind="cdk", name="Payments"))
    UNKNOWN = replace(B, owner=Owner(kind="unknown"))

    def test_held_every_target_is_set_aside_and_no_call_is_made(self) -> None:
        plane = ListedApis({(DUBLIN, None): ([self.OWNED, self.UNKNOWN, C], None)})
        items, _ = by_rules(plane, OneForAll(DESIRED), hold=holding(OnManaged.HOLD))
        assert sorted(str(r.api) for r in plane.asked if isinstance(r, GetGatewayResponses)) == ["b", "c"]
        (held,) = (i for i in items if isinstance(i, PlannedApi) and i.set_aside)
        assert (held.api.id, held.changes) == ("a", ())
        assert {each.target for each in held.set_aside} == set(expected(DESIRED))
        assert {(each.code, "cdk:Payments" in each.message) for each in held.set_aside} == {(MANAGED, True)}

    def test_to_fail_is_a_failure_of_each_target(self) -> None:
        plane = ListedApis({(DUBLIN, None): ([self.OWNED, C], None)})
        items, _ = by_rules(plane, OneForAll(DESIRED), hold=holding(OnManaged.FAIL))
        (failed,) = (i for i in items if isinstance(i, UnreadApi))
        assert (failed.kind, failed.code, failed.targets) == ("failed", MANAGED, expected(DESIRED))

    def test_to_warn_holds_nothing(self) -> None:
        assert holding(OnManaged.WARN) is None


class TestScopes:
    """Scopes come one by one, and some are rightly left alone."""

    @pytest.mark.parametrize("error", [RegionOff("not enabled"), DeniedByScp("explicit deny")])
    def test_a_region_that_is_off_or_denied_by_an_scp_is_skipped(self, error: CallError) -> None:
        plane = ListedApis({(DUBLIN, None): ([A], None)}, refused={OHIO: error})
        items = planned(plane)
        (skipped,) = (item for item in items if isinstance(item, SkippedScope))
        assert (skipped.scope, skipped.code, skipped.message) == (OHIO, type(error).__name__, error.message)
        assert in_short([item for item in items if item is not skipped]) == [(str(A), "read")]

    def test_any_other_denial_leaves_it_unread(self) -> None:
        plane = ListedApis(refused={OHIO: AccessDenied("no")})
        assert in_short(planned(plane)) == [(str(OHIO), "AccessDenied")]

    def test_what_the_search_for_scopes_says_is_in_the_plan(self) -> None:
        suspended = SkippedScope(scope=TOKYO, code="Suspended", message="since June")
        unknown = UnreadScope(scope=OHIO, code="AccessDenied", message="nobody tells its regions")
        plane = ListedApis({(DUBLIN, None): ([A], None)})
        items = planned(plane, scopes=(suspended, DUBLIN, unknown))
        assert [item for item in items if not isinstance(item, PlannedApi)] == [suspended, unknown]
        assert {request.scope for request in plane.asked} == {DUBLIN}

    def test_a_scope_is_read_while_others_are_still_looked_for(self) -> None:
        """Ohio is found an hour after Dublin, whose API was read by then."""
        plane = ListedApis({(DUBLIN, None): ([A], None), (OHIO, None): ([api("o", OHIO)], None)})
        read_by_then: list[int] = []

        async def slowly() -> AsyncGenerator[FoundScope, None]:
            yield DUBLIN
            await anyio.sleep(3600)
            read_by_then.append(sum(isinstance(r, GetGatewayResponses) for r in plane.asked))
            yield OHIO

        events: list[Event] = []
        planner, items = planning(plane, observer=Noted(events))
        virtually(lambda: planner.run(slowly()))
        assert (read_by_then, len(items)) == ([1], 2)
        found = [e for e in events if isinstance(e, ScopeFound | ScopesFound)]
        assert found == [ScopeFound(scope=DUBLIN), ScopeFound(scope=OHIO), ScopesFound(scopes=2)]
