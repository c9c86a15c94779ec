"""The log: every event has an entry, and no secret gets into one."""

from __future__ import annotations

import io
import json
import logging
import os
import stat
import typing
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgw import events
from batchgw.cli.flags.options import LogFlags, LogFormat, LogLevel
from batchgw.cli.observers import log_file
from batchgw.cli.observers.log import REPEATS, logging_to
from batchgw.cli.observers.log_events import entry, level_of
from batchgw.cli.observers.redact import redacted, redacted_fields
from batchgw.cli.output.console import Console
from batchgw.errors import UsageError
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
    Skipped,
    SkippedScope,
    Unchanged,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.change import MANAGED
from batchgw.model.deploy import Verify
from batchgw.model.response_change import TARGETS
from batchgw.redaction import HIDDEN, hide

EU = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
API = RestApi(scope=EU, id=RestApiId("a1b2c3d4e5"), name="orders")
T = ResponseType.THROTTLED
ENDED: typing.Any = {"api": API, "target": TARGETS[T], "action": Action.CREATE}
WHY: typing.Any = {**ENDED, "code": "BadRequest", "message": "m"}
CALL: typing.Any = {"scope": EU, "operation": "PutGatewayResponse", "api": API.id, "target": T}

EVENTS: list[events.Event] = [
    events.PhaseStarted(run="r1", phase="apply", scopes=(EU,), expected={EU: 7}),
    events.ScopeFound(scope=EU),
    events.ScopesFound(scopes=1),
    events.ApisListed(scope=EU, seen=5, selected=2, last_page=True),
    events.ItemPlanned(item=PlannedApi(api=API, changes=())),
    events.ItemPlanned(item=UnreadApi(api=API, targets=(TARGETS[T],), code="ApiNotFound", message="gone")),
    events.ItemPlanned(item=UnreadScope(scope=EU, code="AccessDenied", message="no")),
    events.ItemPlanned(item=SkippedScope(scope=EU, code="RegionOff", message="off")),
    events.ApiRechecked(api=API),
    events.StageLive(api=API, stage="prod", by=Verify.PROBE, seconds=1.5),
    events.WaveEntered(
        number=1, of=3, state="held", said="prompt: a person decides", run="r1", unit="5%", lasts=3600.0
    ),
    events.GateAsked(number=1, of=3, gate="prompt"),
    events.GateAnswered(number=1, of=3, gate="prompt", result="pass", said="promoted by jane"),
    events.WavesEnded(run="r1", why="gate prompt failed"),
    events.CallSent(**CALL, attempt=2, waited=0.12345, rate=9.5),
    events.CallAnswered(**CALL, attempt=2, latency=0.2, request_id="id-1"),
    events.CallThrottled(**CALL, attempt=1, rate=5.0, retry_after=None, request_id="id-0"),
    events.CallRetried(**CALL, attempt=1, delay=0.5, code="X", message="m", request_id=None),
    events.CallGaveUp(**CALL, attempts=8, code="X", message="m", request_id=None),
    events.CredentialsRefreshed(account="111111111111", role="arn:aws:iam::111111111111:role/R", expires=1.0),
    events.ReachedDirectly(account="111111111111", role="R"),
    events.Decided(outcome=Applied(**ENDED, effort=Effort(attempts=1, waited=0.5, request_id="id-2"))),
    events.Decided(outcome=Unchanged(**ENDED)),
    events.Decided(outcome=Failed(**WHY)),
    events.Decided(outcome=Skipped(**WHY)),
    events.Decided(outcome=NotAttempted(**WHY)),
    events.ScopeGivenUp(scope=EU, code="AccessDenied", message="no"),
    events.QuotaShared(account=AccountId("111111111111"), regions=(Region("eu-west-1"), Region("us-east-1"))),
    events.TypeUnknown(scope=EU, type="TELEPORTED"),
    events.PhaseEnded(run="r1", phase="apply", elapsed=12.3456),
]


def logged(
    *what: events.Event, level: LogLevel = LogLevel.DEBUG, form: LogFormat = LogFormat.JSON
) -> list[str]:
    err = io.StringIO()
    flags = LogFlags(log_level=level, log_format=form)
    with logging_to(Console(out=io.StringIO(), err=err), flags) as observer:
        for event in what:
            observer.notify(event)
    return err.getvalue().splitlines()


def test_the_list_above_is_complete() -> None:
    assert {type(e) for e in EVENTS} == set(typing.get_args(events.Event))


def test_every_event_has_a_dotted_entry() -> None:
    for event in EVENTS:
        level, name, fields = entry(event)
        assert name.startswith("batchgw.")
        assert level == level_of(event)
        json.dumps(fields)


def test_entries_carry_the_fields_people_search_by() -> None:
    lines = [json.loads(text) for text in logged(*EVENTS)]
    sent = next(each for each in lines if each["event"] == "batchgw.call.sent")
    assert {k: sent[k] for k in ("run", "scope", "api", "target", "attempt", "wait", "rate", "level")} == {
        "run": "r1",
        "scope": "111111111111/eu-west-1",
        "api": "a1b2c3d4e5",
        "target": "THROTTLED",
        "attempt": 2,
        "wait": 0.123,
        "rate": 9.5,
        "level": "debug",
    }
    answered = next(each for each in lines if each["event"] == "batchgw.call.answered")
    assert answered["request_id"] == "id-1"
    assert all(each["timestamp"].endswith("Z") for each in lines)


def test_an_api_that_is_managed_where_that_is_a_failure_is_not_logged_as_unread() -> None:
    managed = UnreadApi(api=API, targets=(TARGETS[T],), code=MANAGED, message="managed by cdk")
    (text,) = logged(events.ItemPlanned(item=managed))
    assert json.loads(text)["event"] == "batchgw.api.managed"


def test_by_default_a_person_sees_warnings_only() -> None:
    lines = logged(*EVENTS, level=LogLevel.WARNING, form=LogFormat.CONSOLE)
    names = [next(word for word in text.split() if word.startswith("batchgw.")) for text in lines]
    assert names == [
        "batchgw.wave",
        "batchgw.outcome.failed",
        "batchgw.scope.given_up",
        "batchgw.quota.shared",
        "batchgw.type.unknown",
    ]


@pytest.mark.parametrize(
    ("phase", "form", "level", "told"),
    [
        ("plan", LogFormat.CONSOLE, LogLevel.WARNING, False),
        ("plan", LogFormat.CONSOLE, LogLevel.INFO, True),
        ("plan", LogFormat.JSON, LogLevel.WARNING, True),
        ("recheck", LogFormat.CONSOLE, LogLevel.WARNING, True),
        ("apply", LogFormat.CONSOLE, LogLevel.WARNING, True),
    ],
)
def test_a_scope_that_the_plan_reports_is_no_warning_for_people(
    phase: typing.Any, form: LogFormat, level: LogLevel, *, told: bool
) -> None:
    """The end of a run may be hours away: there it is told at once."""
    began = events.PhaseStarted(run="r1", phase=phase, scopes=(EU,), expected={})
    ended = events.ScopeGivenUp(scope=EU, code="AccessDenied", message="no")
    lines = logged(began, ended, level=level, form=form)
    assert any("batchgw.scope.given_up" in text for text in lines) is told


@pytest.mark.parametrize(
    ("service", "operation", "attempt", "level"),
    [
        ("sts", "GetCallerIdentity", 1, "warning"),
        ("sts", "AssumeRole", 1, "warning"),
        ("sts", "AssumeRole", 2, "info"),
        ("organizations", "ListAccounts", 1, "warning"),
        ("apigateway", "GetRestApis", 1, "info"),
        ("cloudformation", "DescribeStackResources", 1, "info"),
    ],
)
def test_the_first_failure_of_what_all_else_waits_for_is_a_warning(
    service: str, operation: str, attempt: int, level: str
) -> None:
    call: typing.Any = {**CALL, "service": service, "operation": operation, "attempt": attempt}
    event = events.CallRetried(**call, delay=0.5, code="X", message="cannot connect", request_id=None)
    (line,) = [json.loads(text) for text in logged(event)]
    assert (line["level"], line["message"]) == (level, "cannot connect")
    assert line.get("service") == (None if service == "apigateway" else service)


def test_a_thousand_equal_warnings_do_not_bury_a_person_but_machines_get_them_all() -> None:
    failures = [events.Decided(outcome=Failed(**WHY))] * 1000
    shown = logged(*failures, level=LogLevel.WARNING, form=LogFormat.CONSOLE)
    assert len(shown) == REPEATS + 1
    assert "batchgw.log.repeated" in shown[-1]
    assert len(logged(*failures, level=LogLevel.WARNING)) == 1000


def test_hostile_messages_do_not_reach_the_terminal() -> None:
    hostile = Failed(**{**WHY, "message": "\x1b[2J\u202enasty\nbatchgw.forged"})
    (text,) = logged(events.Decided(outcome=hostile), form=LogFormat.CONSOLE)
    assert "\x1b" not in text
    assert "\\x1b[2J\\u202enasty\\x0abatchgw.forged" in text


def test_a_file_holds_json_lines_from_info_up(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    err = io.StringIO()
    with logging_to(Console(out=io.StringIO(), err=err), LogFlags(log_file=path)) as observer:
        for event in EVENTS:
            observer.notify(event)
    levels = {json.loads(text)["level"] for text in path.read_text().splitlines()}
    assert levels == {"info", "warning"}
    assert "batchgw.phase.started" not in err.getvalue()


def test_a_log_file_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    flags = LogFlags(log_file=tmp_path / "no" / "run.log")
    with pytest.raises(UsageError, match="cannot write --log-file"), logging_to(Console(), flags):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_ends_the_log_and_not_the_run() -> None:
    err = io.StringIO()
    flags = LogFlags(log_file=Path("/dev/full"), log_level=LogLevel.ERROR)
    with logging_to(Console(out=io.StringIO(), err=err), flags) as observer:
        for event in EVENTS:
            observer.notify(event)
    assert err.getvalue().count("cannot be written any more") == 1


@pytest.mark.parametrize(("mask", "mode"), [(0o000, 0o600), (0o077, 0o600), (0o277, 0o400)])
def test_a_new_log_file_is_for_its_owner_only(mask: int, mode: int, tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    before = os.umask(mask)
    try:
        with logging_to(Console(), LogFlags(log_file=path)):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_an_existing_log_file_keeps_its_mode_and_content(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text("before\n")
    path.chmod(0o640)
    with logging_to(Console(), LogFlags(log_file=path)) as observer:
        observer.tell(logging.WARNING, "after", {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_text().startswith("before\n{")


def test_a_pipe_that_nobody_reads_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with (
        pytest.raises(UsageError, match="a named pipe that nobody reads"),
        logging_to(Console(), LogFlags(log_file=path)),
    ):
        pass


def test_a_file_that_cannot_be_written_delays_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a disk that hangs: here a pipe whose reader does not read."""
    monkeypatch.setattr(log_file, "MOST", 100)
    monkeypatch.setattr(log_file, "LAST", 0.01)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    told: list[str] = []
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with log_file.log_file(path, told.append) as file:
        for _ in range(10_000):
            file("x" * 100)
    os.close(reader)
    assert told == [f"the log file {path} is written too slowly: some entries are missing from it."]


def test_what_libraries_say_goes_the_same_way_and_redacted() -> None:
    err = io.StringIO()
    with logging_to(Console(out=io.StringIO(), err=err), LogFlags(log_format=LogFormat.JSON)):
        logging.getLogger("some.library").warning("refused: Authorization: Bearer %s", "abc.def")
        logging.getLogger("some.library").info("not this")
    (line,) = [json.loads(text) for text in err.getvalue().splitlines()]
    assert (line["event"], line["message"]) == (
        "library.some.library",
        f"refused: Authorization: Bearer {HIDDEN}",
    )


SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: AWS4-HMAC-SHA256 Credential=AKIAX/eu/aws4_request, Signature={SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"X-Amz-Security-Token: {SECRET}",
        f"https://x/?X-Amz-Signature={SECRET}&x=1",
        f"aws_secret_access_key = {SECRET}",
        f'{{"SecretAccessKey": "{SECRET}"}}',
        f"{{'SessionToken': '{SECRET}'}}",
        f"assume with ExternalId={SECRET}",
        f"postgresql://me:{SECRET}@db/journal",
        f"got IQoJb3JpZ2luX2VjEJr{SECRET}{SECRET} back",
    ],
)
def test_secrets_in_texts_are_hidden(text: str) -> None:
    assert SECRET not in str(redacted(text))
    assert SECRET not in str(redacted({"nested": [{"deep": text}]}))
    assert HIDDEN in str(redacted(text))


@pytest.mark.parametrize(
    "name", ["secret_access_key", "session_token", "Authorization", "external_id", "password", "credentials"]
)
def test_secrets_by_name_are_hidden(name: str) -> None:
    assert redacted_fields({name: SECRET}) == {name: HIDDEN}


@pytest.mark.parametrize(
    "text",
    [
        "EXPIRED_TOKEN",
        "MISSING_AUTHENTICATION_TOKEN THROTTLED",
        "arn:aws:iam::111111111111:role/OrganizationBatchgw",
        "Invalid mapping expression specified: method.request.header.Authorization",
        "http://127.0.0.1:4566/restapis",
        "6c1f8f0e-8f0e-4a52-9a2e-0a2f6f0f8f0e",
    ],
)
def test_what_is_no_secret_is_kept(text: str) -> None:
    assert redacted(text) == text


PIECES = [
    *("Bearer", "AWS4-HMAC-SHA256", "token", "password", "x-amz-signature", "IQoJ", "FwoG", SECRET),
    *(" ", "\t", "\u2003", "\n", "=", ":", "://", "me", "@host", "-", "'", '"', "x" * 40),
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_the_fast_path_for_texts_hides_the_same_secrets(text: str) -> None:
    assert redacted(text) == hide(text)


class Text(str):
    __slots__ = ()


_TEXTS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
_VALUES = st.one_of(
    _TEXTS, _TEXTS.map(Text), st.integers(), st.floats(allow_nan=False), st.none(), st.booleans()
)


@given(
    st.dictionaries(
        st.sampled_from(["event", "message", "code", "wait", "api_key", "token", "request_id"]),
        st.one_of(_VALUES, st.lists(_VALUES, max_size=2), st.fixed_dictionaries({"password": _VALUES})),
    )
)
def test_the_fast_path_for_entries_hides_the_same_secrets(fields: dict[str, typing.Any]) -> None:
    def long_way(name: str, value: typing.Any) -> typing.Any:
        if name in ("api_key", "token", "password") and value is not None:
            return HIDDEN
        if isinstance(value, str):
            return hide(value)
        if isinstance(value, dict):
            return {name: long_way(name, each) for name, each in value.items()}
        return [long_way("", each) for each in value] if isinstance(value, list) else value

    given_as, shown = repr(fields), redacted_fields(fields)
    assert shown == {name: long_way(name, value) for name, value in fields.items()}
    shown["timestamp"] = "now"  # it is a copy, to be written on
    assert repr(fields) == given_as


def test_nothing_is_warned_about_when_the_log_closes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logged(*EVENTS)
