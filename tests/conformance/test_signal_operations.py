"""Alarms, metrics and calendars: the same over HTTP and in process, at any time of the script."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from batchgw.control_plane.aws import connect
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations.cloudwatch import Alarm, MetricQuery
from batchgw.control_plane.operations.ssm import CalendarState
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import AccessDenied, BadRequest, EntityNotFound
from batchgw.execution import signals
from batchgw.model import AccountId, Region, Scope
from batchgw.simulator.operations import cloudwatch
from batchgw.simulator.over_http.options import ServeOptions
from batchgw.simulator.over_http.serve import running
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.world.world import World
from batchgw.throttle.quota import SERVICES, Quota
from tests.conformance.aws.stub import only_test_configuration
from tests.virtual import virtually

MINE = AccountId("111111111111")
HERE = Scope(account=MINE, region=Region("eu-west-1"))
THERE = Scope(account=MINE, region=Region("us-east-1"))
OPTIONS = ServeOptions(no_throttle=True, latency=0.0, latency_p99=0.0)
FAST = Pace(services={name: Quota(1000, 1000) for name in SERVICES})
MANY = 130  # more alarms than a call takes

SCRIPT = {
    "alarms": [
        *({"name": f"alarm-{n:03}"} for n in range(MANY)),
        {"name": "errors", "states": [{"state": "ALARM", "reason": "5XX"}]},
        {"name": "all", "composite": True, "states": [{"state": "INSUFFICIENT_DATA"}]},
        {"name": "far", "region": "us-east-1"},
    ],
    "metrics": [
        {"metric": "5XXError", "api": "orders", "values": [{"requests": 600, "value": 0.25}]},
    ],
    "calendars": [
        {"name": "freeze", "states": [{"state": "CLOSED"}]},
        {"name": "always", "region": "us-east-1"},
        {"name": "letter", "fault": "InvalidDocumentType"},
        {"name": "odd", "fault": "UnsupportedCalendarException"},
    ],
}


def arn(kind: str, name: str, region: str = "us-east-1") -> str:
    service, rest = ("cloudwatch", f"alarm:{name}") if kind == "alarm" else ("ssm", f"document/{name}")
    return f"arn:aws:{service}:{region}:{MINE}:{rest}"


def described(alarm: Alarm | None) -> object:
    """An alarm without the time since when it is so, which depends on the first call."""
    return None if alarm is None else (alarm.name, alarm.arn, alarm.state, alarm.composite, alarm.reason)


async def everything(plane: ControlPlane) -> list[object]:
    wanted = [*(f"alarm-{n:03}" for n in range(MANY)), "errors", "all", "gone", arn("alarm", "far")]
    alarms = await signals.alarms(plane, wanted, HERE)
    assert list(alarms) == wanted
    found: list[object] = [described(each) for each in alarms.values()]
    calendars = ("freeze", arn("calendar", "always"))
    found += [await signals.calendar(plane, name, HERE) for name in calendars]
    for name, error in (
        ("gone", EntityNotFound),
        ("always", EntityNotFound),
        ("letter", BadRequest),
        ("odd", BadRequest),
    ):
        with pytest.raises(error) as caught:
            await signals.calendar(plane, name, HERE)
        assert type(caught.value) is error
        found.append((caught.value.code, caught.value.message))
    queries = [
        MetricQuery(id=f"q{n}", metric="5XXError", dimensions={"ApiName": name, "Stage": "prod"}, stat=stat)
        for n, (name, stat) in enumerate([("orders", "Sum"), ("other", "Sum"), ("orders", "Average")])
    ]
    now = time.time()
    data = await signals.metric_data(plane, HERE, queries, start=now - 600, end=now + 60)
    assert list(data) == ["q0", "q1", "q2"]
    return [*found, *((series.id, series.status) for series in data.values())]


@pytest.mark.asyncio
async def test_both_planes_tell_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    only_test_configuration(monkeypatch)
    near = await everything(
        PacedControlPlane(simulate(World.generate(apis=0, accounts=1), signals=SCRIPT), pace=FAST)
    )
    file = tmp_path / "signals.json"
    file.write_text(json.dumps(SCRIPT))
    with running(replace(OPTIONS, signals=file), world=World.generate(apis=0, accounts=1)) as ready:
        key = ready.keys[MINE]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["secret_access_key"])
        async with connect(endpoint_url=ready.endpoint) as plane:
            far = await everything(PacedControlPlane(plane, pace=FAST))
    assert far == near
    assert ("errors", arn("alarm", "errors", "eu-west-1"), "ALARM", False, "5XX") in near
    word = "INSUFFICIENT_DATA"
    assert ("all", arn("alarm", "all", "eu-west-1"), word, True, f"{word} by script") in near
    assert ("far", arn("alarm", "far"), "OK", False, "OK by script") in near
    assert near.count(None) == 1, "the one that is not there"
    assert CalendarState(open=False) in near
    assert CalendarState(open=True) in near
    assert [each[0] for each in near if isinstance(each, tuple) and len(each) == 2][:4] == [
        "InvalidDocument",
        "InvalidDocument",
        "InvalidDocumentType",
        "UnsupportedCalendarException",
    ]


EPOCH = 1_800_000_000.0
"""When virtual time begins."""


def now() -> float:
    return EPOCH + anyio.current_time()


def timed() -> SimulatedControlPlane:
    """A world in which an alarm, a metric and a calendar change after ten minutes."""
    closed = [{"at": 600, "state": "CLOSED"}, {"at": 900, "state": "OPEN"}]
    measured = [{"requests": 60, "value": 0}, {"at": 600, "requests": 60, "value": 1}]
    script = {
        "alarms": [{"name": "errors", "states": [{"at": 600, "state": "ALARM"}]}],
        "metrics": [{"metric": "5XXError", "values": measured}],
        "calendars": [{"name": "freeze", "states": closed}],
    }
    plane = simulate(World.generate(apis=0, accounts=1), signals=script)
    plane.engine.service.now = now
    return plane


def asked(name: str, stat: str) -> MetricQuery:
    return MetricQuery(id=name, metric="5XXError", dimensions={"ApiName": "a", "Stage": "s"}, stat=stat)


def test_they_change_in_virtual_time() -> None:
    plane = timed()

    async def main() -> None:
        await signals.alarms(plane, ["errors"], HERE)  # time begins with the first call
        began = now()
        for minute in range(20):
            alarm = (await signals.alarms(plane, ["errors"], HERE))["errors"]
            calendar = await signals.calendar(plane, "freeze", HERE)
            changes = 10 if minute < 10 else 15 if minute < 15 else None
            assert alarm is not None
            assert alarm.state == ("OK" if minute < 10 else "ALARM")
            assert alarm.since == began // 1 + (0 if minute < 10 else 600)
            assert calendar.open is (changes != 15)
            assert calendar.changes == (None if changes is None else began // 1 + changes * 60)
            await anyio.sleep(60)
        data = await signals.metric_data(plane, HERE, [asked("q", "Sum")], start=began - 600, end=now() + 60)
        values = data["q"].values
        assert sum(value for _, value in values) == 600, "an error a second in the second ten minutes"
        assert [value for at, value in values if at < began + 540] == [0.0] * 9

    virtually(main)


def test_a_series_is_put_together_of_its_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: 400 s are 7 periods, so three queries have 21 values, on pages of three."""
    plane = timed()
    monkeypatch.setattr(cloudwatch, "MOST_POINTS", 4)
    queries = [asked(f"q{n}", "SampleCount") for n in range(3)]

    async def main() -> None:
        await signals.alarms(plane, ["errors"], HERE)
        await anyio.sleep(400)
        data = await signals.metric_data(plane, HERE, queries, start=now() - 3600, end=now() + 60)
        assert [series.status for series in data.values()] == [signals.WHOLE] * 3
        for series in data.values():
            assert [value for _, value in series.values] == [60.0] * 6 + [40.0]

    virtually(main)
    assert plane.engine.statistics.total.calls == 1 + 6


def test_a_denial_names_its_permission() -> None:
    world = World.generate(apis=0, accounts=1)
    plane = simulate(
        world, signals=SCRIPT, script=[{"match": {"service": "cloudwatch"}, "fault": "access_denied"}]
    )

    async def main() -> None:
        with pytest.raises(AccessDenied, match="cloudwatch:DescribeAlarms"):
            await signals.alarms(PacedControlPlane(plane, pace=FAST), ["errors"], HERE)

    virtually(main)


def test_an_arn_of_something_else_is_refused_before_anything_is_asked() -> None:
    plane = timed()

    async def main() -> None:
        with pytest.raises(ValueError, match="alarm:NAME"):
            await signals.alarms(plane, ["errors", arn("calendar", "freeze")], HERE)

    virtually(main)
    assert plane.engine.statistics.total.calls == 0
