"""How many tasks run: between two bounds by what is asked of them, and none while the service sleeps."""

from __future__ import annotations

from typing import Any

from troposphere import Equals, If, Join, Not, NoValue, Sub, Template, ecs
from troposphere import applicationautoscaling as scaling

from templates.wiring import Value, describe

TARGET_CPU_PERCENT = 60
"""Half-way between idle and the point where answers slow down; a task takes a minute or two to come."""
TARGET_REQUESTS_PER_MINUTE = 600
"""Per task. A page is some 40 requests and a turn of the chat 4: about a hundred busy people."""
OUT_SECONDS = 60
IN_SECONDS = 600
"""People pause between questions: a task is not taken away at the first quiet minute."""


def scale(
    t: Template,
    service: ecs.Service,
    cluster: ecs.Cluster,
    *,
    least: Value,
    most: Value,
    load_balancer_full_name: Value,
    target_group_full_name: Value,
    scheduled_actions: Value,
) -> None:
    """Add the bounds and the two targets to `t`; `scheduled_actions` is what `sleeping` returns."""
    target = scaling.ScalableTarget(
        "Scaling",
        t,
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId=Join("/", ["service", cluster.ref(), service.get_att("Name")]),
        MinCapacity=least,
        MaxCapacity=most,
        ScheduledActions=scheduled_actions,
        Metadata=describe("Says between which bounds the number of tasks may move."),
    )
    _track(t, target, "Cpu", TARGET_CPU_PERCENT, "ECSServiceAverageCPUUtilization")
    _track(
        t,
        target,
        "Requests",
        TARGET_REQUESTS_PER_MINUTE,
        "ALBRequestCountPerTarget",
        ResourceLabel=Join("/", [load_balancer_full_name, target_group_full_name]),
    )


def _track(
    t: Template, target: scaling.ScalableTarget, what: str, value: int, metric: str, **label: Any
) -> None:
    scaling.ScalingPolicy(
        f"ScalingBy{what}",
        t,
        PolicyName=f"By{what}",
        PolicyType="TargetTrackingScaling",
        ScalingTargetId=target.ref(),
        TargetTrackingScalingPolicyConfiguration=scaling.TargetTrackingScalingPolicyConfiguration(
            TargetValue=value,
            PredefinedMetricSpecification=scaling.PredefinedMetricSpecification(
                PredefinedMetricType=metric, **label
            ),
            ScaleOutCooldown=OUT_SECONDS,
            ScaleInCooldown=IN_SECONDS,
        ),
        Metadata=describe(f"Adds and removes tasks so that {metric} stays near {value} per task."),
    )


def sleeping(
    t: Template,
    *,
    sleep: Value,
    sleep_from: Value,
    sleep_until: Value,
    zone: Value,
    least: Value,
    most: Value,
) -> Value:
    """The scheduled actions that `Sleep` asks for; the conditions that they need are added to `t`."""
    sleeps = t.add_condition("Sleeps", Not(Equals(sleep, "never")))
    weekends = t.add_condition("SleepsOnWeekends", Equals(sleep, "nights-and-weekends"))
    every_day = Sub("cron(0 ${hour} * * ? *)", hour=sleep_until)
    on_weekdays = Sub("cron(0 ${hour} ? * MON-FRI *)", hour=sleep_until)
    actions = [
        _scheduled("Stop", Sub("cron(0 ${hour} * * ? *)", hour=sleep_from), zone, 0, 0),
        _scheduled("Start", If(weekends, on_weekdays, every_day), zone, least, most),
    ]
    return If(sleeps, actions, NoValue)


def _scheduled(name: str, schedule: Value, zone: Value, least: Value | int, most: Value | int) -> object:
    return scaling.ScheduledAction(
        ScheduledActionName=name,
        Schedule=schedule,
        Timezone=zone,
        ScalableTargetAction=scaling.ScalableTargetAction(MinCapacity=least, MaxCapacity=most),
    )
