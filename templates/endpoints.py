"""Private ways from the VPC to AWS services: the free ones that are always there, and those that cost."""

from __future__ import annotations

from troposphere import Sub, Template, ec2

from templates.wiring import describe

HTTPS = 443
INTERFACE_ENDPOINTS = {
    "BedrockRuntime": "bedrock-runtime",
    "Cognito": "cognito-idp",
    "EcrApi": "ecr.api",
    "EcrDocker": "ecr.dkr",
    "Logs": "logs",
    "SecretsManager": "secretsmanager",
}
"""All that a task, and ECS on its behalf, calls; S3 and DynamoDB have gateway endpoints."""


def gateway_endpoints(t: Template, vpc: ec2.VPC, tables: list[ec2.RouteTable]) -> None:
    """S3 (which holds the image's layers) and DynamoDB are reached for free, past the NAT gateway."""
    for title, service in (("S3Endpoint", "s3"), ("DynamodbEndpoint", "dynamodb")):
        ec2.VPCEndpoint(
            title,
            t,
            VpcId=vpc.ref(),
            VpcEndpointType="Gateway",
            ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
            RouteTableIds=[table.ref() for table in tables],
            Metadata=describe("Keeps this traffic inside AWS and off the NAT gateway's bill."),
        )


def interface_endpoints(t: Template, vpc: ec2.VPC, subnets: list[ec2.Subnet], condition: str) -> None:
    """Add an interface in each subnet for each service, while `condition` holds."""
    group = ec2.SecurityGroup(
        "EndpointSecurityGroup",
        t,
        Condition=condition,
        VpcId=vpc.ref(),
        GroupDescription="Interface endpoints: in from the VPC over HTTPS, nothing out.",
        SecurityGroupIngress=[
            ec2.SecurityGroupRule(
                IpProtocol="tcp",
                FromPort=HTTPS,
                ToPort=HTTPS,
                CidrIp=vpc.get_att("CidrBlock"),
                Description="The tasks",
            )
        ],
        SecurityGroupEgress=[
            # An empty list would leave EC2's own rule, which allows everything.
            ec2.SecurityGroupRule(
                IpProtocol="tcp",
                FromPort=HTTPS,
                ToPort=HTTPS,
                CidrIp="127.0.0.1/32",
                Description="Nowhere: endpoints only answer",
            )
        ],
        Metadata=describe("Lets the VPC reach the endpoints, and only over HTTPS."),
    )
    for title, service in INTERFACE_ENDPOINTS.items():
        ec2.VPCEndpoint(
            f"{title}Endpoint",
            t,
            Condition=condition,
            VpcId=vpc.ref(),
            VpcEndpointType="Interface",
            ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
            SubnetIds=[subnet.ref() for subnet in subnets],
            SecurityGroupIds=[group.get_att("GroupId")],
            PrivateDnsEnabled=True,
            Metadata=describe(f"The private way to {service}, without the internet."),
        )
