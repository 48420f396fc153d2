"""The roles of a GitHub repository's workflows: for whom, with what, and what they cannot reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from deployer.cloudformation import stack
from deployer.commands import destroy, github, plan
from deployer.errors import DeployError, UsageError
from deployer.offline import github as offline
from tests.deployer.commands.test_permissions import allowed, recorded
from tests.deployer.running import DEPLOY_SH, run
from tests.deployer.tiny import Tiny, write

pytestmark = pytest.mark.slow

ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::000000000000:oidc-provider/{ISSUER}"


@pytest.fixture(autouse=True)
def no_provider(tiny: Tiny) -> Iterator[None]:
    """An account in which nobody has used GitHub Actions yet, before and after."""
    iam = tiny.aws.client("iam")

    def forget() -> None:
        for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
            iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=each["Arn"])

    forget()
    yield
    forget()


def role(tiny: Tiny, arn: str) -> dict[str, Any]:
    found = tiny.aws.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
    document = found["AssumeRolePolicyDocument"]
    trust = json.loads(unquote(document)) if isinstance(document, str) else document
    return found | {"AssumeRolePolicyDocument": trust}


def trusted(tiny: Tiny, arn: str) -> tuple[str, str, dict[str, str]]:
    """Whose tokens, for what, on which conditions."""
    (statement,) = role(tiny, arn)["AssumeRolePolicyDocument"]["Statement"]
    return statement["Principal"]["Federated"], statement["Action"][0], statement["Condition"]["StringEquals"]


def test_two_roles_for_one_repository(tiny: Tiny) -> None:
    outputs = github.run(tiny.options(), tiny.console, "acme/chat", "release/2.x")
    for name, subject in (("DeployRoleArn", "ref:refs/heads/release/2.x"), ("PlanRoleArn", "pull_request")):
        assert trusted(tiny, outputs[name]) == (
            PROVIDER,
            "sts:AssumeRoleWithWebIdentity",
            {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": f"repo:acme/chat:{subject}"},
        )
    printed = tiny.printed()
    assert "Made the account's OpenID Connect provider" in printed
    assert f"gh variable set AWS_ROLE_ARN --repo acme/chat --body {outputs['DeployRoleArn']}" in printed


def test_what_the_deployer_may_is_attached_with_the_account_filled_in(tiny: Tiny) -> None:
    outputs = github.run(tiny.options(), tiny.console, "acme/chat")
    iam = tiny.aws.client("iam")
    name = outputs["DeployRoleArn"].rpartition("/")[2]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    documents = [
        iam.get_policy_version(PolicyArn=each["PolicyArn"], VersionId="v1")["PolicyVersion"]["Document"]
        for each in attached
    ]
    assert allowed(*documents) == allowed(*offline.policy.policies(tiny.stack))
    text = json.dumps(documents)
    assert f"stack/{tiny.stack}-*/*" in text
    assert "{" + "account}" not in text
    assert "000000000000" in text
    none = iam.list_attached_role_policies(RoleName=outputs["PlanRoleArn"].rpartition("/")[2])
    assert none["AttachedPolicies"] == []


@pytest.mark.parametrize("pool", ["*", "us-east-1_*", "us-east-1_a/../*"])
def test_what_goes_into_a_policy_is_checked_as_a_deployment_would(tiny: Tiny, pool: str) -> None:
    with pytest.raises(UsageError, match="ExistingUserPoolId"):
        github.run(tiny.options(ExistingUserPoolId=pool), tiny.console, "acme/chat")
    assert stack.find(tiny.aws.client("cloudformation"), github.stack_name(tiny.stack)) is None


def test_the_same_again_changes_nothing_and_another_repository_changes_in_place(tiny: Tiny) -> None:
    first = github.run(tiny.options(), tiny.console, "acme/chat")
    tiny.printed()
    assert github.run(tiny.options(), tiny.console, "acme/chat") == first
    printed = tiny.printed()
    assert "nothing has changed" in printed
    assert "Made the account's" not in printed
    again = github.run(tiny.options(), tiny.console, "acme@12/chat@345")
    assert again == first
    condition = trusted(tiny, again["DeployRoleArn"])[2]
    assert condition[f"{ISSUER}:sub"] == "repo:acme@12/chat@345:ref:refs/heads/main"


def test_a_provider_that_takes_other_tokens_is_left_as_it_is(tiny: Tiny) -> None:
    iam = tiny.aws.client("iam")
    iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["https://github.com/acme"])
    with pytest.raises(DeployError, match="does not take the audience sts") as refused:
        github.run(tiny.options(), tiny.console, "acme/chat")
    assert refused.value.exit_code == 2
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)
    assert found["ClientIDList"] == ["https://github.com/acme"]
    assert state(tiny) is None


def test_they_go_on_request_and_the_accounts_provider_stays(tiny: Tiny) -> None:
    github.run(tiny.options(), tiny.console, "acme/chat")
    github.remove(tiny.options(), tiny.console)
    assert state(tiny) is None
    iam = tiny.aws.client("iam")
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)["Url"]
    github.remove(tiny.options(), tiny.console)
    assert "nothing to delete" in tiny.printed()


def test_no_deployment_and_no_end_of_one_touches_them(tiny: Tiny) -> None:
    github.run(tiny.options(), tiny.console, "acme/chat")
    tiny.deploy()
    destroy.run(tiny.options(), tiny.console, None)
    assert state(tiny) == "CREATE_COMPLETE"
    # By the deployment's tag, which would be handed on to the policies, AWS would list them as left behind.
    found = stack.find(tiny.aws.client("cloudformation"), github.stack_name(tiny.stack))
    assert found
    assert not found.get("Tags")


def test_what_deploys_cannot_reach_its_own_roles() -> None:
    name = github.stack_name("chat")
    own = (f"{name}-DeployRole-1T6EMIU72SCD3", f"{name}-PlanRole-1T6EMIU72SCD3")
    for statement in (s for each in offline.policy.policies("chat") for s in each["Statement"]):
        changes = [action for action in statement["Action"] if action.startswith(("iam:", "cloudformation:"))]
        reads = {"iam:GetRole", "iam:SimulatePrincipalPolicy"}
        for resource in statement["Resource"]:
            if set(changes) - reads and ":role/" in resource:
                begin = resource.partition(":role/")[2].rstrip("*")
                assert begin, resource
                assert not [each for each in own if each.startswith(begin)]
            if changes and ":stack/" in resource:
                assert not f"{name}/{'0' * 8}".startswith(resource.partition(":stack/")[2].rstrip("*/"))
    with pytest.raises(UsageError, match="give the deployment another name"):
        github.stack_name("GitHub")


@pytest.mark.parametrize(
    "repository",
    [
        "acme", "acme/", "/chat", "acme/chat/x", "acme/*", "*/*", "acme/chat:ref", "acme@1/chat",
        "acme/chat@1", "acme@0/chat@1", "acme@x/chat@1", "-acme/chat", "acme/..", "acme/${aws:username}",
        "acme /chat", "https://github.com/acme/chat", "acme/chat\n", "\u0430cme/chat", f"{'a' * 40}/chat",
    ],
)  # fmt: skip
def test_what_is_no_repository_is_refused_before_anything_is_asked(repository: str) -> None:
    ended = run(DEPLOY_SH, "github", f"--repository={repository}")
    assert ended.is_explained, ended
    assert "Repository" in ended.said


@pytest.mark.parametrize(
    "branch", ["*", "main*", "a b", "${x}", "a//b", "a/", "/a", "-a", "a..b", "a~1", "x" * 201]
)
def test_what_is_no_branch_is_refused(branch: str) -> None:
    ended = run(DEPLOY_SH, "github", "--repository", "acme/chat", f"--branch={branch}")
    assert ended.is_explained, ended
    assert "Branch" in ended.said


def test_without_a_repository_it_says_so() -> None:
    ended = run(DEPLOY_SH, "github")
    assert ended.is_one_sentence, ended
    assert "Which repository?" in ended.said


def test_a_pull_request_may_plan_and_nothing_that_is_not_read() -> None:
    actions = allowed(offline.planning("chat"))
    names = [action.partition(":")[2] for action in actions]
    assert [name for name in names if not name.startswith(("Describe", "Get", "List"))] == []
    assert {action.partition(":")[0] for action in actions} == {"cloudformation", "ec2"}


def test_the_plan_that_only_reads_asks_no_more_than_that(tiny: Tiny) -> None:
    with recorded() as first:
        plan.run(tiny.options(), tiny.console, write, reads_only=True)
    tiny.deploy(Greeting="hello")
    tiny.printed()
    before = change_sets(tiny)
    with recorded() as asked:
        plan.run(tiny.options(Greeting="bye"), tiny.console, write, reads_only=True)
    printed = " ".join(tiny.printed().split())
    assert "Store 1 to change in place: Text (Value)" in printed
    assert "old against new: CloudFormation was not asked" in printed
    assert change_sets(tiny) == before
    granted = allowed(offline.planning(tiny.stack))
    assert first | asked <= granted
    # Of a network of one's own, and of a stack of which only a change set is there.
    assert granted - first - asked == {"ec2:DescribeSubnets", "cloudformation:ListChangeSets"}


def change_sets(tiny: Tiny) -> list[str]:
    listed = tiny.aws.client("cloudformation").list_change_sets(StackName=tiny.stack)["Summaries"]
    return [each["ChangeSetId"] for each in listed]


def state(tiny: Tiny) -> str | None:
    """The state of the roles' stack."""
    found = stack.find(tiny.aws.client("cloudformation"), github.stack_name(tiny.stack))
    return found["StackStatus"] if found else None
