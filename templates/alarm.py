"""One way to write an alarm: what is measured, when it is too much, and why somebody should care."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import Template, cloudwatch

from templates.wiring import Value, describe

MINUTE = 60


def alarm(
    t: Template,
    title: str,
    metric: str,
    dimensions: Mapping[str, Value],
    *,
    statistic: str,
    threshold: float,
    minutes: int,
    of_minutes: int | None = None,
    topic_arn: Value,
    reason: str,
    condition: str | None = None,
) -> cloudwatch.Alarm:
    """Tell the topic when `metric` reaches `threshold` in `minutes` of `of_minutes`, and when it is over.

    `metric` is `namespace:name`; `statistic` also takes a percentile such as p95. No data means no harm: a
    service that sleeps, or that nobody uses, is well.
    """
    namespace, name = metric.split(":")
    extra: dict[str, Any] = {"Condition": condition} if condition else {}
    extra["ExtendedStatistic" if statistic.startswith("p") else "Statistic"] = statistic
    return cloudwatch.Alarm(
        title,
        t,
        AlarmDescription=reason,
        Namespace=namespace,
        MetricName=name,
        Dimensions=[cloudwatch.MetricDimension(Name=key, Value=value) for key, value in dimensions.items()],
        Period=MINUTE,
        EvaluationPeriods=of_minutes or minutes,
        DatapointsToAlarm=minutes,
        Threshold=threshold,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic_arn],
        OKActions=[topic_arn],
        Metadata=describe(reason),
        **extra,
    )
