"""Progress: counts, rates and estimates worked by hand; the views that show them."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console as RichConsole

from batchgw.cli.observers.live import drawn
from batchgw.cli.observers.progress import PlainView, ProgressObserver
from batchgw.cli.observers.progress_lines import end_line, progress_line
from batchgw.cli.observers.tracker import Tracker
from batchgw.cli.output.console import Console
from batchgw.events import (
    ApiRechecked,
    ApisListed,
    CallAnswered,
    CallSent,
    CallThrottled,
    Decided,
    ItemPlanned,
    PhaseEnded,
    PhaseStarted,
    ScopeFound,
    ScopeGivenUp,
    ScopesFound,
)
from batchgw.model import (
    AccountId,
    Action,
    Applied,
    Effort,
    Failed,
    NotAttempted,
    PlannedApi,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    SkippedScope,
    UnreadApi,
)
from batchgw.model.response_change import TARGETS
from batchgw.report.views.text import plain

EU = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
US = Scope(account=AccountId("111111111111"), region=Region("us-east-1"))


def tracker(*scopes: Scope, phase: str = "apply", expected: int | None = 100) -> Tracker:
    made = Tracker(quota=10)
    known = {} if expected is None else dict.fromkeys(scopes, expected)
    made.notify(PhaseStarted(run="r", phase=phase, scopes=scopes, expected=known), 0.0)
    return made


def sent(scope: Scope = EU) -> CallSent:
    return CallSent(
        scope=scope, operation="PutGatewayResponse", api=None, target=None, attempt=1, waited=0, rate=10
    )


def throttled(scope: Scope) -> CallThrottled:
    return CallThrottled(
        scope=scope,
        operation="Put",
        api=None,
        target=None,
        attempt=1,
        rate=5,
        retry_after=None,
        request_id=None,
    )


def api(scope: Scope = EU) -> RestApi:
    return RestApi(scope=scope, id=RestApiId("a"))


def applied(scope: Scope = EU) -> Decided:
    return Decided(
        outcome=Applied(
            api=api(scope), target=TARGETS[ResponseType.THROTTLED], action=Action.CREATE, effort=Effort()
        )
    )


def test_before_anything_is_measured_the_quota_tells_how_long() -> None:
    assert tracker(EU).all(1.0).left == 10.0  # 100 responses at 10/s


def test_then_the_measured_rate_tells() -> None:
    """20 calls in 5 s are 4/s; 80 of 100 are left: 20 s."""
    made = tracker(EU)
    for n in range(20):
        made.notify(sent(), n / 4)
        made.notify(applied(), n / 4)
    whole = made.all(5.0)
    assert (whole.done, whole.total, whole.rate, whole.left) == (20, 100, 4.0, 20.0)


def test_the_rate_forgets_what_is_over_ten_seconds_old() -> None:
    made = tracker(EU)
    for _ in range(40):
        made.notify(sent(), 0.0)  # the burst
    made.notify(sent(), 5.0)
    assert made.all(9.0).rate == pytest.approx(41 / 9)
    assert made.all(14.0).rate == pytest.approx(1 / 10)


def test_calls_to_other_services_are_no_progress_of_an_account_region() -> None:
    """They have quotas of their own. Nor do they make a scope of an account that has none in the run."""
    t = tracker(EU)
    for scope in (EU, US):
        t.notify(replace(sent(scope), service="organizations"), 1.0)
        t.notify(replace(throttled(scope), service="organizations"), 1.0)
    whole = t.all(2.0)
    assert (t.count, whole.rate, whole.throttles) == (1, 0.0, 0)


def test_scopes_run_side_by_side_so_the_longest_decides() -> None:
    made = tracker(EU, US)
    for _ in range(60):
        made.notify(applied(US), 1.0)
    assert made.all(1.0).left == 10.0
    assert made.all(1.0).quota == 20.0
    progress_of_scopes, hidden = made.scopes(1.0, at_most=1)
    assert ([s.name for s in progress_of_scopes], hidden) == (["111111111111/eu-west-1"], 1)


def test_the_rate_is_that_of_the_scopes_whose_quota_it_is_shown_against() -> None:
    """30 calls of a scope that has finished since are no part of what the other may make."""
    made = tracker(EU, US, expected=30)
    for n in range(30):
        made.notify(sent(US), n / 10)
        made.notify(applied(US), n / 10)
    made.notify(sent(EU), 2.0)
    made.notify(sent(EU), 3.0)
    whole = made.all(4.0)
    assert (whole.rate, whole.quota) == (0.5, 10.0)  # two calls in four seconds


def test_when_all_is_done_the_rate_is_that_of_all() -> None:
    made = tracker(EU, US, expected=1)
    for scope in (EU, US):
        made.notify(sent(scope), 1.0)
        made.notify(applied(scope), 1.0)
    whole = made.all(4.0)
    assert (whole.rate, whole.quota) == (0.5, 20.0)


def test_what_was_not_attempted_is_not_done_and_what_failed_is_counted() -> None:
    made = tracker(EU)
    why = {"code": "Stopped", "message": "m"}
    common = {"api": api(), "target": TARGETS[ResponseType.THROTTLED], "action": Action.CREATE}
    made.notify(Decided(outcome=NotAttempted(**common, **why)), 1.0)  # type: ignore[arg-type]
    made.notify(Decided(outcome=Failed(**common, **why)), 1.0)  # type: ignore[arg-type]
    assert (made.all(1.0).done, made.all(1.0).failed) == (1, 1)


def test_a_scope_that_was_given_up_is_not_waited_for() -> None:
    made = tracker(EU, US)
    made.notify(ScopeGivenUp(scope=EU, code="AccessDenied", message="m"), 1.0)
    made.notify(ScopeGivenUp(scope=US, code="AccessDenied", message="m"), 1.0)
    assert made.all(1.0).left == 0.0
    assert made.scopes(1.0, at_most=10) == ([], 0)


def test_while_listing_goes_on_nobody_knows_how_much_there_is() -> None:
    made = tracker(EU, phase="plan", expected=None)
    made.notify(ApisListed(scope=EU, seen=500, selected=300, last_page=False), 1.0)
    made.notify(ItemPlanned(item=PlannedApi(api=api(), changes=())), 1.0)
    assert (made.all(1.0).done, made.all(1.0).total, made.all(1.0).left) == (1, None, None)
    made.notify(ApisListed(scope=EU, seen=100, selected=1, last_page=True), 2.0)
    assert (made.all(2.0).total, made.all(2.0).left) == (301, 30.0)


def test_apis_that_count_as_not_read_without_being_selected_are_part_of_all() -> None:
    """Else a line says that 3 of 1 APIs were read. They come before their page is counted, or after it."""
    made = tracker(EU, phase="plan", expected=None)
    unread = UnreadApi(api=api(), targets=(), code="ExpressionFailed", message="m")
    made.notify(ItemPlanned(item=unread, selected=False), 1.0)
    made.notify(ApisListed(scope=EU, seen=3, selected=1, last_page=True), 1.0)
    made.notify(ItemPlanned(item=unread, selected=False), 1.0)
    assert (made.all(1.0).done, made.all(1.0).total) == (2, 3)
    made.notify(ItemPlanned(item=PlannedApi(api=api(), changes=())), 2.0)
    assert (made.all(2.0).done, made.all(2.0).total, made.all(2.0).left) == (3, 3, 0.0)


def test_a_recheck_advances_with_each_api_read() -> None:
    made = tracker(EU, phase="recheck", expected=3)
    for operation in ("GetGatewayResponses", "GetTags"):  # an API of two kinds of change takes two reads
        answered = CallAnswered(
            scope=EU, operation=operation, api=None, target=None, attempt=1, latency=0.1, request_id=None
        )
        made.notify(answered, 1.0)
    made.notify(ApiRechecked(api=api()), 1.0)
    assert made.all(1.0).done == 1


def test_an_api_that_is_read_again_while_changes_are_made_is_no_progress() -> None:
    made = tracker(EU, phase="apply", expected=3)
    made.notify(ApiRechecked(api=api()), 1.0)
    assert made.all(1.0).done == 0


def test_the_plain_line() -> None:
    made = tracker(EU, US)
    for _ in range(2):
        made.notify(throttled(EU), 1.0)
    for _ in range(4):
        made.notify(sent(US), 1.0)
        made.notify(applied(US), 1.0)
    assert plain(progress_line(made, 2.0)) == (
        "Applying: 4 of 200 responses, 2.0 calls/s of 20, 2 throttled, about 10 s left"
    )


def test_changes_of_several_kinds_are_targets() -> None:
    made = Tracker(quota=10)
    for kinds, noun in (
        (set[str](), "responses"),
        ({"response"}, "responses"),
        ({"response", "x"}, "targets"),
    ):
        made.notify(
            PhaseStarted(run="r", phase="apply", scopes=(EU,), expected={EU: 2}, kinds=frozenset(kinds)), 0.0
        )
        assert plain(progress_line(made, 0.0)).startswith(f"Applying: 0 of 2 {noun}, ")


def test_one_api_is_not_several() -> None:
    made = Tracker(quota=10)
    made.notify(PhaseStarted(run="r", phase="plan", scopes=(EU,), expected={EU: 1}), 0.0)
    assert plain(progress_line(made, 0.0)).startswith("Reading: 0 of 1 API, ")
    assert plain(end_line(made, 1.0, 1.0)).startswith("Reading: 0 of 1 API in ")


def test_off_a_terminal_the_end_is_one_plain_line() -> None:
    err = io.StringIO()
    observer = ProgressObserver(
        Tracker(quota=10), PlainView(Console(out=io.StringIO(), err=err)), clock=lambda: 0.0
    )
    observer.notify(PhaseStarted(run="r", phase="apply", scopes=(EU,), expected={EU: 1}))
    observer.notify(applied())
    observer.notify(PhaseEnded(run="r", phase="apply", elapsed=2.0))
    assert err.getvalue() == "Applying: 1 of 1 response in 2.0 s, 0 throttled\n"


def test_a_frame_shows_the_whole_and_the_slowest_ten() -> None:
    scopes = [Scope(account=AccountId(f"{n:012}"), region=Region("eu-west-1")) for n in range(40)]
    made = tracker(*scopes)
    for n, scope in enumerate(scopes):
        for _ in range(n):
            made.notify(applied(scope), 1.0)
    screen = RichConsole(width=120, file=io.StringIO())
    screen.print(drawn(made, 1.0))
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "Applying" in text
    assert "780 of 4,000 responses" in text
    assert [f"{n:012}/eu-west-1" in text for n in (0, 9, 10, 39)] == [True, True, False, False]
    assert "and 30 more scopes under way" in text


@pytest.mark.parametrize(
    ("width", "bar", "shown", "hidden"),
    [
        (120, 24, ["0 of 4,000 responses", "0.0/s of 400", "0 throttled", "10 s left"], []),
        (100, 12, ["0 of 4,000 responses", "0.0/s of 400", "0 throttled", "10 s left"], []),
        (80, 0, ["0 of 4,000 responses", "0.0/s of 400", "10 s left"], ["throttled"]),
        (64, 0, ["0 of 4,000 responses", "10 s left"], ["throttled", "of 400"]),
    ],
)
def test_on_a_narrow_terminal_bars_go_first(
    width: int, bar: int, shown: list[str], hidden: list[str]
) -> None:
    scopes = [Scope(account=AccountId(f"{n:012}"), region=Region("eu-west-1")) for n in range(40)]
    file = io.StringIO()
    screen = RichConsole(width=width, file=file, force_terminal=True, color_system="standard")
    screen.print(drawn(tracker(*scopes), 1.0))
    first, *_ = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).splitlines()
    assert first.count("━") == bar
    assert [text for text in shown if text not in first] == []
    assert [text for text in hidden if text in first] == []
    assert max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).splitlines())) <= width


def test_of_an_unknown_total_the_bar_moves_and_the_columns_stand() -> None:
    made = tracker(EU, US, phase="plan", expected=None)
    file = io.StringIO()
    RichConsole(width=120, file=file).print(drawn(made, 1.0))
    places = {line.index("0.0/s") for line in file.getvalue().splitlines()}
    assert len(places) == 1


def test_scopes_that_come_one_by_one_are_counted_and_nothing_is_whole_before_the_last() -> None:
    """The first is read to its end while others may come: there is no total yet, and no time left."""
    tracker = Tracker(quota=10)
    tracker.notify(PhaseStarted(run="r", phase="plan", scopes=(), expected={}), 0.0)
    tracker.notify(ScopeFound(scope=EU), 1.0)
    tracker.notify(ApisListed(scope=EU, seen=1, selected=1, last_page=True), 2.0)
    tracker.notify(ItemPlanned(item=PlannedApi(api=RestApi(scope=EU, id=RestApiId("a")), changes=())), 3.0)
    before = tracker.all(4.0)
    assert (tracker.count, before.done, before.total, before.left) == (1, 1, None, None)
    tracker.notify(ScopesFound(scopes=1), 5.0)
    after = tracker.all(6.0)
    assert (after.done, after.total, after.left) == (1, 1, 0.0)


def test_a_skipped_scope_is_finished_and_one_that_never_was_is_not_counted() -> None:
    tracker = Tracker(quota=10)
    tracker.notify(PhaseStarted(run="r", phase="plan", scopes=(), expected={}), 0.0)
    tracker.notify(ScopeFound(scope=EU), 0.0)
    for scope in (EU, replace(EU, region=Region("*"))):
        tracker.notify(ItemPlanned(item=SkippedScope(scope=scope, code="RegionOff", message="off")), 1.0)
    tracker.notify(ScopesFound(scopes=1), 2.0)
    assert (tracker.count, tracker.scopes(3.0, at_most=5), tracker.all(3.0).left) == (1, ([], 0), 0.0)
