"""What AWS's own services may leave in a VPC of ours for a while, or for good, so that it cannot be deleted.

For VPC origins CloudFront puts network interfaces into the subnets, in a security group that it makes itself.
It takes both away some time after the origin is gone, and now and then forgets the group. Where Amazon
GuardDuty watches the account's tasks, it has an endpoint and a group in each VPC that it does not take away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from deployer.cloudformation.events import Event
from deployer.console import say
from deployer.errors import explain

VPC = "AWS::EC2::VPC"
HINDERED = {VPC, "AWS::EC2::Subnet", "AWS::EC2::SecurityGroup", "AWS::EC2::VPCGatewayAttachment"}
GROUP = "CloudFront-VPCOrigins-Service-SG"
GUARDDUTY_GROUP = "GuardDutyManagedSecurityGroup-"
GUARDDUTY_SERVICE = ".guardduty-data"


def hinder(events: Iterable[Event]) -> bool:
    """Whether something in the network could not be deleted because something else was still in it."""
    # EC2's code is DependencyViolation; its sentences speak of dependencies or of a dependent object.
    return any(e.failed and e.kind in HINDERED and "dependen" in e.reason.lower() for e in events)


def remove(ec2: Any, vpc: str, console: Console) -> None:
    """Delete GuardDuty's endpoint in a VPC of ours, and those services' groups in which nothing is."""
    in_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    endpoints = [
        endpoint["VpcEndpointId"]
        for endpoint in ec2.describe_vpc_endpoints(Filters=in_vpc)["VpcEndpoints"]
        if endpoint["ServiceName"].endswith(GUARDDUTY_SERVICE) and endpoint["State"] == "available"
    ]
    if endpoints:
        ec2.delete_vpc_endpoints(VpcEndpointIds=endpoints)
        say(console, f"Deleted the endpoint that GuardDuty had in {vpc}.")
    for group in ec2.describe_security_groups(Filters=in_vpc)["SecurityGroups"]:
        if group["GroupName"] == GROUP or group["GroupName"].startswith(GUARDDUTY_GROUP):
            _remove_group(ec2, group, console)


def _remove_group(ec2: Any, group: Mapping[str, Any], console: Console) -> None:
    name, vpc = group["GroupName"], group["VpcId"]
    inside = [{"Name": "group-id", "Values": [group["GroupId"]]}]
    if ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]:
        return
    try:
        ec2.delete_security_group(GroupId=group["GroupId"])
    except ClientError as error:  # its service may be at it in this moment
        say(console, f"{name} in {vpc} stays for now: {explain(error)}", "yellow")
    else:
        say(console, f"Deleted {name}, which AWS had left in {vpc}.")
