"""A run's end: the sum, the exit code, the reasons."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from batchgw.cli.output.summary import next_steps
from batchgw.journal import Tally
from batchgw.model import (
    AccountId,
    Action,
    Effort,
    Failed,
    NotAttempted,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
)
from batchgw.model.change import MOVED
from batchgw.model.response_change import TARGETS
from batchgw.report.naming import scope_name
from batchgw.report.reasons import EXAMPLES, GROUPS, OTHER, Reason, Reasons
from batchgw.report.summary import ScopeSummary, Summary
from batchgw.report.views.lines.summary import SCOPES, summary_lines
from batchgw.report.views.text import plain

EU = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
US = Scope(account=AccountId("111111111111"), region=Region("us-east-1"))


def summary(*parts: tuple[Scope, Tally, int], stopped: bool = False, unread: str | None = None) -> Summary:
    scopes = tuple(
        ScopeSummary(scope=s, tally=t, expected=e, by_kind={"response": t}, unread=unread)
        for s, t, e in parts
    )
    return Summary(run="20261122-abc", verb="apply", scopes=scopes, elapsed=61.0, stopped=stopped)


def test_the_sum_is_shown_as_arithmetic_and_proves() -> None:
    whole = summary((EU, Tally(applied=3, unchanged=2), 5), (US, Tally(applied=1, failed=1, skipped=1), 3))
    assert whole.arithmetic == (
        "4 applied + 2 unchanged + 1 failed + 1 skipped + 0 not attempted = 8 of 8 expected"
    )
    assert whole.proves


@pytest.mark.parametrize(
    "parts",
    [
        [(EU, Tally(applied=3), 4)],  # one is missing
        [(EU, Tally(applied=3, undecided=1), 4)],  # one has no outcome
        [(EU, Tally(applied=5), 4), (US, Tally(applied=3), 4)],  # the total would hide it
    ],
)
def test_a_sum_that_is_wrong_anywhere_does_not_prove(parts: list[tuple[Scope, Tally, int]]) -> None:
    whole = summary(*parts)
    assert not whole.proves
    assert whole.exit_code == 4
    assert "NOT every target is accounted for" in "\n".join(map(plain, summary_lines(whole)))


@pytest.mark.parametrize(
    ("tally", "stopped", "unread", "code"),
    [
        (Tally(applied=4), False, None, 0),
        (Tally(applied=3, skipped=1), False, None, 0),
        (Tally(applied=3, failed=1), False, None, 1),
        (Tally(applied=3, not_attempted=1), False, None, 4),
        (Tally(applied=3, not_attempted=1, never_read=1), False, None, 4),
        (Tally(applied=3, not_attempted=1, never_read=1), True, None, 4),  # nothing that the stop left
        (Tally(applied=4), False, "AccessDenied: no", 4),
        (Tally(applied=3, failed=1), False, "AccessDenied: no", 1),
        (Tally(applied=2, failed=1, not_attempted=1), False, None, 1),
        (Tally(applied=3, not_attempted=1), True, None, 130),
        (Tally(applied=2, failed=1, not_attempted=1), True, None, 130),
        (Tally(applied=4), True, None, 0),  # the stop came too late to leave anything
        (Tally(applied=3, failed=1), True, None, 1),
    ],
)
def test_exit_codes(tally: Tally, stopped: bool, unread: str | None, code: int) -> None:  # noqa: FBT001
    assert summary((EU, tally, 4), stopped=stopped, unread=unread).exit_code == code


@pytest.mark.parametrize(
    ("tally", "stopped", "code", "says"),
    [
        (Tally(applied=2, failed=1, not_attempted=1), False, 3, "Held back, 1 API-type left."),
        (Tally(applied=2, failed=1, not_attempted=1), True, 130, "Stopped, 1 API-type left."),
        (Tally(applied=3, failed=1), False, 1, "Done, but 1 API-type failed."),  # it left nothing
    ],
)
def test_what_a_schedule_holds_back_comes_after_a_stop_and_before_failures(
    tally: Tally,
    stopped: bool,  # noqa: FBT001
    code: int,
    says: str,
) -> None:
    whole = replace(summary((EU, tally, 4), stopped=stopped), held_back=True)
    assert whole.exit_code == code
    assert [plain(each) for each in summary_lines(whole)][-1] == says
    assert whole.to_json()["held_back"] is True


@pytest.mark.parametrize(
    ("tally", "unread", "moved", "says"),
    [
        (Tally(applied=3, not_attempted=1), None, 0, "Incomplete: 1 API-type left."),
        (Tally(applied=2, not_attempted=1, skipped=1), "AccessDenied: no", 1, "Incomplete: 1 API-type left."),
        (Tally(applied=2, skipped=2), None, 2, "Incomplete: 2 API-types left alone."),
        (Tally(applied=2, skipped=2), "AccessDenied: no", 2, "Incomplete: not everything could be read."),
        (Tally(not_attempted=4, never_read=4), None, 0, "Incomplete: not everything could be read."),
    ],
)
def test_the_last_line_says_what_is_lacking(tally: Tally, unread: str | None, moved: int, says: str) -> None:
    reason = Reason(kind="skipped", code=MOVED, message="moved", count=moved, examples=())
    whole = replace(summary((EU, tally, 4), unread=unread), reasons=(reason,) * bool(moved))
    assert [plain(each) for each in summary_lines(whole)][-1] == says


@pytest.mark.parametrize(
    ("tally", "unread", "left", "out_of_reach"),
    [
        (Tally(applied=4), None, 0, False),
        (Tally(applied=1, not_attempted=2, undecided=1), None, 3, False),
        (Tally(not_attempted=3, never_read=2, undecided=1), None, 2, True),
        (Tally(not_attempted=4, never_read=4), None, 0, True),
        (Tally(applied=4), "AccessDenied: no", 0, True),
    ],
)
def test_what_is_left_to_a_resume_and_what_only_a_new_plan_reaches(
    tally: Tally,
    unread: str | None,
    left: int,
    out_of_reach: bool,  # noqa: FBT001 - a column of the table
) -> None:
    whole = summary((EU, tally, 4), unread=unread)
    assert (whole.left, whole.out_of_reach) == (left, out_of_reach)
    assert whole.to_json()["left"] == left
    steps = [plain(each) for each in next_steps(whole, None)]
    assert any("batchgw resume 20261122-abc" in each for each in steps) is bool(left)
    assert any("apply again" in each for each in steps) is out_of_reach


@pytest.mark.parametrize(("moved", "says"), [(1, "1 API-type."), (2, "2 API-types.")])
def test_what_moved_is_told_in_words_that_fit_one_and_many(moved: int, says: str) -> None:
    reason = Reason(kind="skipped", code=MOVED, message="moved", count=moved, examples=())
    whole = replace(summary((EU, Tally(applied=2, skipped=2), 4)), reasons=(reason,))
    (step,) = (plain(each) for each in next_steps(whole, None))
    assert step.startswith(f"Left alone, changed since the plan: {says} Plan again")


@pytest.mark.parametrize(
    ("effort", "says"),
    [
        # 12 min 10 s, which all workers together spent waiting for 1,200 calls
        (Effort(attempts=1_190, throttles=10, waited=730.0), "calls waited 0.6 s each on average"),
        (Effort(attempts=1, waited=90.0), "calls waited 1 min 30 s each on average"),
        (Effort(attempts=3), "calls waited 0.0 s each on average"),
    ],
)
def test_waiting_is_shown_as_an_average_per_call(effort: Effort, says: str) -> None:
    lines = [plain(each) for each in summary_lines(summary((EU, Tally(applied=3, effort=effort), 3)))]
    (cost,) = [each for each in lines if "answered" in each]
    assert cost.endswith(f"refused by the quota; {says}")


def test_what_is_not_live_is_told_to_machines() -> None:
    """Only what this run configured: where it applied nothing there is nothing to say."""
    data = summary((EU, Tally(applied=2, unchanged=5), 7)).to_json()
    assert data["not_live"] == (
        "Configured, not live: 2 API-types. An API answers with what is configured after its next deployment"
        " to a stage."
    )
    for tally in (Tally(unchanged=2), Tally(failed=2), Tally(skipped=2), Tally(not_attempted=2), Tally()):
        assert summary((EU, tally, tally.expected)).to_json()["not_live"] is None


def test_json_holds_everything_and_is_json() -> None:
    tally = Tally(applied=2, effort=Effort(attempts=3, throttles=1, waited=1.5))
    data = json.loads(json.dumps(summary((EU, tally, 2)).to_json()))
    assert data["effort"] == {"attempts": 3, "throttles": 1, "waited": 1.5}
    assert data["scopes"][0]["applied"] == 2
    assert (data["proves"], data["exit_code"], data["elapsed"]) == (True, 0, 61.0)


def failed(n: int, message: str, *, code: str = "BadRequest", scope: Scope = EU) -> Failed:
    api = RestApi(scope=scope, id=RestApiId(f"api{n:07}"))
    return Failed(
        api=api, target=TARGETS[ResponseType.THROTTLED], action=Action.CREATE, code=code, message=message
    )


def test_messages_that_differ_in_the_api_are_one_reason() -> None:
    reasons = Reasons()
    for n in range(9):
        reasons.add(failed(n, f"Invalid API identifier specified 111111111111:api{n:07}"))
    (reason,) = reasons.found()
    assert (reason.count, reason.message) == (9, "Invalid API identifier specified <id>")
    assert len(reason.examples) == EXAMPLES
    assert reason.examples[0] == "111111111111/eu-west-1/api0000000 THROTTLED"


def test_messages_that_differ_in_the_account_region_are_one_reason() -> None:
    reasons = Reasons()
    for n in range(GROUPS + 1):
        scope = Scope(account=AccountId(f"{n:012}"), region=Region("eu-west-1" if n % 2 else "us-east-1"))
        arn = f"arn:aws:apigateway:{scope.region}::/restapis/api{n:07}"
        reasons.add(failed(n, f"role/batchgw of {scope.account} must not write {arn}", scope=scope))
    (reason,) = reasons.found()
    assert reason.count == GROUPS + 1
    assert reason.message == (
        "role/batchgw of ACCOUNT must not write arn:aws:apigateway:REGION::/restapis/<id>"
    )
    assert reason.examples[1] == "000000000001/eu-west-1/api0000001 THROTTLED"


def test_a_reason_of_one_api_keeps_its_message() -> None:
    reasons = Reasons()
    reasons.add(failed(3, "no such api0000003"))
    assert [r.message for r in reasons.found()] == ["no such api0000003"]


def test_reasons_are_bounded_and_none_is_lost() -> None:
    reasons = Reasons()
    for n in range(GROUPS + 50):
        reasons.add(failed(n, f"message {n}"))
    found = reasons.found()
    assert len(found) == GROUPS + 1
    assert sum(r.count for r in found) == GROUPS + 50
    assert (found[0].message, found[0].count) == (OTHER, 50)


def test_failures_come_before_what_was_left() -> None:
    left = failed(1, "x")
    reasons = Reasons()
    for _ in range(2):
        reasons.add(
            NotAttempted(api=left.api, target=left.target, action=left.action, code="Stopped", message="m")
        )
    reasons.add(left)
    assert [r.kind for r in reasons.found()] == ["failed", "not attempted"]


def test_a_scope_without_anything_to_do_has_no_row() -> None:
    """Most regions are off, or have no API. One that was not read has a row all the same."""
    off = [
        (Scope(account=AccountId(f"{n:012}"), region=Region("af-south-1")), Tally(), 0)
        for n in range(SCOPES + 9)
    ]
    text = "\n".join(map(plain, summary_lines(summary(*off, (EU, Tally(applied=1), 1)))))
    assert str(EU) in text
    assert "af-south-1" not in text
    assert "more scope" not in text
    unread = "\n".join(map(plain, summary_lines(summary((US, Tally(), 0), unread="denied"))))
    assert str(US) in unread.split("Not read")[0]


def test_an_account_whose_regions_nobody_can_tell_is_named() -> None:
    assert scope_name(Scope(account=AccountId("111111111111"), region=Region("*"))) == "111111111111/*"
    assert scope_name(Scope(account=AccountId("*"), region=Region("eu-west-1"))) == "(not found)"


def test_of_many_scopes_those_in_trouble_are_shown() -> None:
    parts = [
        (Scope(account=AccountId(f"{n:012}"), region=Region("eu-west-1")), Tally(applied=1), 1)
        for n in range(SCOPES + 9)
    ]
    bad = Scope(account=AccountId("999999999999"), region=Region("eu-west-1"))
    text = [plain(each) for each in summary_lines(summary(*parts, (bad, Tally(failed=1), 1)))]
    assert any("999999999999/eu-west-1" in each for each in text)
    assert any("10 more scopes" in each for each in text)
