"""Operations of CloudWatch."""

from batchgw.control_plane.operations.cloudwatch.describe_alarms import Alarm, DescribeAlarms
from batchgw.control_plane.operations.cloudwatch.get_metric_data import (
    GetMetricData,
    MetricQuery,
    MetricSeries,
)

__all__ = ["OPERATIONS", "Alarm", "DescribeAlarms", "GetMetricData", "MetricQuery", "MetricSeries"]

OPERATIONS = (DescribeAlarms.operation, GetMetricData.operation)
"""Those that batchgw sends."""
