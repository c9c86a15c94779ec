"""Signal scripts: what they say at which time, and what is wrong with those that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.errors import UsageError
from batchgw.simulator.documents import Value, read
from batchgw.simulator.world.signals.script import AlarmStatus, Course, Measured, Script, Signals, Step
from batchgw.simulator.world.signals.written import signals

ACCOUNT, OTHER = "111111111111", "222222222222"
HERE = (ACCOUNT, "eu-west-1")


def script(data: object) -> Script:
    document = Value(value=data, source="signals")
    return signals(document, accounts=(ACCOUNT, OTHER), regions=("eu-west-1", "us-east-1"))


def test_a_course_is_what_its_last_step_says_and_knows_its_next_change() -> None:
    course = Course(
        initially="OPEN",
        steps=(
            Step(at=10.0, value="CLOSED"),
            Step(at=20.0, value="CLOSED"),
            Step(at=30.0, value="OPEN"),
        ),
    )
    shown = [
        (course.at(time).value, course.at(time).at, course.change_after(time)) for time in (0, 10, 25, 30)
    ]
    assert shown == [
        ("OPEN", 0.0, 10.0),
        ("CLOSED", 10.0, 30.0),
        ("CLOSED", 10.0, 30.0),
        ("OPEN", 30.0, None),
    ]
    assert list(course.parts(5.0, 25.0)) == [(5.0, "OPEN"), (10.0, "CLOSED"), (5.0, "CLOSED")]


def test_an_alarm_is_ok_until_the_script_says_otherwise() -> None:
    found = Signals(
        script(
            {
                "alarms": [
                    {"name": "b", "states": [{"at": 60, "state": "ALARM", "reason": "errors"}]},
                    {"name": "a", "composite": True, "states": [{"state": "INSUFFICIENT_DATA"}]},
                    {"name": "elsewhere", "region": "us-east-1"},
                    {"name": "theirs", "account": OTHER},
                ]
            }
        )
    )
    assert [(a.name, a.composite) for a in found.alarms(*HERE)] == [("a", True), ("b", False)]
    a, b = found.alarms(*HERE)
    assert a.course.at(0.0).value == AlarmStatus(state="INSUFFICIENT_DATA")
    assert b.course.at(59.0).value == AlarmStatus(state="OK")
    assert b.course.at(60.0).value == AlarmStatus(state="ALARM", reason="errors")
    assert {x.name for x in found.alarms(OTHER, "us-east-1")} == {"a", "b", "elsewhere", "theirs"}


def test_what_is_measured_is_summed_and_averaged_over_the_time_asked_about() -> None:
    """By hand: 30 s of 60 a minute at 0, then 90 s of 120 a minute at 0.5: 30 and 180 requests, 90 errors."""
    found = Signals(
        script(
            {
                "metrics": [
                    {
                        "metric": "5XXError",
                        "api": "orders*",
                        "stage": "prod",
                        "values": [{"requests": 60, "value": 0}, {"at": 30, "requests": 120, "value": 0.5}],
                    },
                    {"metric": "Count", "values": [{"at": 0, "requests": 60}]},
                ]
            }
        )
    )
    errors = found.metric(*HERE, "5XXError", api="orders-api", stage="prod")
    assert errors is not None
    assert errors.measured(0.0, 120.0) == Measured(requests=210.0, value=90 / 210)
    assert errors.measured(0.0, 0.1) is None, "less than half a request"
    assert found.metric(*HERE, "5XXError", api="orders-api", stage="test") is None
    count = found.metric(*HERE, "Count", api="x", stage="y")
    assert count is not None
    assert count.measured(0.0, 60.0) == Measured(requests=60.0, value=1.0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("alarm: []", "1:8: alarm: there is no such key, did you mean 'alarms'"),
        ("alarms:\n  - states: []", "2:5: alarms[0]: needs `name`"),
        ("alarms:\n  - {name: 7}", "2:12: alarms[0].name: must be a text"),
        (
            "alarms:\n  - name: a\n    states: [{state: BAD}]",
            "3:22: alarms[0].states[0].state: must be one of OK",
        ),
        ("alarms:\n  - name: a\n    states: [{at: 5}]", "3:14: alarms[0].states[0]: needs `state`"),
        (
            "alarms:\n  - name: a\n    states: [{at: 5, state: OK}, {at: 5, state: ALARM}]",
            "3:34: alarms[0].states[1]: comes at 5 s, and must come after the one before, at 5 s",
        ),
        ("alarms: [{name: a, account: '333333333333'}]", "1:29: alarms[0].account: there is no account"),
        ("alarms: [{name: a, account: me}]", "1:29: alarms[0].account: 'me' is no account id"),
        ("metrics: [{metric: m, region: nowhere}]", "1:31: metrics[0].region: there is no region nowhere"),
        ("metrics: [{metric: m, values: [{value: 1}]}]", "1:32: metrics[0].values[0]: needs `requests`"),
        ("metrics: [{values: []}]", "1:11: metrics[0]: needs `metric`"),
        ("calendars: [{name: c, states: [{state: AJAR}]}]", "must be one of OPEN, CLOSED"),
        ("calendars: [{name: c, fault: Broken}]", "1:30: calendars[0].fault: must be one of InvalidDocument"),
        ("[]", "signals.yaml:1:1: must be a mapping|must be a mapping of alarms, metrics, calendars"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "signals.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        signals(read(path, "signal script"), accounts=(ACCOUNT,), regions=("eu-west-1",))
    assert any(each in str(caught.value) for each in why.split("|"))
