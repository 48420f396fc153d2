"""What the templates have to know of the account and its Region, and only AWS can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deployer.cloudformation.meaning import secrets_region
from deployer.cloudformation.other_network import EXISTING
from deployer.errors import UsageError

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
ENDPOINT_SERVICES = ("bedrock-runtime", "cognito-idp", "ecr.api", "ecr.dkr", "logs", "secretsmanager")
"""What tasks reach by interface endpoints with Egress endpoints; not every zone has one for each."""


def explore(ec2: Any, wanted: Mapping[str, str], deployed: Mapping[str, str] | None) -> dict[str, str]:
    """Return the parameters that only AWS can tell.

    Args:
        wanted: the parameters as they are known so far.
        deployed: those of the running stack; None when there is none.
    """
    _refuse_a_secret_elsewhere(ec2.meta.region_name, wanted.get("OidcClientSecretArn", ""))
    return {
        "AvailabilityZones": _zones(ec2, wanted, deployed),
        "OriginFacingPrefixListId": origin_facing(ec2),
    }


def _refuse_a_secret_elsewhere(region: str, arn: str) -> None:
    """Raise UsageError where CloudFormation could not read the secret: it looks nowhere else."""
    if arn and secrets_region(arn) != region:
        raise UsageError(
            f"OidcClientSecretArn names a secret in {secrets_region(arn)}, and CloudFormation reads only "
            f"those of the stack's own region: make it in {region}."
        )


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
    egress = wanted.get("Egress")
    if egress == EXISTING:
        _refuse_unsuitable(ec2, wanted["ExistingPrivateSubnetIds"])
        return ""
    zones = suitable_zones(ec2)
    served = _with_endpoints(ec2, zones)
    if len(served) < ZONES and egress == "endpoints":
        raise UsageError(
            f"Egress endpoints needs interface endpoints of {', '.join(ENDPOINT_SERVICES)} in two "
            f"Availability Zones, and here {' and '.join(served) or 'no zone'} has them all: choose "
            "another Egress, or another region."
        )
    # Whatever Egress is now, so that it can become endpoints later.
    return ",".join((served if len(served) >= ZONES else zones)[:ZONES])


def _with_endpoints(ec2: Any, zones: Sequence[str]) -> list[str]:
    """Those of the zones in which every one of ENDPOINT_SERVICES can have an interface endpoint."""
    names = [f"com.amazonaws.{ec2.meta.region_name}.{service}" for service in ENDPOINT_SERVICES]
    filters = [{"Name": "service-name", "Values": names}]
    found = ec2.describe_vpc_endpoint_services(Filters=filters)["ServiceDetails"]
    where = {service["ServiceName"]: set(service["AvailabilityZones"]) for service in found}
    return [zone for zone in zones if all(zone in where.get(name, ()) for name in names)]
