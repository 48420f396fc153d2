"""What the templates have to know of the account and its Region, and only AWS can tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.errors import UsageError
from deployer.fixed import EXISTING

ORIGIN_FACING = "com.amazonaws.global.cloudfront.origin-facing"
ZONES = 2
UNSUITABLE = {"use1-az3", "usw1-az2", "apne1-az3", "cac1-az3"}
"""Zones, by the id that is the same in every account; which letter one has differs from account to account.

CloudFront has no VPC origins in these four:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
Fargate runs nothing in usw1-az2 and apne1-az3, and nothing for ARM64 in use1-az3:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-arm64.html
Left out whatever the front door is, so that another one can be chosen later without moving the subnets.
"""


def explore(ec2: Any, wanted: Mapping[str, str], deployed: Mapping[str, str] | None) -> dict[str, str]:
    """Return the parameters that only AWS can tell.

    Args:
        wanted: the parameters as they are known so far.
        deployed: those of the running stack; None when there is none.
    """
    return {
        "AvailabilityZones": _zones(ec2, wanted, deployed),
        "OriginFacingPrefixListId": origin_facing(ec2),
    }


def origin_facing(ec2: Any) -> str:
    """Return the id of the list of CloudFront's addresses; empty where the Region has none."""
    # No account but AWS's own can give a list such a name; the owner is asked for nevertheless.
    filters = [
        {"Name": "prefix-list-name", "Values": [ORIGIN_FACING]},
        {"Name": "owner-id", "Values": ["AWS"]},
    ]
    found = ec2.describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    return found[0]["PrefixListId"] if found else ""


def suitable_zones(ec2: Any) -> list[str]:
    """Return the names of the Region's zones in which everything can run, sorted.

    Raises UsageError when they are too few.
    """
    found = ec2.describe_availability_zones()["AvailabilityZones"]
    names = sorted(zone["ZoneName"] for zone in found if _suits(zone))
    if len(names) < ZONES:
        raise UsageError(
            f"Two Availability Zones are needed in which Fargate and CloudFront's VPC origins work, and your "
            f"account has {' and '.join(names) or 'none'} here: choose another region."
        )
    return names


def _suits(zone: Mapping[str, str]) -> bool:
    return (
        zone["State"] == "available"
        and zone["ZoneType"] == "availability-zone"
        and zone["OptInStatus"] != "not-opted-in"
        and zone["ZoneId"] not in UNSUITABLE
    )


def _refuse_unsuitable(ec2: Any, subnets: str) -> None:
    """Raise UsageError when one of the user's own subnets is where not everything can run."""
    # By a filter: a subnet that is not there is for CloudFormation to name.
    filters = [{"Name": "subnet-id", "Values": subnets.split(",")}]
    for subnet in ec2.describe_subnets(Filters=filters)["Subnets"]:
        if subnet["AvailabilityZoneId"] in UNSUITABLE:
            raise UsageError(
                f"The subnet {subnet['SubnetId']} is in {subnet['AvailabilityZone']} "
                f"({subnet['AvailabilityZoneId']}), where Fargate or CloudFront's VPC origins do not work: "
                "name subnets in other zones in ExistingPrivateSubnetIds."
            )


def _zones(ec2: Any, wanted: Mapping[str, str], deployed: Mapping[str, str] | None) -> str:
    # A subnet cannot move: in another zone it is another one, which cannot be made while the old one has its
    # addresses. So the running stack's choice stays, whatever AWS says of its zones today, and also where it
    # was left to CloudFormation.
    if deployed is not None:
        return deployed.get("AvailabilityZones", "")
    if wanted.get("Egress") == EXISTING:
        _refuse_unsuitable(ec2, wanted["ExistingPrivateSubnetIds"])
        return ""
    return ",".join(suitable_zones(ec2)[:ZONES])
