"""Promises that hold for the whole product, checked on every stack."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import templates
from tests.templates import stacks
from tests.templates.stacks import Json

EVERY_STACK = pytest.mark.parametrize("name", stacks.names())
CONTEXT = "com.aws.cloudformation.Context"
PASCAL_CASE = re.compile(r"([A-Z][a-z0-9]*)+")
SHOUTED = re.compile(r"ID|ARN|URL|VPC|IAM|DNS|TLS")
TAKEN_BY_EC2 = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}")
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html"""
OUTPUT_KINDS = ("Cidr", "Id", "Ids", "Arn", "Name", "Url", "Uri", "Scheme")
WITHOUT_NARROWER_RESOURCE = {
    "ecr:GetAuthorizationToken",
    *(
        f"elasticloadbalancing:Describe{what}"
        for what in ("Listeners", "Rules", "TargetGroups", "TargetHealth")
    ),
}
WITHOUT_SOURCE_ACCOUNT = {"codepipeline.amazonaws.com", "ecs.amazonaws.com"}
NAMED_BY_RULE = {"FirewallLogGroup"}
"""AWS WAF delivers only to log groups whose names begin with aws-waf-logs-."""
PHYSICAL_NAMES = {
    "AWS::CodeBuild::Project": "Name",
    "AWS::CodePipeline::Pipeline": "Name",
    "AWS::Cognito::UserPool": "UserPoolName",
    "AWS::Cognito::UserPoolClient": "ClientName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::ECS::Service": "ServiceName",
    "AWS::ECS::TaskDefinition": "Family",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SecretsManager::Secret": "Name",
}


@EVERY_STACK
def test_everything_is_described(name: str) -> None:
    template = stacks.stack(name)
    assert template["Description"]
    for section in ("Parameters", "Outputs"):
        for title, entry in template.get(section, {}).items():
            assert entry["Description"].endswith("."), title
    for title, resource in template["Resources"].items():
        assert resource["Metadata"][CONTEXT]["why"], title


@EVERY_STACK
def test_names_follow_one_rule(name: str) -> None:
    template = stacks.stack(name)
    for section in ("Parameters", "Conditions", "Resources", "Outputs"):
        for title in template.get(section, {}):
            assert PASCAL_CASE.fullmatch(title), title
            assert not SHOUTED.search(title), title
    for title in template["Outputs"]:
        assert title.endswith(OUTPUT_KINDS), title


@EVERY_STACK
def test_cloudformation_chooses_the_physical_names(name: str) -> None:
    named = {
        title
        for title, resource in stacks.stack(name)["Resources"].items()
        if title not in NAMED_BY_RULE
        and PHYSICAL_NAMES.get(resource["Type"], "") in resource.get("Properties", {})
    }
    assert not named


@EVERY_STACK
def test_no_permission_is_wider_than_it_must_be(name: str) -> None:
    template = stacks.stack(name)
    # In a key's policy, resource * is the key itself.
    keys = stacks.of_type(template, "AWS::KMS::Key")
    for_keys = [statement for key in keys.values() for statement in stacks.statements(key)]
    for statement in stacks.statements(template):
        if statement["Effect"] == "Deny":
            continue
        actions = statement["Action"]
        if statement in for_keys:
            assert not [action for action in actions if "*" in action]
            continue
        assert not [action for action in actions if "*" in action]
        if "*" in statement.get("Resource", []):
            in_this_account = {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}
            assert (
                set(actions) <= WITHOUT_NARROWER_RESOURCE
                or in_this_account in statement["Condition"].values()
            )


@EVERY_STACK
def test_roles_trust_a_service_only_on_behalf_of_this_account(name: str) -> None:
    for title, role in stacks.of_type(stacks.stack(name), "AWS::IAM::Role").items():
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        ((kind, service),) = statement["Principal"].items()
        assert kind == "Service", title
        if service in WITHOUT_SOURCE_ACCOUNT:
            continue
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, (
            title
        )


@EVERY_STACK
def test_logs_expire(name: str) -> None:
    for title, group in stacks.of_type(stacks.stack(name), "AWS::Logs::LogGroup").items():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, title


@EVERY_STACK
def test_logs_are_encrypted_with_the_deployments_key(name: str) -> None:
    for title, group in stacks.of_type(stacks.stack(name), "AWS::Logs::LogGroup").items():
        assert group["Properties"]["KmsKeyId"]["Fn::If"][:2] == ["HasOwnKey", {"Ref": "KeyArn"}], title


@EVERY_STACK
def test_secrets_are_encrypted_with_the_deployments_key(name: str) -> None:
    for title, secret in stacks.of_type(stacks.stack(name), "AWS::SecretsManager::Secret").items():
        # AWS's key by its name: left out in an update, the secret would stay under a key that is gone.
        chosen = ["HasOwnKey", {"Ref": "KeyArn"}, "alias/aws/secretsmanager"]
        assert secret["Properties"]["KmsKeyId"]["Fn::If"] == chosen, title


@EVERY_STACK
@pytest.mark.parametrize("keep", ["yes", "no"])
def test_deletion_policies_are_literals_and_no_template_asks_for_a_transform(name: str, keep: str) -> None:
    template = stacks.stack(name, keep)
    assert "Transform" not in template
    for title, resource in template["Resources"].items():
        for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
            assert resource.get(attribute, "Delete") in ("Delete", "Retain"), title


@EVERY_STACK
def test_only_the_root_has_defaults(name: str) -> None:
    defaults = [title for title, p in stacks.stack(name).get("Parameters", {}).items() if "Default" in p]
    assert not defaults or name == "root"


@EVERY_STACK
def test_only_the_public_load_balancer_is_open_to_the_world(name: str) -> None:
    open_to_all = {
        title
        for title, resource in stacks.stack(name)["Resources"].items()
        for rule in _ingress_rules(resource)
        if rule.get("CidrIp") == "0.0.0.0/0" or "CidrIpv6" in rule
    }
    assert open_to_all == ({"PublicHttpIn", "PublicHttpsIn"} if name == "edge" else set())


@EVERY_STACK
def test_every_security_group_rule_is_described_and_has_one_port(name: str) -> None:
    for title, resource in stacks.stack(name)["Resources"].items():
        rules = _ingress_rules(resource)
        if resource["Type"] == "AWS::EC2::SecurityGroup":
            rules += resource["Properties"]["SecurityGroupEgress"]
        for rule in rules:
            assert rule["Description"], title
            assert rule["IpProtocol"] == "tcp", title
            assert rule["FromPort"] == rule["ToPort"], title


@EVERY_STACK
def test_ec2_takes_every_description_of_a_security_group(name: str) -> None:
    """No apostrophe is among what it takes, and CloudFormation finds that out when it makes the group."""
    for title, resource in stacks.stack(name)["Resources"].items():
        if not resource["Type"].startswith("AWS::EC2::SecurityGroup"):
            continue
        for part in stacks.walk(resource["Properties"]):
            for key in ("GroupDescription", "Description"):
                if isinstance(part, dict) and key in part:
                    assert TAKEN_BY_EC2.fullmatch(part[key]), title


@pytest.mark.asvs("13.3.1")
@EVERY_STACK
def test_the_client_secret_goes_to_secrets_manager_only(name: str) -> None:
    template = stacks.stack(name)
    places = [
        title
        for title, resource in template["Resources"].items()
        if any(_is_client_secret(value) for value in stacks.walk(resource))
    ]
    assert places == (["ClientSecret"] if name in ("auth", "single_sign_on") else [])
    assert not [value for value in stacks.walk(template["Outputs"]) if _is_client_secret(value)]


def test_children_do_not_know_each_other() -> None:
    """Stacks are built from parts and joined by the wiring; only the root imports a stack."""
    building = {"parts", "wiring"}
    allowed = {
        "root.py": building | {"outputs", "parameters", "stacks"},
        "outputs.py": {"wiring"},
        "stacks": building | {"parameters"},
        "parameters": building | {"parameters"},
        "parts": building,
        "wiring.py": set(),
    }
    home = Path(str(templates.__file__)).parent
    for path in home.rglob("*.py"):
        room = path.relative_to(home).parts[0]
        if room != "__init__.py":
            assert _imported_templates(path) <= allowed[room], path


def test_every_module_of_a_stack_is_one_that_is_written() -> None:
    home = Path(str(templates.__file__)).parent / "stacks"
    assert {path.stem for path in home.glob("[!_]*.py")} - {"github"} == set(stacks.names()) - {"root"}


def test_every_part_is_used() -> None:
    home = Path(str(templates.__file__)).parent
    text = "".join(path.read_text(encoding="utf-8") for path in home.rglob("*.py"))
    for path in (home / "parts").glob("[!_]*.py"):
        imported = (
            rf"from templates\.parts\.{path.stem} import|from templates\.parts import .*\b{path.stem}\b"
        )
        assert re.search(imported, text), path.name


def _ingress_rules(resource: Json) -> list[Json]:
    match resource["Type"]:
        case "AWS::EC2::SecurityGroup":
            return list(resource["Properties"].get("SecurityGroupIngress", []))
        case "AWS::EC2::SecurityGroupIngress":
            return [resource["Properties"]]
    return []


def _is_client_secret(value: object) -> bool:
    return isinstance(value, dict) and value.get("Fn::GetAtt", ["", ""])[1] == "ClientSecret"


def _imported_templates(path: Path) -> set[str]:
    """The rooms, or the modules beside them, that a module imports from."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "templates":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("templates."):
            found.add(node.module.split(".")[1])
    return found
