"""The GitHub stack: two roles for the workflows of one repository. The root knows nothing of it.

It is deployed once, by hand, before the first deployment, and no deployment changes or deletes it: a role
that could change itself would have every right. So its name must not begin as the deployment's stacks do.

The provider of the tokens is not here: an account has one for GitHub, and other roles may trust it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awacs import sts
from awacs.aws import Allow, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import Sub, Template, iam

from templates.parts.permissions import document
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
"""What aws-actions/configure-aws-credentials asks the token for."""
SESSION_SECONDS = 2 * 60 * 60
"""A first deployment takes the better part of an hour, and a canary another half."""

_OWNER = "[A-Za-z0-9][A-Za-z0-9_-]{0,38}"
_NAME = r"\.?[A-Za-z0-9_-][A-Za-z0-9._-]{0,98}"
_ID = "@[1-9][0-9]{0,18}"
REPOSITORY = f"^({_OWNER}/{_NAME}|{_OWNER}{_ID}/{_NAME}{_ID})$"
_WORD = "[A-Za-z0-9_+=@-]"
BRANCH = rf"^[A-Za-z0-9_](\.?{_WORD})*(/{_WORD}(\.?{_WORD})*)*$"
"""No blank, wildcard or $: IAM would take ${...} for a variable of its own."""


@seam
class Inputs:
    provider_arn: Value = parameter(
        "String",
        "The account's OpenID Connect provider for GitHub Actions.",
        AllowedPattern=f"^arn:aws:iam::[0-9]{{12}}:oidc-provider/{ISSUER}$",
    )
    repository: Value = parameter(
        "String",
        "The repository whose workflows may take the roles, as GitHub's tokens name it: owner/name, or "
        "owner@id/name@id.",
        AllowedPattern=REPOSITORY,
        ConstraintDescription="owner/name, or owner@id/name@id with GitHub's numbers of both",
    )
    branch: Value = parameter(
        "String",
        "The branch from which a workflow may deploy.",
        AllowedPattern=BRANCH,
        MaxLength=200,
        ConstraintDescription="a branch's name, such as main or release/2.x",
    )


@seam
class Outputs:
    deploy_role_arn: Value = output("The role of workflows on the branch: the repository's AWS_ROLE_ARN.")
    plan_role_arn: Value = output("The role of pull requests: the repository's AWS_PLAN_ROLE_ARN.")


def template(deploying: Sequence[Mapping[str, Any]], planning: Mapping[str, Any]) -> Template:
    """The roles with what they may do: `deploying`, policy documents, and `planning`, one that only reads.

    In the documents' texts `{account}` and `{region}` stand for where the stack is.
    """
    t = new_template("Asistente - github: roles for the workflows of one GitHub repository.")
    inputs = declare(t, Inputs)
    policies = [
        iam.ManagedPolicy(
            f"Deploying{number}",
            t,
            PolicyDocument=_here(each),
            Metadata=describe("A part of what a deployment needs: IAM bounds the length of a policy."),
        )
        for number, each in enumerate(deploying, 1)
    ]
    deploy = iam.Role(
        "DeployRole",
        t,
        AssumeRolePolicyDocument=_trust(inputs, "ref:refs/heads/${branch}", branch=inputs.branch),
        ManagedPolicyArns=[policy.ref() for policy in policies],
        MaxSessionDuration=SESSION_SECONDS,
        Metadata=describe("Lets workflows on the one branch deploy, verify and roll back."),
    )
    plan = iam.Role(
        "PlanRole",
        t,
        AssumeRolePolicyDocument=_trust(inputs, "pull_request"),
        Policies=[iam.Policy(PolicyName="Read", PolicyDocument=_here(planning))],
        Metadata=describe(
            "Lets pull requests, whose code nobody has read yet, see what a deployment would do."
        ),
    )
    publish(t, Outputs(deploy_role_arn=deploy.get_att("Arn"), plan_role_arn=plan.get_att("Arn")))
    return t


def _trust(inputs: Inputs, subject: str, **values: Value) -> PolicyDocument:
    """Let tokens assume a role that GitHub gave this repository for that subject, and no others.

    https://docs.github.com/en/actions/reference/security/oidc says what a subject looks like.
    """
    whose = Sub(f"repo:${{repository}}:{subject}", {"repository": inputs.repository, **values})
    return document(
        Statement(
            Effect=Allow,
            Principal=Principal("Federated", inputs.provider_arn),
            Action=[sts.AssumeRoleWithWebIdentity],
            Condition=Condition(StringEquals({f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": whose})),
        )
    )


def _here(value: Any) -> Any:
    """A document with the partition, the account and the Region of the stack."""
    match value:
        case Mapping():
            return {key: _here(item) for key, item in value.items()}
        case list():
            return [_here(item) for item in value]
        case str():
            text = value.replace("{account}", "${AWS::AccountId}").replace("{region}", "${AWS::Region}")
            text = text.replace("arn:aws:", "arn:${AWS::Partition}:", 1)
            return Sub(text) if text != value else value
    return value
