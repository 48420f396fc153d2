"""How many tasks run: between two bounds by what is asked of them, and none while the service sleeps."""

from __future__ import annotations

from typing import Any

from troposphere import Equals, If, Join, Not, NoValue, Sub, Template, ecs
from troposphere import applicationautoscaling as scaling

from templates.parts.dashboard import APPLICATION, PLACES_TAKEN
from templates.parts.rollout import SHIFTS
from templates.wiring import Value, describe

TARGET_CPU_PERCENT = 60
"""Half-way between idle and the point where answers slow down; a task takes a minute or two to come."""
TARGET_REQUESTS_PER_MINUTE = 600
"""Per task. A page is some 40 requests and a turn of the chat 4: about a hundred busy people."""
TARGET_PLACES_PERCENT = 60
"""Of the answers that a task writes at once; how many find no place then is in docs/limits.md."""
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
    second_target_group_full_name: Value,
    scheduled_actions: Value,
    deployment: Value,
) -> None:
    """Add the bounds and the three targets to `t`; `scheduled_actions` is what `sleeping` returns."""
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
    _track(
        t,
        target,
        "Cpu",
        TARGET_CPU_PERCENT,
        "the CPU in use, in %,",
        PredefinedMetricSpecification=_predefined("ECSServiceAverageCPUUtilization"),
    )
    _track(
        t,
        target,
        "Places",
        TARGET_PLACES_PERCENT,
        "the places for answers that are taken, in %,",
        CustomizedMetricSpecification=_places_taken(deployment),
    )
    _track(
        t,
        target,
        "Requests",
        TARGET_REQUESTS_PER_MINUTE,
        "the number of requests a minute",
        **_requests(load_balancer_full_name, target_group_full_name, second_target_group_full_name),
    )


def _track(
    t: Template, target: scaling.ScalableTarget, what: str, value: int, measure: str, **metric: Any
) -> None:
    scaling.ScalingPolicy(
        f"ScalingBy{what}",
        t,
        PolicyName=f"By{what}",
        PolicyType="TargetTrackingScaling",
        ScalingTargetId=target.ref(),
        TargetTrackingScalingPolicyConfiguration=scaling.TargetTrackingScalingPolicyConfiguration(
            TargetValue=value, ScaleOutCooldown=OUT_SECONDS, ScaleInCooldown=IN_SECONDS, **metric
        ),
        Metadata=describe(f"Adds and removes tasks so that {measure} stays near {value} per task."),
    )


def _requests(load_balancer: Value, target_group: Value, second: Value) -> dict[str, Value]:
    """Requests per task, by the predefined metric where one target group has all people."""
    label = Join("/", [load_balancer, target_group])
    in_one = _predefined("ALBRequestCountPerTarget", ResourceLabel=label)
    in_either = _requests_in_either(load_balancer, target_group, second)
    return {
        "PredefinedMetricSpecification": If(SHIFTS, NoValue, in_one),
        "CustomizedMetricSpecification": If(SHIFTS, in_either, NoValue),
    }


def _predefined(metric: str, **label: Any) -> scaling.PredefinedMetricSpecification:
    return scaling.PredefinedMetricSpecification(PredefinedMetricType=metric, **label)


def _places_taken(deployment: Value) -> scaling.CustomizedMetricSpecification:
    return scaling.CustomizedMetricSpecification(
        Namespace=APPLICATION,
        MetricName=PLACES_TAKEN,
        Dimensions=[scaling.MetricDimension(Name="Deployment", Value=deployment)],
        Statistic="Average",
        Unit="Percent",
    )


def _requests_in_either(load_balancer: Value, *target_groups: Value) -> scaling.CustomizedMetricSpecification:
    """Requests per task, in whichever target group people are: the predefined metric knows one group only.

    The group that nobody is sent to counts nothing, or is not counted at all. While people are in both, each
    has as many tasks as the other, so the sum is what one group would have with all of them.
    """
    each = [
        scaling.TargetTrackingMetricDataQuery(
            Id=f"group{number}",
            ReturnData=False,
            MetricStat=scaling.TargetTrackingMetricStat(
                Stat="Sum",
                Metric=scaling.TargetTrackingMetric(
                    Namespace="AWS/ApplicationELB",
                    MetricName="RequestCountPerTarget",
                    Dimensions=[
                        scaling.TargetTrackingMetricDimension(Name="LoadBalancer", Value=load_balancer),
                        scaling.TargetTrackingMetricDimension(Name="TargetGroup", Value=group),
                    ],
                ),
            ),
        )
        for number, group in enumerate(target_groups, 1)
    ]
    both = scaling.TargetTrackingMetricDataQuery(
        Id="both", Expression=" + ".join(f"FILL({query.Id}, 0)" for query in each), ReturnData=True
    )
    return scaling.CustomizedMetricSpecification(Metrics=[*each, both])


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
