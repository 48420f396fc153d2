"""The network stack: a VPC over two zones, its subnets, the way out, endpoints. It waits for nothing.

Of the security groups it owns the endpoints' alone; the others stand beside what they protect. CloudFormation
cannot revoke the rules that EC2 gives the VPC's default security group; the deployer does, and nothing is
ever attached to it.

What is in here stays in here: in another stack it would be made again. A new VPC takes everything along, a
new NAT gateway meets the routes of the one before, a new endpoint its name in DNS. So the front door waits
for gateways and endpoints too, although it needs the subnets alone: a stack says what it has made once all of
it is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import (
    Cidr,
    Condition,
    Equals,
    If,
    Join,
    Or,
    Select,
    Sub,
    Tags,
    Template,
    ec2,
)

from templates.parameters import handed_on
from templates.parts.endpoints import gateway_endpoints, interface_endpoints
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

ZONES = ("A", "B")
SUBNET_HOST_BITS = 10
"""1,024 addresses in each subnet: four of them fit the smallest VPC that the root allows, a /20."""
EVERYWHERE = "0.0.0.0/0"
EGRESS_VALUES = ["nat", "nat-per-zone", "endpoints", "none"]


@seam
class Inputs:
    vpc_cidr: Value = handed_on()
    availability_zones: Value = handed_on("CommaDelimitedList")
    egress: Value = parameter("String", "How the tasks reach AWS services.", AllowedValues=EGRESS_VALUES)


@seam
class Outputs:
    vpc_id: Value = output("The VPC.")
    vpc_cidr: Value = output("The VPC's address range, in canonical form: no bits set beyond the prefix.")
    public_subnet_ids: Value = output("Subnets with a route to the internet, comma-separated, one per zone.")
    private_subnet_ids: Value = output("Subnets without public addresses, comma-separated, one per zone.")


@dataclass(frozen=True)
class _Subnets:
    public: list[ec2.Subnet]
    private: list[ec2.Subnet]


def template() -> Template:
    """The network, complete with egress."""
    t = new_template("Asistente - network: VPC over two zones, subnets, egress, endpoints.")
    inputs = declare(t, Inputs)
    per_zone = t.add_condition("HasNatPerZone", Equals(inputs.egress, "nat-per-zone"))
    has_nat = t.add_condition("HasNat", Or(Equals(inputs.egress, "nat"), Condition(per_zone)))
    has_endpoints = t.add_condition("HasEndpoints", Equals(inputs.egress, "endpoints"))

    vpc = ec2.VPC(
        "Vpc",
        t,
        CidrBlock=inputs.vpc_cidr,
        EnableDnsSupport=True,
        EnableDnsHostnames=True,
        Tags=_name("vpc"),
        Metadata=describe("The private network in which everything runs."),
    )
    blocks = Cidr(inputs.vpc_cidr, 2 * len(ZONES), SUBNET_HOST_BITS)
    subnets = _subnets(t, vpc, inputs.availability_zones, blocks)
    to_internet = _public_routes(t, vpc, subnets.public)
    private_tables = _private_routes(t, vpc, subnets, to_internet, has_nat, per_zone)
    gateway_endpoints(t, vpc, private_tables)
    interface_endpoints(t, vpc, subnets.private, has_endpoints)
    publish(
        t,
        Outputs(
            vpc_id=vpc.ref(),
            vpc_cidr=vpc.get_att("CidrBlock"),
            public_subnet_ids=Join(",", [subnet.ref() for subnet in subnets.public]),
            private_subnet_ids=Join(",", [subnet.ref() for subnet in subnets.private]),
        ),
    )
    return t


def _subnets(t: Template, vpc: ec2.VPC, names: Value, blocks: Cidr) -> _Subnets:
    def subnet(kind: str, number: int, zone: int, purpose: str) -> ec2.Subnet:
        return ec2.Subnet(
            f"{kind}Subnet{ZONES[zone]}",
            t,
            VpcId=vpc.ref(),
            AvailabilityZone=Select(zone, names),
            CidrBlock=Select(number, blocks),
            MapPublicIpOnLaunch=False,
            Tags=_name(f"{kind.lower()}-{ZONES[zone].lower()}"),
            Metadata=describe(purpose),
        )

    zones = range(len(ZONES))
    return _Subnets(
        public=[
            subnet("Public", z, z, "Holds what has a public address: NAT gateways, load balancers, or tasks.")
            for z in zones
        ],
        private=[
            subnet(
                "Private",
                len(ZONES) + z,
                z,
                "Holds tasks, internal load balancers and endpoints; nothing in it has a public address.",
            )
            for z in zones
        ],
    )


def _public_routes(t: Template, vpc: ec2.VPC, subnets: list[ec2.Subnet]) -> ec2.Route:
    """Route the public subnets to the internet; what needs the internet depends on the result."""
    gateway = ec2.InternetGateway(
        "InternetGateway",
        t,
        Tags=_name("internet"),
        # CloudFront refuses a VPC without one as an origin, even though no packet of its origin passes it.
        Metadata=describe("The VPC's door to the internet, for NAT and for CloudFront's VPC origin."),
    )
    attachment = ec2.VPCGatewayAttachment(
        "InternetGatewayAttachment",
        t,
        VpcId=vpc.ref(),
        InternetGatewayId=gateway.ref(),
        Metadata=describe("Attaches the internet gateway to the VPC."),
    )
    table = _table(t, "PublicRoutes", vpc, "public", subnets, "Routes of the public subnets.")
    return ec2.Route(
        "PublicDefaultRoute",
        t,
        DependsOn=attachment,
        RouteTableId=table.ref(),
        DestinationCidrBlock=EVERYWHERE,
        GatewayId=gateway.ref(),
        Metadata=describe("Sends what leaves the public subnets to the internet gateway."),
    )


def _private_routes(
    t: Template, vpc: ec2.VPC, subnets: _Subnets, to_internet: ec2.Route, has_nat: str, per_zone: str
) -> list[ec2.RouteTable]:
    first, second = (
        _nat_gateway(t, zone, subnet, to_internet, condition)
        for zone, subnet, condition in zip(ZONES, subnets.public, [has_nat, per_zone], strict=True)
    )
    gateways = [first.ref(), If(per_zone, second.ref(), first.ref())]
    tables = []
    for zone, subnet, gateway in zip(ZONES, subnets.private, gateways, strict=True):
        table = _table(
            t,
            f"PrivateRoutes{zone}",
            vpc,
            f"private-{zone.lower()}",
            [subnet],
            "Routes of one private subnet.",
        )
        ec2.Route(
            f"PrivateDefaultRoute{zone}",
            t,
            Condition=has_nat,
            RouteTableId=table.ref(),
            DestinationCidrBlock=EVERYWHERE,
            NatGatewayId=gateway,
            Metadata=describe("Sends what leaves the private subnet to a NAT gateway."),
        )
        tables.append(table)
    return tables


def _nat_gateway(
    t: Template, zone: str, subnet: ec2.Subnet, to_internet: ec2.Route, condition: str
) -> ec2.NatGateway:
    address = ec2.EIP(
        f"NatAddress{zone}",
        t,
        Domain="vpc",
        Tags=_name(f"nat-{zone.lower()}"),
        Metadata=describe("The fixed public address that the tasks' requests come from."),
        Condition=condition,
    )
    return ec2.NatGateway(
        f"NatGateway{zone}",
        t,
        DependsOn=to_internet,
        AllocationId=address.get_att("AllocationId"),
        SubnetId=subnet.ref(),
        Tags=_name(f"nat-{zone.lower()}"),
        Metadata=describe("Lets the tasks call AWS services while nothing outside can call them."),
        Condition=condition,
    )


def _table(
    t: Template, title: str, vpc: ec2.VPC, name: str, subnets: list[ec2.Subnet], purpose: str
) -> ec2.RouteTable:
    table = ec2.RouteTable(title, t, VpcId=vpc.ref(), Tags=_name(name), Metadata=describe(purpose))
    for subnet in subnets:
        ec2.SubnetRouteTableAssociation(
            f"{subnet.title}Routes",
            t,
            SubnetId=subnet.ref(),
            RouteTableId=table.ref(),
            Metadata=describe("Gives the subnet its route table."),
        )
    return table


def _name(suffix: str) -> Tags:
    return Tags(Name=Sub(f"${{AWS::StackName}}-{suffix}"))
