"""The flow logs stack: the record of who talked to whom in the VPC.

It stands apart from the network because of its log group: that waits for the deployment's key, and the
network, which nearly everything else waits for, need not.
"""

from __future__ import annotations

from awacs import logs as logs_actions
from troposphere import Template, ec2, iam, logs

from templates.parameters import handed_on
from templates.parts.own_key import own_key
from templates.parts.permissions import allow, inline, trust
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

AGGREGATION_SECONDS = 600


@seam
class Inputs:
    key_arn: Value = parameter("String", "The deployment's own key; empty for AWS's.")
    vpc_id: Value = parameter("AWS::EC2::VPC::Id", "Whose connections are recorded.")
    log_retention_days: Value = handed_on("Number")


@seam
class Outputs:
    flow_log_group_name: Value = output("Where connections are recorded.")


def template() -> Template:
    """The flow log of the VPC, its log group and the role that writes it."""
    t = new_template("Asistente - flow logs: the record of connections in the VPC.")
    inputs = declare(t, Inputs)
    group = logs.LogGroup(
        "FlowLogGroup",
        t,
        KmsKeyId=own_key(t, inputs.key_arn),
        RetentionInDays=inputs.log_retention_days,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=describe("Keeps the record of connections for a limited time."),
    )
    ec2.FlowLog(
        "FlowLog",
        t,
        ResourceId=inputs.vpc_id,
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName=group.ref(),
        DeliverLogsPermissionArn=_role(t, group).get_att("Arn"),
        MaxAggregationInterval=AGGREGATION_SECONDS,
        Metadata=describe("Records who talked to whom in the VPC, for investigations."),
    )
    publish(t, Outputs(flow_log_group_name=group.ref()))
    return t


def _role(t: Template, group: logs.LogGroup) -> iam.Role:
    return iam.Role(
        "FlowLogRole",
        t,
        AssumeRolePolicyDocument=trust("vpc-flow-logs"),
        Policies=[
            inline(
                "WriteFlowLogs",
                allow(
                    "WriteTheOneLogGroup",
                    [
                        logs_actions.CreateLogStream,
                        logs_actions.PutLogEvents,
                        logs_actions.DescribeLogStreams,
                    ],
                    [group.get_att("Arn")],
                ),
            )
        ],
        Metadata=describe("Lets the VPC write its flow logs, and nothing else."),
    )
