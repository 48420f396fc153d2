"""Takes the rules from the default security group of the deployment's VPC.

EC2 makes the group with the VPC and lets it talk to itself and to everyone. Nothing of ours is in it, but
what somebody starts in the VPC without naming a group would be. CloudFormation cannot revoke these rules.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console

from deployer.cloudformation.inventory import resources
from deployer.cloudformation.package import STACK_TYPE
from deployer.console import say

VPC = "AWS::EC2::VPC"


def close(cloudformation: Any, ec2: Any, stack: str, console: Console) -> None:
    """Revoke the default group's rules in the VPC that the stack made; those of an existing VPC stay."""
    for vpc in _vpcs(cloudformation, stack):
        filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
        for group in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]:
            incoming, outgoing = group["IpPermissions"], group["IpPermissionsEgress"]
            if incoming:
                ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=incoming)
            if outgoing:
                ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=outgoing)
            if incoming or outgoing:
                say(console, f"Closed the default security group of {vpc}.")


def _vpcs(cloudformation: Any, stack: str) -> list[str]:
    """The VPCs of the stacks nested in this one."""
    children = [r["PhysicalResourceId"] for r in _existing(cloudformation, stack, STACK_TYPE)]
    return [r["PhysicalResourceId"] for child in children for r in _existing(cloudformation, child, VPC)]


def _existing(cloudformation: Any, stack: str, kind: str) -> list[dict[str, Any]]:
    return [
        summary
        for summary in resources(cloudformation, stack)
        if summary["ResourceType"] == kind
        and summary.get("PhysicalResourceId")
        and summary["ResourceStatus"] != "DELETE_COMPLETE"
    ]
