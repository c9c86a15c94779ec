"""What is asked of CloudWatch and Systems Manager, and what the answers mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from batchgw.control_plane.advice import permission
from batchgw.control_plane.classify import classify
from batchgw.control_plane.interface import AWS, Request
from batchgw.control_plane.operations import OPERATIONS
from batchgw.control_plane.operations.arns import Place
from batchgw.control_plane.operations.cloudwatch import (
    Alarm,
    DescribeAlarms,
    GetMetricData,
    MetricQuery,
    MetricSeries,
)
from batchgw.control_plane.operations.cloudwatch.describe_alarms import alarm_place
from batchgw.control_plane.operations.listing import Page
from batchgw.control_plane.operations.ssm import CalendarState, GetCalendarState
from batchgw.control_plane.operations.ssm.get_calendar_state import calendar_place
from batchgw.errors import BadRequest, CallError, EntityNotFound, ServiceFailure
from batchgw.model import AccountId, Region, Scope
from batchgw.throttle.quota import SERVICES

HERE = Scope(account=AccountId("222222222222"), region=Region("eu-west-1"))
THERE = Scope(account=AccountId("333333333333"), region=Region("us-east-1"))
SIGNED = {"ResponseMetadata": {"RequestId": "r-1"}}
SINCE = datetime(2024, 4, 15, 20, 46, 20, tzinfo=UTC)
ALARMS = DescribeAlarms(scope=HERE, names=("errors", "all"))
QUERY = MetricQuery(id="q1", metric="5XXError", dimensions={"ApiName": "orders", "Stage": "prod"})
DATA = GetMetricData(scope=HERE, queries=(QUERY,), start=1713213960.0, end=1713214560.0)
CALENDAR = GetCalendarState(scope=HERE, calendar="freeze")
ASKED: tuple[Request[object], ...] = (ALARMS, DATA, CALENDAR)


@pytest.mark.parametrize(
    ("request_", "service", "params"),
    [
        (
            ALARMS,
            "cloudwatch",
            {
                "AlarmNames": ["errors", "all"],
                "AlarmTypes": ["CompositeAlarm", "MetricAlarm"],
                "MaxRecords": 100,
            },
        ),
        (
            DescribeAlarms(scope=HERE, names=("errors",), token="t"),
            "cloudwatch",
            {
                "AlarmNames": ["errors"],
                "AlarmTypes": ["CompositeAlarm", "MetricAlarm"],
                "MaxRecords": 100,
                "NextToken": "t",
            },
        ),
        (
            DATA,
            "cloudwatch",
            {
                "MetricDataQueries": [
                    {
                        "Id": "q1",
                        "MetricStat": {
                            "Metric": {
                                "Namespace": "AWS/ApiGateway",
                                "MetricName": "5XXError",
                                "Dimensions": [
                                    {"Name": "ApiName", "Value": "orders"},
                                    {"Name": "Stage", "Value": "prod"},
                                ],
                            },
                            "Period": 60,
                            "Stat": "Sum",
                        },
                        "ReturnData": True,
                    }
                ],
                "StartTime": datetime(2024, 4, 15, 20, 46, tzinfo=UTC),
                "EndTime": datetime(2024, 4, 15, 20, 56, tzinfo=UTC),
                "ScanBy": "TimestampAscending",
            },
        ),
        (CALENDAR, "ssm", {"CalendarNames": ["freeze"]}),
    ],
)
def test_each_request_is_the_keyword_arguments_of_the_boto3_call(
    request_: Request[object], service: str, params: dict[str, Any]
) -> None:
    assert (request_.operation.service, request_.credentials) == (service, "account")
    assert request_.params() == params


def test_they_are_in_the_registry_and_have_a_pace_and_a_permission() -> None:
    assert {each.operation for each in ASKED} <= set(OPERATIONS)
    assert not any(each.operation.writes for each in ASKED)
    assert {each.operation.service for each in ASKED} <= set(SERVICES)
    assert [permission(each) for each in ASKED] == [
        "cloudwatch:DescribeAlarms on *",
        "cloudwatch:GetMetricData on *",
        "ssm:GetCalendarState on *",
    ]


def test_alarms_of_both_kinds_are_told_and_one_that_is_not_there_is_left_out() -> None:
    errors = {
        "AlarmName": "errors",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:222222222222:alarm:errors",
        "StateValue": "ALARM",
        "StateReason": "Threshold Crossed",
        "StateUpdatedTimestamp": SINCE,
    }
    both = {"AlarmName": "all", "StateValue": "INSUFFICIENT_DATA", "StateTransitionedTimestamp": 5.0}
    page = ALARMS.read({"MetricAlarms": [errors], "CompositeAlarms": [both], "NextToken": "t"}, AWS)
    assert page == Page(
        items=(
            Alarm(
                name="errors",
                arn="arn:aws:cloudwatch:eu-west-1:222222222222:alarm:errors",
                state="ALARM",
                reason="Threshold Crossed",
                since=1713213980.0,
            ),
            Alarm(name="all", arn="", state="INSUFFICIENT_DATA", composite=True, since=5.0),
        ),
        token="t",
    )
    assert ALARMS.read({"MetricAlarms": [errors], **SIGNED}, AWS).items == (page.items[0],)
    assert ALARMS.read(SIGNED, AWS) == Page(items=())


def test_a_series_has_its_values_in_the_order_of_time() -> None:
    later = datetime(2024, 4, 15, 20, 47, 20, tzinfo=UTC)
    answer = {
        "MetricDataResults": [
            {"Id": "q1", "Timestamps": [later, SINCE], "Values": [2.0, 1], "StatusCode": "PartialData"}
        ],
        "NextToken": "t",
    }
    series = MetricSeries(id="q1", values=((1713213980.0, 1.0), (1713214040.0, 2.0)), status="PartialData")
    assert DATA.read(answer, AWS) == Page(items=(series,), token="t")
    nothing = {"MetricDataResults": [{"Id": "q1", "Label": "5XXError", "StatusCode": "Complete"}]}
    assert DATA.read(nothing, AWS).items == (MetricSeries(id="q1"),)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"State": "OPEN"}, CalendarState(open=True)),
        (
            {"State": "CLOSED", "NextTransitionTime": "2024-04-15T20:46:20Z"},
            CalendarState(open=False, changes=1713213980.0),
        ),
        (
            {"State": "OPEN", "NextTransitionTime": "2024-04-15T22:46:20+02:00"},
            CalendarState(open=True, changes=1713213980.0),
        ),
    ],
)
def test_a_calendar_is_open_or_closed_until_it_changes(answer: dict[str, str], state: CalendarState) -> None:
    assert CALENDAR.read(answer, AWS) == state


@pytest.mark.parametrize(
    ("request_", "answer", "why"),
    [
        (ALARMS, {}, "x-amzn-RequestId"),
        (ALARMS, {"MetricAlarms": {}, **SIGNED}, "no list"),
        (ALARMS, {"MetricAlarms": [{}], **SIGNED}, "an alarm in it has no name"),
        (ALARMS, {"CompositeAlarms": [{"AlarmName": "all"}], **SIGNED}, "in which state alarm all is"),
        (
            ALARMS,
            {"MetricAlarms": [{"AlarmName": "x", "StateValue": "OK"}], **SIGNED},
            "alarm x in it was not asked for",
        ),
        (
            ALARMS,
            {"MetricAlarms": [{"AlarmName": "all", "StateValue": "OK", "AlarmArn": 7}], **SIGNED},
            "the ARN of alarm all",
        ),
        (DATA, {}, "x-amzn-RequestId"),
        (DATA, {"MetricDataResults": [{"Values": []}]}, "which query"),
        (DATA, {"MetricDataResults": [{"Id": "q2"}]}, "query q2 in it was not asked"),
        (DATA, {"MetricDataResults": [{"Id": "q1", "Values": [1.0]}]}, "no two lists of one length"),
        (
            DATA,
            {"MetricDataResults": [{"Id": "q1", "Values": [SINCE], "Timestamps": [SINCE]}]},
            "a time or a value of query q1",
        ),
        (
            DATA,
            {"MetricDataResults": [{"Id": "q1", "Values": [float("nan")], "Timestamps": [SINCE]}]},
            "a time or a value of query q1",
        ),
        (
            DATA,
            {"MetricDataResults": [{"Id": "q1", "Values": [1], "Timestamps": ["soon"]}]},
            "a time or a value of query q1",
        ),
        (CALENDAR, {}, "whether calendar freeze is open"),
        (CALENDAR, {"State": "AJAR"}, "whether calendar freeze is open"),
        (CALENDAR, {"State": "OPEN", "NextTransitionTime": "soon"}, "when calendar freeze changes"),
    ],
    ids=lambda value: value.operation.name if isinstance(value, Request) else None,
)
def test_an_answer_that_cannot_be_is_unreadable(
    request_: Request[object], answer: dict[str, Any], why: str
) -> None:
    with pytest.raises(ServiceFailure, match=why):
        request_.read(answer, AWS)


def test_an_arn_says_account_and_region_and_a_plain_name_is_here() -> None:
    assert alarm_place("errors", HERE) == Place(scope=HERE, name="errors")
    arn = "arn:aws:cloudwatch:us-east-1:333333333333:alarm:team:errors"
    assert alarm_place(arn, HERE) == Place(scope=THERE, name="team:errors", arn=arn)
    arn = "arn:aws:ssm:us-east-1:333333333333:document/freeze"
    assert calendar_place(arn, HERE) == Place(scope=THERE, name="freeze", arn=arn)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:cloudwatch:us-east-1:333333333333:dashboard:errors",
        "arn:aws:cloudwatch:us-east-1:333333333333:alarm:",
        "arn:aws:cloudwatch:us-east-1::alarm:errors",
        "arn:aws:cloudwatch:everywhere:333333333333:alarm:errors",
        "arn:aws:ssm:us-east-1:333333333333:document/errors",
        "arn:aws:cloudwatch",
    ],
)
def test_the_arn_of_anything_else_is_refused(arn: str) -> None:
    with pytest.raises(ValueError, match="arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME"):
        alarm_place(arn, HERE)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InvalidDocument", EntityNotFound),
        ("InvalidDocumentType", BadRequest),
        ("UnsupportedCalendarException", BadRequest),
        ("InternalServerError", ServiceFailure),
    ],
)
def test_what_the_service_says_of_a_calendar_is_an_error_of_its_kind(
    code: str, kind: type[CallError]
) -> None:
    found = classify(code, 500 if kind is ServiceFailure else 400, "The calendar is not one.")
    assert (type(found), found.message) == (kind, "The calendar is not one.")
