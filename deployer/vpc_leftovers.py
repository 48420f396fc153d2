"""What CloudFront may leave in a VPC of ours for a while, or for good, so that it cannot be deleted.

For VPC origins CloudFront puts network interfaces into the subnets, in a security group that it makes itself.
It takes both away some time after the origin is gone, and now and then forgets the group.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from deployer.errors import explain
from deployer.events import Event
from deployer.progress import say

VPC = "AWS::EC2::VPC"
HINDERED = {VPC, "AWS::EC2::Subnet", "AWS::EC2::SecurityGroup", "AWS::EC2::VPCGatewayAttachment"}
GROUP = "CloudFront-VPCOrigins-Service-SG"


def hinder(events: Iterable[Event]) -> bool:
    """Whether something in the network could not be deleted because something else was still in it."""
    # EC2's code is DependencyViolation; its sentences speak of dependencies or of a dependent object.
    return any(e.failed and e.kind in HINDERED and "dependen" in e.reason.lower() for e in events)


def remove(ec2: Any, vpc: str, console: Console) -> None:
    """Delete CloudFront's group in a VPC of ours if nothing is in it any more."""
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": [GROUP]}]
    for group in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]:
        inside = [{"Name": "group-id", "Values": [group["GroupId"]]}]
        if ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]:
            continue
        try:
            ec2.delete_security_group(GroupId=group["GroupId"])
        except ClientError as error:  # CloudFront may be at it in this moment
            say(console, f"{GROUP} in {vpc} stays for now: {explain(error)}", "yellow")
        else:
            say(console, f"Deleted {GROUP}, which CloudFront had left in {vpc}.")
