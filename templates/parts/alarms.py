"""One way to write an alarm, and the alarms that roll a deployment back.

An alarm says what is measured, when it is too much, and why somebody should care.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import Template, cloudwatch

from templates.wiring import Value, describe

MINUTE = 60
ERRORS_PER_MINUTE = 5
SLOW_SECONDS = 5
"""To the first byte of an answer's headers, not to its end; a sign-in takes about one second."""


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


def deployment_alarms(
    t: Template, load_balancer_full_name: Value, topic_arn: Value
) -> list[cloudwatch.Alarm]:
    """The alarms that roll a deployment back, and that tell the topic at any other time.

    They say what a new version must not do; whether its tasks start at all is not theirs to see. The metrics
    are the tasks' own, in all of the load balancer's target groups: the new version is in either.
    """
    where = {"LoadBalancer": load_balancer_full_name}
    return [
        alarm(
            t,
            "Errors",
            "AWS/ApplicationELB:HTTPCode_Target_5XX_Count",
            where,
            statistic="Sum",
            threshold=ERRORS_PER_MINUTE,
            minutes=2,
            of_minutes=3,
            topic_arn=topic_arn,
            reason="The tasks answer with errors (5xx): people see a page that failed. Read the tasks' log. "
            "During a deployment it rolls back to the version before.",
        ),
        alarm(
            t,
            "SlowAnswers",
            "AWS/ApplicationELB:TargetResponseTime",
            where,
            statistic="p95",
            threshold=SLOW_SECONDS,
            minutes=5,
            topic_arn=topic_arn,
            reason="One request in twenty waits longer than 5 seconds for its first byte: tasks are "
            "overloaded or something they call is slow. During a deployment it rolls back to the version "
            "before.",
        ),
    ]
