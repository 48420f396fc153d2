"""Private ways from the VPC to AWS services: the free ones that are always there, and those that cost.

Each lets through what tasks do, in this account, and nothing else: somebody who got into a task and brought
keys of another account along could not carry data there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from awacs import cognito_idp, ecr, logs, s3, secretsmanager
from awacs.aws import Action, Condition, PolicyDocument, Principal, StringEquals, StringEqualsIfExists
from troposphere import AccountId, Sub, Template, ec2

from templates.parts.permissions import (
    COUNT,
    FIND_OLD,
    INVOKE,
    LIST_THE_FILES,
    LOOK_AT_THE_TABLE,
    PULL,
    SEARCH,
    USE_THE_FILES,
    USE_THE_TABLE,
    allow,
    arn,
    document,
)
from templates.wiring import Value, describe

HTTPS = 443
OURS = Condition(StringEquals({"aws:PrincipalAccount": AccountId}))
TABLE_USE = [*USE_THE_TABLE, *LOOK_AT_THE_TABLE, *SEARCH, *FIND_OLD]
HERE = "${AWS::Region}:${AWS::AccountId}"


def _ours(sid: str, actions: Sequence[Action], *resources: Value) -> PolicyDocument:
    """Allow the actions to roles of this account, on these resources."""
    return document(allow(sid, actions, resources, OURS, principal=Principal("*")))


def _registry() -> PolicyDocument:
    return document(
        # AWS has no narrower form: the token is for the whole registry.
        allow("SignInToTheRegistry", [ecr.GetAuthorizationToken], ["*"], OURS, principal=Principal("*")),
        allow("PullImages", PULL, [arn(f"ecr:{HERE}:repository/*")], OURS, principal=Principal("*")),
    )


def _buckets() -> PolicyDocument:
    """People's files; and layers, from a bucket of ECR's, by addresses that ECR itself has signed:
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
    """
    layers = arn("s3:::prod-${AWS::Region}-starport-layer-bucket/*")
    # A bucket's ARN does not say whose it is.
    both_ours = Condition(StringEquals({"aws:PrincipalAccount": AccountId, "aws:ResourceAccount": AccountId}))
    return document(
        allow("FetchImageLayers", [s3.GetObject], [layers], principal=Principal("*")),
        allow("KeepFiles", USE_THE_FILES, [arn("s3:::*/*")], both_ours, principal=Principal("*")),
        allow("ListFiles", LIST_THE_FILES, [arn("s3:::*")], both_ours, principal=Principal("*")),
    )


def _people() -> PolicyDocument:
    """What the app asks the pool. Nobody signs these requests, and AWS names no resource for them."""
    return document(
        allow(
            "SignPeopleIn",
            [
                cognito_idp.AssociateSoftwareToken,
                cognito_idp.ChangePassword,
                cognito_idp.ConfirmForgotPassword,
                cognito_idp.ConfirmSignUp,
                cognito_idp.ForgotPassword,
                cognito_idp.GetUser,
                cognito_idp.GlobalSignOut,
                cognito_idp.InitiateAuth,
                cognito_idp.ResendConfirmationCode,
                cognito_idp.RespondToAuthChallenge,
                cognito_idp.RevokeToken,
                cognito_idp.SetUserMFAPreference,
                cognito_idp.SignUp,
                cognito_idp.VerifySoftwareToken,
            ],
            ["*"],
            # Where Cognito says whose the pool is, it must be ours; where it does not, people still get in.
            Condition(StringEqualsIfExists({"aws:ResourceAccount": AccountId})),
            principal=Principal("*"),
        )
    )


GATEWAYS: Mapping[str, tuple[str, PolicyDocument]] = {
    "S3": ("s3", _buckets()),
    "Dynamodb": (
        "dynamodb",
        # The pattern takes in the tables' indexes. Whether searches, which have an address of their own, come
        # this way or by that to the internet, AWS does not say: they pass on both.
        _ours(
            "UseTables",
            TABLE_USE,
            arn(f"dynamodb:{HERE}:table/*"),
        ),
    ),
}
INTERFACES: Mapping[str, tuple[str, PolicyDocument]] = {
    "BedrockRuntime": (
        "bedrock-runtime",
        _ours(
            "InvokeModels",
            [*INVOKE, *COUNT],
            # AWS's models belong to no account, and a profile may use them in any Region.
            arn("bedrock:*::foundation-model/*"),
            arn(f"bedrock:{HERE}:inference-profile/*"),
        ),
    ),
    "Cognito": ("cognito-idp", _people()),
    "EcrApi": ("ecr.api", _registry()),
    "EcrDocker": ("ecr.dkr", _registry()),
    "Logs": (
        "logs",
        _ours("WriteLogs", [logs.CreateLogStream, logs.PutLogEvents], arn(f"logs:{HERE}:log-group:*")),
    ),
    "SecretsManager": (
        "secretsmanager",
        _ours("ReadSecrets", [secretsmanager.GetSecretValue], arn(f"secretsmanager:{HERE}:secret:*")),
    ),
}
"""All that a task, and ECS on its behalf, calls; S3 and DynamoDB have gateway endpoints."""


def gateway_endpoints(t: Template, vpc: ec2.VPC, tables: list[ec2.RouteTable]) -> None:
    """S3 (people's files, the image's layers) and DynamoDB are reached for free, past the NAT gateway."""
    for title, (service, policy) in GATEWAYS.items():
        ec2.VPCEndpoint(
            f"{title}Endpoint",
            t,
            VpcId=vpc.ref(),
            VpcEndpointType="Gateway",
            ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
            RouteTableIds=[table.ref() for table in tables],
            PolicyDocument=policy,
            Metadata=describe(f"Keeps traffic to {service} inside AWS and off the NAT gateway's bill."),
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
    for title, (service, policy) in INTERFACES.items():
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
            PolicyDocument=policy,
            Metadata=describe(f"The private way to {service}, without the internet."),
        )
