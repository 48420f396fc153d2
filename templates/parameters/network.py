"""The network, ours or an existing one, and the way out of it."""

from __future__ import annotations

from templates.parameters.patterns import OCTET
from templates.wiring import Value, parameter, seam

PRIVATE_RANGE_PATTERN = rf"^(10\.{OCTET}|172\.(1[6-9]|2[0-9]|3[01])|192\.168)\.{OCTET}\.{OCTET}/(1[6-9]|20)$"
VPC_RANGE = rf"{OCTET}(\.{OCTET}){{3}}/(1[6-9]|2[0-8])"
"""https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""
SUBNETS_PATTERN = r"^$|^subnet-[0-9a-f]{8,17}(,subnet-[0-9a-f]{8,17})+$"


@seam
class Network:
    """Network"""

    egress: Value = parameter(
        "String",
        "How tasks reach AWS services; USD a month, traffic apart. nat: one NAT gateway, 37. nat-per-zone: "
        "one in each of the two zones, 73, and a lost zone does not cut the other off. endpoints: no way to "
        "the internet at all, 88. none: each task has a public address that accepts no connection, 4 per "
        "task. existing: your own VPC with its own way out; give ExistingVpcId and what follows it. To "
        "existing, or from it, cannot be changed later.",
        AllowedValues=["nat", "nat-per-zone", "endpoints", "none", "existing"],
        Default="nat",
        label="How tasks reach AWS",
    )
    vpc_cidr: Value = parameter(
        "String",
        "Private address range of the new VPC, /16 to /20; choose one that no connected network uses. It "
        "cannot be changed later.",
        AllowedPattern=PRIVATE_RANGE_PATTERN,
        ConstraintDescription="A private range such as 10.42.0.0/16, from /16 to /20.",
        Default="10.42.0.0/16",
        label="Address range of the new VPC",
    )
    existing_vpc_id: Value = parameter(
        "String",
        "Only with Egress existing: the VPC. With FrontDoor cloudfront it needs an internet gateway. It "
        "cannot be changed later.",
        AllowedPattern=r"^$|^vpc-[0-9a-f]{8,17}$",
        ConstraintDescription="An id such as vpc-0123456789abcdef0, or nothing.",
        Default="",
        label="Existing VPC",
        example="vpc-0123456789abcdef0",
    )
    existing_vpc_cidr: Value = parameter(
        "String",
        "Only with Egress existing: the range of the VPC's addresses.",
        AllowedPattern=rf"^$|^{VPC_RANGE}$",
        ConstraintDescription="A range such as 10.42.0.0/16, from /16 to /28, or nothing.",
        Default="",
        label="Its address range",
        example="10.42.0.0/16",
    )
    existing_public_subnet_ids: Value = parameter(
        "String",
        "Only with Egress existing and a FrontDoor other than cloudfront: two or more subnets in different "
        "zones with a route to the internet, for the load balancer.",
        AllowedPattern=SUBNETS_PATTERN,
        ConstraintDescription="Two or more ids such as subnet-0123456789abcdef0, separated by commas, or "
        "nothing.",
        Default="",
        label="Its public subnets",
    )
    existing_private_subnet_ids: Value = parameter(
        "String",
        "Only with Egress existing: two or more subnets in different zones from which AWS services can be "
        "reached, for the tasks.",
        AllowedPattern=SUBNETS_PATTERN,
        ConstraintDescription="Two or more ids such as subnet-0123456789abcdef0, separated by commas, or "
        "nothing.",
        Default="",
        label="Its private subnets",
        example="subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    )
