"""The deployer's permissions by simulation, as its API reference says that IAM answers.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployer.account.checks import permissions
from deployer.account.checks.findings import Finding, guarded
from deployer.offline import policy

USER = "arn:aws:iam::123456789012:user/people/ana"
ROLE = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Deployer"
SESSION = "arn:aws:sts::123456789012:assumed-role/Deployer/ana@example.com"
DOCUMENTS = policy.policies("chat")
EVERY = {action for each in DOCUMENTS for statement in each["Statement"] for action in statement["Action"]}

Allow = Callable[[dict[str, Any], str, str], bool]


class Iam:
    """Answers a simulation by a function of the request, the action and the resource."""

    def __init__(self, allow: Allow) -> None:
        self.allow = allow
        self.requests: list[dict[str, Any]] = []

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803 (AWS's name)
        assert RoleName == "Deployer"
        return {"Role": {"Arn": ROLE}}

    def get_paginator(self, operation: str) -> Iam:
        assert operation == "simulate_principal_policy"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        self.requests.append(request)
        for action in request["ActionNames"]:
            decisions = [
                {
                    "EvalResourceName": resource,
                    "EvalResourceDecision": "allowed"
                    if self.allow(request, action, resource)
                    else "implicitDeny",
                }
                for resource in request.get("ResourceArns", ["*"])
            ]
            every = all(each["EvalResourceDecision"] == "allowed" for each in decisions)
            yield {
                "EvaluationResults": [
                    {
                        "EvalActionName": action,
                        "EvalDecision": "allowed" if every else "implicitDeny",
                        "ResourceSpecificResults": decisions if len(decisions) > 1 else [],
                    }
                ]
            }


def check(allow: Allow, identity: str = USER) -> tuple[Finding, Iam]:
    iam = Iam(allow)
    [finding] = permissions.check(iam, identity, "123456789012", "eu-west-1", DOCUMENTS)
    return finding, iam


@pytest.mark.parametrize(("identity", "principal"), [(USER, USER), (SESSION, ROLE)])
def test_who_has_all_is_well(identity: str, principal: str) -> None:
    finding, iam = check(lambda *_: True, identity)
    assert (finding.level, f"All {len(EVERY)}" in finding.message) == ("ok", True)
    assert {request["PolicySourceArn"] for request in iam.requests} == {principal}


def test_resources_and_conditions_are_those_of_the_policy_made_concrete() -> None:
    _, iam = check(lambda *_: True)
    for request in iam.requests:
        assert len(request["ActionNames"]) <= permissions.AT_ONCE
        for arn in request.get("ResourceArns", []):
            assert "*" not in arn
            assert "{" not in arn
    [passed] = [r for r in iam.requests if r["ActionNames"] == ["iam:PassRole"]][:1]
    assert passed["ResourceArns"] == ["arn:aws:iam::123456789012:role/chat-x"]
    services = {
        entry["ContextKeyValues"][0]
        for request in iam.requests
        if request["ActionNames"] == ["iam:PassRole"]
        for entry in request["ContextEntries"]
    }
    assert services == {f"{name}.amazonaws.com" for name in policy.PASSED_TO}


def test_what_is_missing_is_named() -> None:
    finding, _ = check(lambda _, action, __: not action.startswith("budgets:"))
    assert (finding.level, "budgets:" in finding.message) == ("warning", True)
    assert "make policy" in finding.remedy


@pytest.mark.parametrize("action", sorted(permissions.INDISPENSABLE))
def test_what_no_deployment_does_without_is_wrong(action: str) -> None:
    assert action in EVERY
    finding, _ = check(lambda _, asked, __: asked != action)
    assert (finding.level, action in finding.message) == ("wrong", True)


def test_a_role_that_may_be_passed_to_some_services_only_is_missing() -> None:
    def allow(request: dict[str, Any], action: str, _: str) -> bool:
        values = [value for entry in request["ContextEntries"] for value in entry["ContextKeyValues"]]
        return action != "iam:PassRole" or "codebuild.amazonaws.com" not in values

    assert check(allow)[0].level == "wrong"


def test_one_of_several_resources_is_enough() -> None:
    """An action of alarms is none of dashboards."""
    finding, _ = check(lambda _, action, arn: not (action.startswith("cloudwatch:") and "dashboard" in arn))
    assert finding.level == "ok"


def test_the_root_user_is_told_to_make_another() -> None:
    finding, iam = check(lambda *_: False, "arn:aws:iam::123456789012:root")
    assert (finding.level, "root user" in finding.message, iam.requests) == ("warning", True, [])


def test_a_federated_user_cannot_be_simulated() -> None:
    finding, _ = check(lambda *_: False, "arn:aws:sts::123456789012:federated-user/ana")
    assert (finding.level, "Not checked" in finding.message) == ("warning", True)


@contextmanager
def refusing(code: str) -> Iterator[Iam]:
    def refuse(*_: Any) -> bool:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "SimulatePrincipalPolicy")

    yield Iam(refuse)


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling"])
def test_who_may_not_simulate_is_told(code: str) -> None:
    with refusing(code) as iam:
        [finding] = guarded(
            "permissions", lambda: permissions.check(iam, USER, "123456789012", "eu-west-1", DOCUMENTS)
        )
    assert (finding.level, finding.message.startswith("Not checked.")) == ("warning", True)


def not_knowing(*unknown: str, but: Allow = lambda *_: True) -> Allow:
    """IAM refuses a question in which one of these actions is."""

    def allow(request: dict[str, Any], action: str, arn: str) -> bool:
        if set(unknown) & set(request["ActionNames"]):
            raise ClientError({"Error": {"Code": "InvalidInput", "Message": "no"}}, "SimulatePrincipalPolicy")
        return but(request, action, arn)

    return allow


def checked(allow: Allow) -> tuple[list[tuple[str, str]], int]:
    """Levels and messages of what is found, and how many questions that took."""
    iam = Iam(allow)
    found = permissions.check(iam, USER, "123456789012", "eu-west-1", DOCUMENTS)
    return [(str(each.level), each.message) for each in found], len(iam.requests)


def test_an_action_that_iam_does_not_know_is_named_as_not_checked_and_all_others_are() -> None:
    unknown = ("ec2:CreateVpc", "logs:GetLogEvents")
    found, _ = checked(not_knowing(*unknown))
    assert found == [
        (
            "warning",
            f"2 of {len(EVERY)} permissions of a deployer were not checked: IAM does not simulate "
            f"{', '.join(unknown)}.",
        ),
        ("ok", f"All {len(EVERY) - 2} other permissions of a deployer are there."),
    ]


def test_what_is_missing_beside_an_action_that_iam_does_not_know_is_found() -> None:
    found, _ = checked(not_knowing("ec2:CreateVpc", but=lambda _, action, __: action != "ec2:CreateSubnet"))
    assert [level for level, _ in found] == ["warning", "warning"]
    assert found[1][1] == f"1 of {len(EVERY)} permissions of a deployer are missing: ec2:CreateSubnet."


def test_where_iam_refuses_every_question_nothing_is_called_there_and_it_is_not_asked_for_ever() -> None:
    found, questions = checked(not_knowing(*EVERY))
    assert [level for level, _ in found] == ["warning"]
    assert f"{len(EVERY)} of {len(EVERY)} permissions of a deployer were not checked" in found[0][1]
    assert questions < len(EVERY) / 2


def test_expired_credentials_end_everything() -> None:
    with refusing("ExpiredToken") as iam, pytest.raises(ClientError):
        guarded("permissions", lambda: permissions.check(iam, USER, "1", "eu-west-1", DOCUMENTS))
