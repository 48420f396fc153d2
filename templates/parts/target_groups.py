"""Where tasks register: the target groups, and the rule that moves people from one version to the other."""

from __future__ import annotations

from typing import Any

from troposphere import Template
from troposphere import elasticloadbalancingv2 as elb

from templates.wiring import Value, describe

STICKY_SECONDS = 12 * 60 * 60
"""A working day: Gradio's queue lives in the task that served the page."""
DEREGISTRATION_SECONDS = 120
"""Answers that are running may finish: longer than the drain time of the app."""
GROUP_STICKY_SECONDS = DEREGISTRATION_SECONDS
"""Between versions: an answer and what stops it meet the same one. Far below the bake time, as the load
balancer sends whom it holds even to a group that has no task any more."""
HEALTH_PATH = "/readyz?once"
"""ECS replaces a task whose target is unhealthy. So this asks whether the task ever came so far that it could
serve, and whether it lives: without a table no task serves, and none is to be killed for that. A version that
does not know the question takes it for /readyz."""
HEALTH_INTERVAL_SECONDS = 15
HEALTH_TIMEOUT_SECONDS = 5
HEALTHY_COUNT = 2
UNHEALTHY_COUNT = 3


def target_group(
    t: Template, title: str, condition: str, *, vpc_id: Value, app_port: Value
) -> elb.TargetGroup:
    """A group of tasks, each of which keeps the browsers that it has served."""
    attributes = {
        "deregistration_delay.timeout_seconds": str(DEREGISTRATION_SECONDS),
        "load_balancing.algorithm.type": "least_outstanding_requests",
        "stickiness.enabled": "true",
        "stickiness.lb_cookie.duration_seconds": str(STICKY_SECONDS),
        "stickiness.type": "lb_cookie",
    }
    return elb.TargetGroup(
        title,
        t,
        Condition=condition,
        VpcId=vpc_id,
        TargetType="ip",
        Protocol="HTTP",
        Port=app_port,
        HealthCheckPath=HEALTH_PATH,
        HealthCheckIntervalSeconds=HEALTH_INTERVAL_SECONDS,
        HealthCheckTimeoutSeconds=HEALTH_TIMEOUT_SECONDS,
        HealthyThresholdCount=HEALTHY_COUNT,
        UnhealthyThresholdCount=UNHEALTHY_COUNT,
        Matcher=elb.Matcher(HttpCode="200"),
        TargetGroupAttributes=[
            elb.TargetGroupAttribute(Key=key, Value=value) for key, value in attributes.items()
        ],
        Metadata=describe("The tasks that people reach: those that were able to serve once and live."),
    )


def shifting_rule(
    t: Template,
    title: str,
    condition: str,
    listener: elb.Listener,
    first: elb.TargetGroup,
    second: elb.TargetGroup,
) -> elb.ListenerRule:
    """The rule whose weights ECS changes: everybody to the first group until ECS says otherwise.

    CloudFormation writes these weights again when this resource changes, wherever people are by then: what
    stands here must stay as it is. See docs/deployments.md.
    """
    return elb.ListenerRule(
        title,
        t,
        Condition=condition,
        ListenerArn=listener.ref(),
        Priority=1,
        Conditions=[elb.Condition(Field="path-pattern", PathPatternConfig=_every_path())],
        Actions=[
            elb.ListenerRuleAction(
                Type="forward",
                ForwardConfig=elb.ForwardConfig(
                    TargetGroups=[
                        elb.TargetGroupTuple(TargetGroupArn=group.ref(), Weight=weight)
                        for group, weight in ((first, 1), (second, 0))
                    ],
                    # The load balancer demands it, as the groups' own stickiness is on.
                    TargetGroupStickinessConfig=elb.TargetGroupStickinessConfig(
                        Enabled=True, DurationSeconds=GROUP_STICKY_SECONDS
                    ),
                ),
            )
        ],
        Metadata=describe("Moves people to a new version: ECS changes its weights at each deployment."),
    )


def _every_path() -> Any:
    return elb.PathPatternConfig(Values=["/*"])
