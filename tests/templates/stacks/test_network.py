"""The network: subnets that fit whatever range is chosen, and a way out for every one that needs it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradio_app
from tests.templates import stacks
from tests.templates.rendition import rendition


@st.composite
def allowed_ranges(draw: st.DrawFn) -> str:
    """A range that the root lets a user choose."""
    pattern = stacks.stack("root")["Parameters"]["VpcCidr"]["AllowedPattern"]
    return draw(st.from_regex(pattern, fullmatch=True))


@given(allowed_ranges())
def test_subnets_fit_every_allowed_range(vpc_cidr: str) -> None:
    # EC2 clears the bits beyond the prefix; strict=False does the same.
    vpc = IPv4Network(vpc_cidr, strict=False)
    assert vpc.is_private
    subnets = [_block(subnet, vpc) for subnet in _subnets().values()]
    assert len(subnets) == 4
    assert not any(one.overlaps(other) for one in subnets for other in subnets if one is not other)


@pytest.mark.parametrize(
    "refused",
    ["8.8.0.0/16", "10.256.0.0/16", "172.32.0.0/16", "10.0.0.0/15", "10.0.0.0/21", "10.0.0.0/16 ", ""],
)
def test_a_range_that_cannot_work_is_refused(refused: str) -> None:
    pattern = stacks.stack("root")["Parameters"]["VpcCidr"]["AllowedPattern"]
    assert not re.fullmatch(pattern, refused)


def test_each_kind_of_subnet_is_in_the_two_zones_given() -> None:
    given = {"Ref": "AvailabilityZones"}
    for kind in ("Public", "Private"):
        zones = [subnet["AvailabilityZone"] for title, subnet in _subnets().items() if title.startswith(kind)]
        assert zones == [{"Fn::Select": [0, given]}, {"Fn::Select": [1, given]}]


@pytest.mark.parametrize("egress", ["endpoints", "none"])
def test_without_nat_private_subnets_have_no_way_to_the_internet(egress: str) -> None:
    network = rendition(stacks.stack("network"), Egress=egress)
    assert not stacks.of_type(network, "AWS::EC2::NatGateway")
    assert not stacks.of_type(network, "AWS::EC2::EIP")
    assert set(stacks.of_type(network, "AWS::EC2::Route")) == {"PublicDefaultRoute"}


def test_endpoints_reach_all_that_a_task_calls() -> None:
    network = rendition(stacks.stack("network"), Egress="endpoints")
    found = stacks.of_type(network, "AWS::EC2::VPCEndpoint").values()
    names = {e["Properties"]["ServiceName"]["Fn::Sub"].rsplit("}.")[-1] for e in found}
    assert names == {
        "bedrock-runtime", "cognito-idp", "dynamodb", "ecr.api", "ecr.dkr", "logs", "s3", "secretsmanager",
    }  # fmt: skip
    interfaces = [e["Properties"] for e in found if e["Properties"]["VpcEndpointType"] == "Interface"]
    assert all(e["PrivateDnsEnabled"] and len(e["SubnetIds"]) == 2 for e in interfaces)
    assert "EndpointSecurityGroup" not in rendition(stacks.stack("network"), Egress="nat")["Resources"]


def test_every_endpoint_lets_only_its_own_service_and_this_account_through() -> None:
    for title, endpoint in stacks.of_type(stacks.stack("network"), "AWS::EC2::VPCEndpoint").items():
        # Without a policy an endpoint lets everything through.
        for statement in endpoint["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Principal"] == "*", title
            if title == "S3Endpoint":
                continue
            ((_, condition),) = statement["Condition"].items()
            assert list(condition.values()) == [{"Ref": "AWS::AccountId"}], title


def test_nothing_but_files_of_this_account_and_the_layers_of_images_goes_to_s3() -> None:
    statement, *files = _policy("S3Endpoint")
    for each in files:
        assert each["Condition"]["StringEquals"]["aws:ResourceAccount"] == {"Ref": "AWS::AccountId"}
    assert statement["Action"] == ["s3:GetObject"]
    (bucket,) = statement["Resource"]
    assert bucket == {"Fn::Sub": "arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*"}


def test_people_can_sign_in_though_nobody_signs_the_requests() -> None:
    """A request without a signature has no account: a condition on it would keep everyone out."""
    for statement in _policy("CognitoEndpoint"):
        assert statement["Condition"] == {
            "StringEqualsIfExists": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}
        }


def test_endpoints_let_all_through_that_tasks_may_do_and_no_more() -> None:
    roles = [stacks.properties(stacks.stack("service"), role) for role in ("TaskRole", "ExecutionRole")]
    may = {action for role in roles for s in stacks.statements(role) for action in s["Action"]}
    # KMS is asked by the services in the role's name, and the trust policy concerns nobody in the VPC.
    may = {action for action in may if not action.startswith(("kms:", "sts:"))}
    let_through = {
        action
        for title in stacks.of_type(stacks.stack("network"), "AWS::EC2::VPCEndpoint")
        for statement in _policy(title)
        for action in statement["Action"]
    }
    assert let_through == may | {"s3:GetObject"} | set(_calls_of_the_app_to_cognito())


@pytest.mark.parametrize(("egress", "gateways"), [("nat", 1), ("nat-per-zone", 2)])
def test_every_private_subnet_has_a_way_out(egress: str, gateways: int) -> None:
    network = rendition(stacks.stack("network"), Egress=egress)
    nats = stacks.of_type(network, "AWS::EC2::NatGateway")
    assert len(nats) == len(stacks.of_type(network, "AWS::EC2::EIP")) == gateways
    used = {
        stacks.properties(network, f"PrivateDefaultRoute{zone}")["NatGatewayId"]["Ref"] for zone in ("A", "B")
    }
    assert used == set(nats)


def test_no_instance_gets_a_public_address_by_itself() -> None:
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in _subnets().values())


def _policy(endpoint: str) -> list[stacks.Json]:
    return stacks.properties(stacks.stack("network"), endpoint)["PolicyDocument"]["Statement"]


def _calls_of_the_app_to_cognito() -> Iterator[str]:
    """The methods of boto3's client that the code calls, by the names that IAM has for them."""
    for path in Path(str(gradio_app.__file__)).parent.glob("cognito/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="_client"), attr=method)):
                    words = method.replace("mfa", "MFA").split("_")
                    yield "cognito-idp:" + "".join(word[:1].upper() + word[1:] for word in words)


def _subnets() -> dict[str, stacks.Json]:
    found = stacks.of_type(stacks.stack("network"), "AWS::EC2::Subnet")
    return {title: subnet["Properties"] for title, subnet in found.items()}


def _block(subnet: stacks.Json, vpc: IPv4Network) -> IPv4Network:
    """What Fn::Select of Fn::Cidr gives: one of `count` blocks with so many host bits."""
    number, cidr = subnet["CidrBlock"]["Fn::Select"]
    _, count, host_bits = cidr["Fn::Cidr"]
    blocks = [block for block, _ in zip(vpc.subnets(new_prefix=32 - host_bits), range(count), strict=False)]
    assert len(blocks) == count
    return blocks[number]
