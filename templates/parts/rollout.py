"""How the service takes a new version into use, and what ECS may do at the load balancer for that.

Rolling replaces the tasks in their one target group. With the other strategies the tasks of the new version
register in a second one, ECS moves people there by the weights of a listener rule, and the version before
runs on for the bake time, ready to take everybody back.
"""

from __future__ import annotations

from awacs import elasticloadbalancing as elb
from troposphere import Equals, FindInMap, If, Not, NoValue, Template, cloudwatch, ecs, iam

from templates.parts.permissions import allow, inline, trust
from templates.wiring import Value, describe

STRATEGIES = {"rolling": "ROLLING", "blue-green": "BLUE_GREEN", "canary": "CANARY"}
"""The choices, and what ECS calls them."""
SHIFTS = "ShiftsTraffic"
BAKE_MINUTES = 10
"""Long enough for both alarms, the slower of which takes five minutes, and for the longest answer."""
CANARY_PERCENT = 10
"""Above five: the alarm on slow answers looks at the slowest twentieth of all of them."""
CANARY_MINUTES = 10


def shifts_traffic(t: Template, strategy: Value) -> str:
    """Add the condition that two versions run side by side in two target groups, and return its name."""
    if SHIFTS not in t.conditions:
        t.add_condition(SHIFTS, Not(Equals(strategy, "rolling")))
    return SHIFTS


def deployment_configuration(
    t: Template, strategy: Value, alarms: list[cloudwatch.Alarm]
) -> ecs.DeploymentConfiguration:
    """What holds for every deployment, and what the strategy adds."""
    t.add_mapping("Strategies", {choice: {"Name": name} for choice, name in STRATEGIES.items()})
    is_canary = t.add_condition("IsCanary", Equals(strategy, "canary"))
    canary = ecs.CanaryConfiguration(CanaryPercent=CANARY_PERCENT, CanaryBakeTimeInMinutes=CANARY_MINUTES)
    return ecs.DeploymentConfiguration(
        Strategy=FindInMap("Strategies", strategy, "Name"),
        MinimumHealthyPercent=100,
        MaximumPercent=200,
        BakeTimeInMinutes=If(SHIFTS, BAKE_MINUTES, NoValue),
        CanaryConfiguration=If(is_canary, canary, NoValue),
        # All of AWS's pages give the circuit breaker to rolling, some to no other: what does not become ready
        # with the others is taken back by deployer/account/service_watch.py. Alarms are given to all three.
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/canary-deployment-implementation.html
        DeploymentCircuitBreaker=If(
            SHIFTS, NoValue, ecs.DeploymentCircuitBreaker(Enable=True, Rollback=True)
        ),
        Alarms=ecs.DeploymentAlarms(Enable=True, Rollback=True, AlarmNames=[each.ref() for each in alarms]),
    )


def shifting(
    t: Template,
    *,
    target_group_arn: Value,
    second_target_group_arn: Value,
    listener_arn: Value,
    rule_arn: Value,
) -> If:
    """What the service's load balancer needs besides the first target group; nothing when rolling."""
    role = iam.Role(
        "ShiftingRole",
        t,
        Condition=SHIFTS,
        # ECS does not say that it sends the account when it takes on such a role.
        AssumeRolePolicyDocument=trust("ecs", names_source_account=False),
        Policies=[
            inline(
                "ShiftTraffic",
                # AWS has no narrower form for these.
                allow(
                    "SeeWhereTrafficGoes",
                    [
                        elb.DescribeListeners,
                        elb.DescribeRules,
                        elb.DescribeTargetGroups,
                        elb.DescribeTargetHealth,
                    ],
                    ["*"],
                ),
                allow(
                    "RegisterTasks",
                    [elb.DeregisterTargets, elb.RegisterTargets],
                    [target_group_arn, second_target_group_arn],
                ),
                allow("ShiftByTheRule", [elb.ModifyRule], [rule_arn]),
                # Part of what AWS says that ECS needs; here it is the one listener of that rule.
                allow("ShiftByTheListener", [elb.ModifyListener], [listener_arn]),
            )
        ],
        Metadata=describe("What ECS may do at the load balancer to move people to a new version and back."),
    )
    return If(
        SHIFTS,
        ecs.AdvancedConfiguration(
            AlternateTargetGroupArn=second_target_group_arn,
            ProductionListenerRule=rule_arn,
            RoleArn=role.get_att("Arn"),
        ),
        NoValue,
    )
