"""What change sets say of each resource, in AWS's own words, and what the templates add to it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html
"""

from __future__ import annotations

from typing import Any

import pytest

from deployer.cloudformation import foreseen
from deployer.cloudformation.foreseen import Action, Change
from deployer.commands import foresight
from tests.deployer.account.checks.stubbed import answering

TABLE = "AWS::DynamoDB::Table"


def change(action: str = "Modify", title: str = "Table", **more: Any) -> dict[str, Any]:
    return {"Action": action, "LogicalResourceId": title, "ResourceType": TABLE} | more


def detail(evaluation: str, name: str = "TableName") -> dict[str, Any]:
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": "Always"}
    return {"Target": target, "Evaluation": evaluation}


def described(*found: dict[str, Any]) -> tuple[str, Any]:
    changes = [{"Type": "Resource", "ResourceChange": each} for each in found]
    return "describe_change_set", {"ChangeSetId": "c", "Changes": changes}


def read(*found: dict[str, Any]) -> list[Change]:
    with answering("cloudformation", described(*found)) as cloudformation:
        return list(foreseen.of_change_set(cloudformation, "c"))


@pytest.mark.parametrize(
    ("found", "action"),
    [
        (change("Add"), Action.ADD),
        (change("Import"), Action.TAKE_OVER),
        (change("Remove"), Action.REMOVE),
        (change(Replacement="False"), Action.MODIFY),
        (change(Replacement="True"), Action.REPLACE),
        (change(Replacement="Conditional"), Action.PERHAPS_REPLACE),
        (change("Dynamic"), Action.PERHAPS_REPLACE),
        (change("SyncWithActual", Replacement="False"), Action.MODIFY),
    ],
)
def test_every_action_has_its_word(found: dict[str, Any], action: Action) -> None:
    assert [each.action for each in read(found)] == [action]


@pytest.mark.parametrize(
    ("policy", "keeps"),
    [(None, None), ("Delete", False), ("Retain", True), ("Snapshot", True), ("ReplaceAndDelete", False),
     ("ReplaceAndRetain", True), ("ReplaceAndSnapshot", True)],
)  # fmt: skip
def test_what_stays_is_what_the_policy_says(policy: str | None, keeps: bool | None) -> None:
    assert read(change("Remove", **({"PolicyAction": policy} if policy else {})))[0].keeps is keeps


@pytest.mark.parametrize(
    ("details", "is_certain"),
    [([], True), (["Dynamic"], False), (["Static"], True), (["Dynamic", "Static"], True)],
)
def test_only_a_static_evaluation_is_certain(details: list[str], is_certain: bool) -> None:
    [found] = read(change(Details=[detail(each) for each in details]))
    assert found.is_certain is is_certain
    assert found.because == (("TableName",) if details else ())


def planned(found: dict[str, Any], *by_templates: Change) -> foresight.Plan:
    with answering("cloudformation", described(found)) as cloudformation:
        templates = foresight.Templates(by_templates, None, None)
        return foresight.of_change_set(cloudformation, {"ChangeSetId": "c"}, templates)


DOUBTFUL = change(Replacement="Conditional", Details=[detail("Dynamic")])


def test_what_the_templates_leave_as_it_is_is_not_called_replaced() -> None:
    plan = planned(DOUBTFUL)
    assert (list(plan.changes), plan.passed_on, list(plan.losses)) == ([], 1, [])


def test_a_doubt_that_the_templates_share_stays() -> None:
    own = Change(path="Table", kind=TABLE, action=Action.PERHAPS_REPLACE, keeps=True)
    plan = planned(DOUBTFUL, own)
    assert [(each.action, each.keeps) for each in plan.changes] == [(Action.PERHAPS_REPLACE, True)]
    assert "may be replaced" in plan.losses[0].message


def test_what_is_certain_to_cloudformation_is_never_taken_back() -> None:
    plan = planned(change(Replacement="True", Details=[detail("Static")]))
    assert [each.action for each in plan.changes] == [Action.REPLACE]
    assert plan.losses


def test_cloudformation_s_word_on_what_stays_goes_over_the_templates() -> None:
    own = Change(path="Table", kind=TABLE, action=Action.REMOVE, keeps=True)
    assert "is deleted" in planned(change("Remove", PolicyAction="Delete"), own).losses[0].message
    assert "it stays" in planned(change("Remove"), own).losses[0].message
