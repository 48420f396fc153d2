"""The monitoring stack: every alarm but those that roll a deployment back, messages, the dashboard.

It owns neither the topic (alerts) nor the alarms that roll a deployment back (service). Each alarm says in
its description what people notice and what to do.
"""

from __future__ import annotations

from typing import Any

from troposphere import Equals, Not, Region, Sub, Template, events

from templates.parameters import handed_on
from templates.parts.alarms import alarm
from templates.parts.dashboard import Watched, dashboard
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

BUSY_PERCENT = 85
FAILURES_PER_MINUTE = 5
THROTTLES_PER_MINUTE = 3
FAILING_SHARE = 0.5


@seam
class Inputs:
    deployment: Value = parameter("String", "The deployment's name, which the tasks' metrics carry.")
    topic_arn: Value = parameter("String", "Where alarms are published.")
    load_balancer_full_name: Value = parameter("String", "The load balancer, as its metrics name it.")
    target_group_full_name: Value = parameter("String", "The target group, as its metrics name it.")
    second_target_group_full_name: Value = parameter(
        "String", "The second target group, as its metrics name it; or empty."
    )
    cluster_name: Value = parameter("String", "The ECS cluster.")
    service_name: Value = parameter("String", "The ECS service.")
    service_arn: Value = parameter("String", "ARN of the ECS service.")
    table_name: Value = parameter("String", "The table of sessions, conversations and usage.")
    model_id: Value = handed_on()
    alternative_model_id: Value = handed_on()
    log_group_name: Value = parameter("String", "Where the tasks log.")
    pipeline_name: Value = parameter("String", "The build pipeline.")
    guarded_bucket_name: Value = parameter(
        "String", "The bucket of access logs, if the topic is told when one is deleted; or empty."
    )


@seam
class Outputs:
    dashboard_console_url: Value = output("The dashboard in the AWS console.")


def template() -> Template:
    """Alarms, messages and the dashboard."""
    t = new_template("Asistente - monitoring: alarms, messages of failures, the dashboard.")
    inputs = declare(t, Inputs)
    alternative = t.add_condition("HasAlternativeModel", Not(Equals(inputs.alternative_model_id, "")))
    _load_balancer_alarms(t, inputs)
    _task_alarms(t, inputs)
    _answer_alarm(t, inputs)
    _throttle_alarm(t, "Model", inputs, inputs.model_id)
    _throttle_alarm(t, "AlternativeModel", inputs, inputs.alternative_model_id, condition=alternative)
    _table_alarms(t, inputs)
    _messages_of_failures(t, inputs)
    _message_of_deleted_logs(t, inputs)
    board = dashboard(
        t,
        Watched(
            deployment=inputs.deployment,
            load_balancer=inputs.load_balancer_full_name,
            cluster=inputs.cluster_name,
            service=inputs.service_name,
            table=inputs.table_name,
            log_group=inputs.log_group_name,
        ),
    )
    publish(
        t,
        Outputs(
            dashboard_console_url=Sub(
                "https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}"
                "#dashboards/dashboard/${name}",
                region=Region,
                name=board.ref(),
            )
        ),
    )
    return t


def _load_balancer_alarms(t: Template, inputs: Inputs) -> None:
    alarm(
        t,
        "LoadBalancerErrors",
        "AWS/ApplicationELB:HTTPCode_ELB_5XX_Count",
        {"LoadBalancer": inputs.load_balancer_full_name},
        statistic="Sum",
        threshold=FAILURES_PER_MINUTE,
        minutes=3,
        topic_arn=inputs.topic_arn,
        reason="The load balancer itself answers with errors (5xx): no task is healthy, or one closes "
        "connections. People cannot get in. Look at the service's events. While the service sleeps this is "
        "expected.",
    )
    second = t.add_condition("HasSecondTargetGroup", Not(Equals(inputs.second_target_group_full_name, "")))
    _unhealthy_alarm(t, "UnhealthyTasks", inputs, inputs.target_group_full_name)
    _unhealthy_alarm(t, "UnhealthySecondTasks", inputs, inputs.second_target_group_full_name, second)


def _unhealthy_alarm(
    t: Template, title: str, inputs: Inputs, target_group: Value, condition: str | None = None
) -> None:
    alarm(
        t,
        title,
        "AWS/ApplicationELB:UnHealthyHostCount",
        {"LoadBalancer": inputs.load_balancer_full_name, "TargetGroup": target_group},
        statistic="Maximum",
        threshold=1,
        minutes=5,
        topic_arn=inputs.topic_arn,
        reason="For 5 minutes a task does not answer, or a new one does not become ready: /readyz names what "
        "it cannot reach, mostly the table or Cognito. ECS replaces it; if this stays, read the tasks' log.",
        condition=condition,
    )


def _task_alarms(t: Template, inputs: Inputs) -> None:
    where = {"ClusterName": inputs.cluster_name, "ServiceName": inputs.service_name}
    consequences = {
        "CPU": "answers come slower. Scaling has had its chance: raise MaxTaskCount or TaskCpu.",
        "Memory": "a task that runs out of it is killed with its running answers. Raise TaskMemory.",
    }
    for resource, consequence in consequences.items():
        name = resource if resource == "CPU" else resource.lower()
        alarm(
            t,
            f"High{resource.capitalize()}",
            f"AWS/ECS:{resource}Utilization",
            where,
            statistic="Average",
            threshold=BUSY_PERCENT,
            minutes=10,
            topic_arn=inputs.topic_arn,
            reason=f"The tasks have used {BUSY_PERCENT} % of their {name} for 10 minutes: {consequence}",
        )


def _answer_alarm(t: Template, inputs: Inputs) -> None:
    alarm(
        t,
        "FailingAnswers",
        "Asistente:Failures",
        {"Deployment": inputs.deployment},
        statistic="Average",
        threshold=FAILING_SHARE,
        minutes=3,
        of_minutes=15,
        topic_arn=inputs.topic_arn,
        reason="Half of the answers fail: the model is not enabled, not permitted, throttled or out of "
        "service, and people are told so. The dashboard counts the reasons.",
    )


def _throttle_alarm(
    t: Template, title: str, inputs: Inputs, model_id: Value, condition: str | None = None
) -> None:
    alarm(
        t,
        f"{title}Throttled",
        "AWS/Bedrock:InvocationThrottles",
        {"ModelId": model_id},
        statistic="Sum",
        threshold=THROTTLES_PER_MINUTE,
        minutes=3,
        of_minutes=5,
        topic_arn=inputs.topic_arn,
        reason="Amazon Bedrock turns requests down because the account's quota for this model is used up: "
        "people are told to try again. Ask for a higher quota in Service Quotas, or use another model.",
        condition=condition,
    )


def _table_alarms(t: Template, inputs: Inputs) -> None:
    for kind in ("Read", "Write"):
        alarm(
            t,
            f"Table{kind}Throttled",
            f"AWS/DynamoDB:{kind}ThrottleEvents",
            {"TableName": inputs.table_name},
            statistic="Sum",
            threshold=THROTTLES_PER_MINUTE,
            minutes=3,
            of_minutes=5,
            topic_arn=inputs.topic_arn,
            reason=f"DynamoDB turns {kind.lower()}s of the table down: signing in and saving answers fail "
            f"now and then. A table on demand grows by itself; if this stays, one person's key is too busy.",
        )


def _messages_of_failures(t: Template, inputs: Inputs) -> None:
    _message(
        t,
        "FailedPipeline",
        inputs,
        {
            "source": ["aws.codepipeline"],
            "detail-type": ["CodePipeline Pipeline Execution State Change"],
            "detail": {"pipeline": [inputs.pipeline_name], "state": ["FAILED"]},
        },
        paths={"pipeline": "$.detail.pipeline", "execution": "$.detail.execution-id"},
        text="The build failed: pipeline <pipeline>, execution <execution>. The version before keeps "
        "running; the build's log says why.",
        purpose="that a build failed",
    )
    _message(
        t,
        "FailedDeployment",
        inputs,
        {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Deployment State Change"],
            "resources": [inputs.service_arn],
            "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
        },
        paths={"reason": "$.detail.reason", "deployment": "$.detail.deploymentId"},
        text="A new version was not taken into service and the version before runs again: <reason> "
        "Deployment: <deployment>.",
        purpose="that a new version was not taken into service",
    )


def _message_of_deleted_logs(t: Template, inputs: Inputs) -> None:
    _message(
        t,
        "DeletedAccessLog",
        inputs,
        {
            "source": ["aws.s3"],
            "detail-type": ["Object Deleted"],
            # By somebody: what the lifecycle deletes has another reason.
            "detail": {"bucket": {"name": [inputs.guarded_bucket_name]}, "reason": ["DeleteObject"]},
        },
        paths={"key": "$.detail.object.key", "address": "$.detail.source-ip-address"},
        text="Somebody deleted an access log of the load balancer: <key>, from address <address>. For some "
        "days it can be had back; bucket-logs/ in the artifact bucket says who it was.",
        purpose="that somebody deleted an access log",
        Condition=t.add_condition("HasGuardedBucket", Not(Equals(inputs.guarded_bucket_name, ""))),
    )


def _message(
    t: Template,
    title: str,
    inputs: Inputs,
    pattern: dict[str, Any],
    *,
    paths: dict[str, str],
    text: str,
    purpose: str,
    **attributes: Any,
) -> None:
    events.Rule(
        title,
        t,
        Description=text.split(":")[0] + ".",
        EventPattern=pattern,
        Targets=[
            events.Target(
                Id="Topic",
                Arn=inputs.topic_arn,
                InputTransformer=events.InputTransformer(InputPathsMap=paths, InputTemplate=f'"{text}"'),
            )
        ],
        Metadata=describe(f"Tells the topic, in words, {purpose}."),
        **attributes,
    )
