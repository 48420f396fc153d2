"""The alarms that roll a deployment back, and that tell the topic at any other time."""

from __future__ import annotations

from troposphere import Template, cloudwatch

from templates.alarm import alarm
from templates.wiring import Value

ERRORS_PER_MINUTE = 5
SLOW_SECONDS = 5
"""To the first byte of an answer's headers, not to its end; a sign-in takes about one second."""


def deployment_alarms(
    t: Template, load_balancer_full_name: Value, topic_arn: Value
) -> list[cloudwatch.Alarm]:
    """What a new version must not do; whether its tasks start at all is not theirs to see.

    The metrics are the tasks' own, in all of the load balancer's target groups: the new version is in either.
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
