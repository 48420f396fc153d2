"""The deployer's permissions: enough for the templates, whole for IAM, and no wider than they must be."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest

from deployer.account import service_linked_roles
from deployer.offline import operator_policy, policy
from deployer.offline.profiles import rendered
from deployer.options import STACK_NAME_MAX_LENGTH
from templates.stacks import firewall
from tests.deployer.running import POLICY, run

POLICIES = policy.policies("chat")
STATEMENTS = [statement for document in POLICIES for statement in document["Statement"]]


@pytest.mark.parametrize("name", ["chat", "x" * STACK_NAME_MAX_LENGTH])
def test_every_document_fits_a_managed_policy_when_it_is_filled_in(name: str) -> None:
    documents = policy.policies(name)
    for document in documents:
        text = json.dumps(document, separators=(",", ":"))
        for region in boto3.Session().get_available_regions("cloudformation"):
            assert len(text.replace("{account}", "123456789012").replace("{region}", region)) <= 6144
    assert len(documents) <= 10  # as many may be attached to a user or role by default


def test_the_longest_region_is_the_longest() -> None:
    regions = boto3.Session().get_available_regions("cloudformation")
    assert len(policy.LONGEST_REGION) == max(map(len, regions))


def test_no_action_is_a_wildcard_or_stands_twice_for_the_same_resource() -> None:
    every = [(action, resource) for s in STATEMENTS for action in s["Action"] for resource in s["Resource"]]
    assert not [action for action, _ in every if "*" in action]
    assert len(every) == len(set(every))
    # IAM takes upper and lower case for the same; AWS's registry has both.
    assert len(every) == len({(action.lower(), resource) for action, resource in every})


def test_the_secret_of_an_identity_provider_is_read_and_nothing_else() -> None:
    reading = [s for s in STATEMENTS if any(":secret:chat-" in resource for resource in s["Resource"])]
    assert [s["Action"] for s in reading] == [["secretsmanager:GetSecretValue"]]


@pytest.mark.parametrize(
    "action",
    [
        "cloudformation:CancelUpdateStack", "cloudformation:ContinueUpdateRollback",
        "cloudformation:DeleteChangeSet", "cloudformation:ExecuteChangeSet", "codebuild:CreateProject",
        "codepipeline:GetPipelineState", "dynamodb:CreateTable", "ec2:CreateVpc", "ec2:DeleteSecurityGroup",
        "ec2:DescribeAvailabilityZones", "ec2:DescribeManagedPrefixLists", "ec2:DescribeNetworkInterfaces",
        "ecs:CreateService", "iam:CreateRole", "iam:CreateServiceLinkedRole", "kms:CreateKey",
        "kms:RetireGrant", "route53:AssociateVPCWithHostedZone", "s3:PutObject",
        "s3:PutBucketLogging", "s3:PutBucketPolicy", "wafv2:AssociateWebACL",
    ],
)  # fmt: skip
def test_what_a_deployment_does_is_allowed(action: str) -> None:
    assert action in {action for statement in STATEMENTS for action in statement["Action"]}


def test_every_resource_type_is_provided_for() -> None:
    services = {action.partition(":")[0] for s in STATEMENTS for action in s["Action"]}
    types = {r["Type"].split("::")[1].lower() for s in rendered().values() for r in s["Resources"].values()}
    called = {"applicationautoscaling": "application-autoscaling", "certificatemanager": "acm",
              "cognito": "cognito-idp", "elasticloadbalancingv2": "elasticloadbalancing"}  # fmt: skip
    assert {called.get(name, name) for name in types} <= services


def test_what_bears_the_stacks_name_is_confined_to_it() -> None:
    for statement in STATEMENTS:
        for resource in statement["Resource"]:
            service = resource.split(":")[2] if resource != "*" else ""
            if (
                service in ("dynamodb", "s3", "sns", "events", "ecr", "codepipeline")
                or ":role/chat" in resource
            ):
                assert "chat-" in resource, resource


def test_what_does_harm_to_a_neighbours_tasks_and_logs_is_confined_by_name() -> None:
    harm = {"ecs:DeleteCluster", "ecs:UpdateService", "logs:DeleteLogGroup", "logs:PutRetentionPolicy"}
    found = [s for s in STATEMENTS if harm & set(s["Action"])]
    assert harm <= {action for statement in found for action in statement["Action"]}
    firewalls = f":log-group:{firewall.LOG_GROUP_PREFIX}*"
    for resource in (resource for statement in found for resource in statement["Resource"]):
        assert "chat-" in resource or resource.endswith(firewalls), resource


def test_what_is_confined_by_name_has_the_name_that_cloudformation_makes() -> None:
    """Which begins with the stack's; the firewall's log group alone has one that AWS WAF asks for."""
    said = {"AWS::ECS::Cluster": "ClusterName", "AWS::ECS::Service": "ServiceName",
            "AWS::Logs::LogGroup": "LogGroupName"}  # fmt: skip
    named = [
        title
        for stack in rendered().values()
        for title, resource in stack["Resources"].items()
        if said.get(resource["Type"]) in resource.get("Properties", {})
    ]
    assert named == ["FirewallLogGroup"]


@pytest.mark.parametrize("pool", ["", "eu-west-1_Ab12Cd34E"])
def test_nobody_elses_people_are_listed(pool: str) -> None:
    statements = [s for document in policy.policies("chat", pool) for s in document["Statement"]]
    listing = [s for s in statements if "cognito-idp:ListUsers" in s["Action"]]
    assert listing
    for statement in listing:
        ours = statement.get("Condition", {})["StringEquals"].get("aws:ResourceTag/Project") == "chat"
        assert ours or [each.rpartition("/")[2] for each in statement["Resource"]] == [pool]


def test_the_longest_stack_name_stands_whole_in_every_name_that_is_made_of_it() -> None:
    room = {"AWS::IAM::Role": 64, "AWS::Events::Rule": 64, "AWS::S3::Bucket": 63}
    by_chance = len("-1T6EMIU72SCD3")
    for stack in rendered().values():
        for title, resource in stack["Resources"].items():
            if longest := room.get(resource["Type"]):
                # `NAME-`, with which the patterns of the policies begin, `-Title` and the part by chance
                assert STACK_NAME_MAX_LENGTH + 1 + len(f"-{title}") + by_chance <= longest, title


def test_roles_are_handed_only_to_the_services_that_take_them() -> None:
    (statement,) = [s for s in STATEMENTS if s["Action"] == ["iam:PassRole"]]
    passed = set(statement["Condition"]["StringEquals"]["iam:PassedToService"])
    trusted = {
        s["Principal"]["Service"]
        for stack in rendered().values()
        for resource in stack["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
        for s in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    }
    assert passed == trusted


def test_the_roles_that_the_deployer_makes_for_services_are_allowed() -> None:
    (statement,) = [s for s in STATEMENTS if s["Action"] == ["iam:CreateServiceLinkedRole"]]
    allowed = statement["Condition"]["StringEquals"]["iam:AWSServiceName"]
    assert set(service_linked_roles.SERVICES) <= set(allowed)


def test_a_service_that_nobody_thought_of_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(policy.RESOURCES, "dynamodb")
    with pytest.raises(KeyError, match="NOT_USED"):
        policy.actions()


def test_the_documents_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert policy.main(["--stack", "chat", "--out", str(tmp_path)]) == 0
    written = sorted(tmp_path.iterdir())
    assert [json.loads(path.read_text("utf-8")) for path in written] == [
        *POLICIES,
        operator_policy.document("chat"),
    ]
    assert str(written[0]) in capsys.readouterr().out


def test_no_policy_is_written_for_a_stack_that_cannot_be_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert policy.main(["--stack", "x" * (STACK_NAME_MAX_LENGTH + 1), "--out", str(tmp_path)]) == 2
    assert "cannot be the name of a stack" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def written(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    """All documents as text, and the sentence at the end."""
    assert policy.main(["--out", str(folder), "--parameters", str(folder / "none.toml"), *arguments]) == 0
    return "".join(file.read_text("utf-8") for file in folder.glob("*.json")), capsys.readouterr().out


def test_account_and_region_are_filled_in_as_far_as_they_are_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.toml").write_text("")
    text, said = written(tmp_path, capsys)
    assert "{account}" in text
    assert "Put your account's number for {account} and the Region for {region} (" in said
    text, said = written(tmp_path, capsys, "--region", "eu-west-1")
    assert ("{region}" in text, "{account}" in text) == (False, True)
    assert "Put your account's number for {account} (" in said
    (tmp_path / "none.toml").write_text('region = "eu-west-1"\n')
    text, said = written(tmp_path, capsys, "--account", "123456789012")
    assert not {"{account}", "{region}"} & {word for word in ("{account}", "{region}") if word in text}
    assert "arn:aws:dynamodb:eu-west-1:123456789012:table/" in text
    assert "Attach the deployer's" in said


@pytest.mark.parametrize(
    "arguments", [("--account", "*"), ("--account", "1234"), ("--region", "*"), ("--region", "cn-north-1")]
)
def test_an_account_or_region_that_cannot_be_is_refused(tmp_path: Path, arguments: tuple[str, str]) -> None:
    ended = run(POLICY, "--out", str(tmp_path / "policy"), *arguments)
    assert ended.is_one_sentence, ended
    assert not (tmp_path / "policy").exists()
