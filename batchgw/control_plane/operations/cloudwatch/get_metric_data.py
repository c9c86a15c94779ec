"""GetMetricData: what metrics measured over a time, many in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.checks import is_text
from batchgw.control_plane.operations.listing import LONGEST_TOKEN, Page, listed, next_position
from batchgw.control_plane.operations.times import seconds
from batchgw.control_plane.operations.unreadable import unreadable_answer

MOST_QUERIES = 500
"""Queries of a call (API reference, GetMetricData)."""

NAMESPACE = "AWS/ApiGateway"
"""Where API Gateway's metrics are (developer guide, "Amazon API Gateway dimensions and metrics")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """Asks for one statistic of one metric.

    Attributes:
        id: names the query in the answer: a small letter first, then letters, digits and underscores.
        metric: such as 5XXError.
        dimensions: by name, such as `ApiName` and `Stage`; a metric has a series for each combination.
        stat: Sum, Average, SampleCount, Minimum, Maximum, or a percentile such as p99.
        period: seconds of a value; a multiple of 60.
        namespace: of the metric.
    """

    id: str
    metric: str
    dimensions: Mapping[str, str] = field(default_factory=dict)
    stat: str = "Sum"
    period: int = 60
    namespace: str = NAMESPACE

    def to_wire(self) -> Wire:
        """Give it in boto3's words."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        metric = {"Namespace": self.namespace, "MetricName": self.metric, "Dimensions": dimensions}
        return {
            "Id": self.id,
            "MetricStat": {"Metric": metric, "Period": self.period, "Stat": self.stat},
            "ReturnData": True,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSeries:
    """What a page says of a query. Where it is not whole, later pages say more of it.

    Attributes:
        id: of the query.
        values: (seconds since the epoch at which the period begins, value), the oldest first. A period
            without a measurement has none.
        status: AWS's word: Complete, PartialData, InternalError or Forbidden.
    """

    id: str
    values: tuple[tuple[float, float], ...] = ()
    status: str = "Complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMetricData(Request[Page[MetricSeries]]):
    """Get a page of what up to 500 queries measured. `start` and `end` are seconds since the epoch.

    A period belongs to it that begins at `start` or later, and before `end`.
    """

    operation = Operation(name="GetMetricData", method="get_metric_data", service="cloudwatch")
    queries: tuple[MetricQuery, ...]
    start: float
    end: float
    token: str | None = None

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {
            "MetricDataQueries": [query.to_wire() for query in self.queries],
            "StartTime": datetime.fromtimestamp(self.start, UTC),
            "EndTime": datetime.fromtimestamp(self.end, UTC),
            "ScanBy": "TimestampAscending",
        } | ({"NextToken": self.token} if self.token else {})

    def read(self, answer: Wire, reading: Reading) -> Page[MetricSeries]:
        """Read a page. What was not asked for is refused."""
        del reading
        asked = {query.id for query in self.queries}
        found = tuple([_series(item) for item in listed(answer, "MetricDataResults")])
        for series in found:
            if series.id not in asked:
                raise unreadable_answer(f"query {series.id} in it was not asked")
        return Page(items=found, token=next_position(answer, "NextToken", LONGEST_TOKEN))


def _series(item: Any) -> MetricSeries:
    members: Wire = item if isinstance(item, dict) else {}
    id_, status = members.get("Id"), members.get("StatusCode") or "Complete"
    if not id_ or not is_text(id_) or not is_text(status):
        raise unreadable_answer("it does not say which query a series in it answers, or whether it is whole")
    times, values = (members.get(m) or [] for m in ("Timestamps", "Values"))
    if not isinstance(times, list) or not isinstance(values, list) or len(times) != len(values):
        raise unreadable_answer(f"the times and values of query {id_} are no two lists of one length")
    points = sorted(_point(id_, time, value) for time, value in zip(times, values, strict=True))
    return MetricSeries(id=id_, values=tuple(points), status=status)


def _point(query: str, time: object, value: object) -> tuple[float, float]:
    at, number = seconds(time), seconds(value)
    if at is None or number is None or isinstance(value, datetime):
        raise unreadable_answer(f"a time or a value of query {query} is not one")
    return at, number
