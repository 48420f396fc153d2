"""What an update will do, from the templates alone: the real ones, and small ones for a rule each."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.cloudformation.foreseen import Action, Change
from deployer.cloudformation.parameters import keeps_data
from deployer.offline import compared
from deployer.offline.compared import Unforeseeable
from deployer.offline.profiles import OWN, checked, rendered

Json = dict[str, Any]


def real(**chosen: str) -> Json:
    return compared.whole(rendered(keeps_data(chosen)), checked(chosen))


def update(before: dict[str, str], after: dict[str, str]) -> dict[str, Change]:
    return {change.path: change for change in compared.changes(real(**before), real(**after))}


def test_the_same_is_no_change() -> None:
    assert update({}, {}) == {}


def test_a_first_deployment_adds_everything() -> None:
    found = compared.changes({"Resources": {}}, real())
    assert {change.action for change in found} == {Action.ADD}
    assert {"Data/Table", "Network/Vpc", "Service/Service"} <= {change.path for change in found}


def test_more_tasks_change_in_place() -> None:
    found = update({}, {"TaskCount": "3"})
    assert {change.action for change in found.values()} == {Action.MODIFY}
    assert found["Service/Scaling"].because == ("MinCapacity",)


def test_more_memory_replaces_the_task_definition_and_changes_the_service() -> None:
    found = update({}, {"TaskMemory": "2048"})
    assert found["Service/TaskDefinition"].action is Action.REPLACE
    assert "Memory" in found["Service/TaskDefinition"].because
    service = found["Service/Service"]
    assert (service.action, service.is_certain) == (Action.MODIFY, False)
    assert "TaskDefinition" in service.because


def test_another_front_door_adds_and_removes() -> None:
    found = update({}, {"FrontDoor": "http"})
    assert found["Distribution/Distribution"].action is Action.REMOVE
    assert found["Edge/PublicLoadBalancer"].action is Action.ADD
    assert "Data/Table" not in found


@pytest.mark.parametrize(("keep", "keeps"), [("yes", True), ("no", False)])
def test_a_key_that_goes_stays_where_data_is_kept(keep: str, keeps: bool) -> None:
    found = update({"KeepData": keep}, {"KeepData": keep, "EncryptionKey": "aws"})
    assert (found["Encryption/Key"].action, found["Encryption/Key"].keeps) == (Action.REMOVE, keeps)
    assert found["Data/Table"].action is Action.MODIFY


@pytest.mark.parametrize(
    "chosen",
    [
        {"KeepData": "no"},
        {"EncryptionKey": "aws"},
        {"Mfa": "required"},
        {"SignUpDomains": "example.com"},
        {"DeploymentStrategy": "canary"},
        {"FrontDoor": "http"},
    ],
)
def test_no_choice_of_parameters_replaces_table_or_pool(chosen: dict[str, str]) -> None:
    """That takes a changed template."""
    found = update({}, chosen)
    for path in ("Data/Table", "Auth/UserPool"):
        assert path not in found or found[path].action is Action.MODIFY


# --- small templates ---


def small(**resources: Json) -> Json:
    return compared.whole({"root": {"Resources": resources}}, {})


def table(name: str | Json = "a", **more: Any) -> Json:
    return {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name}} | more


def of(kind: str = "AWS::DynamoDB::Table", **properties: Any) -> Json:
    return {"Type": kind, "Properties": properties}


def only(before: Json, after: Json) -> Change:
    [change] = compared.changes(before, after)
    return change


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        (table("a"), table("b"), Action.REPLACE),
        (table("a"), table({"Fn::Sub": "${AWS::StackName}-a"}), Action.PERHAPS_REPLACE),
        (of(KeySchema=[1]), of(KeySchema=[2]), Action.PERHAPS_REPLACE),
        (table(), {"Type": "AWS::SQS::Queue"}, Action.REPLACE),
        (table(), table(DeletionPolicy="Retain"), Action.MODIFY),
        (of("AWS::Nowhere::Thing", A=1), of("AWS::Nowhere::Thing", A=2), Action.PERHAPS_REPLACE),
    ],
)  # fmt: skip
def test_what_replaces_is_what_the_registry_says(before: Json, after: Json, action: Action) -> None:
    assert only(small(T=before), small(T=after)).action is action


@pytest.mark.parametrize(
    ("old", "new", "keeps"),
    [
        ("Retain", "Retain", True),
        ("Retain", "Delete", False),
        ("Delete", "Retain", False),
        (None, None, False),
    ],
)
def test_what_is_replaced_stays_only_where_both_templates_say_so(
    old: str | None, new: str | None, keeps: bool
) -> None:
    def policy(value: str | None) -> Json:
        return {"UpdateReplacePolicy": value} if value else {}

    assert only(small(T=table("a", **policy(old))), small(T=table("b", **policy(new)))).keeps is keeps


@pytest.mark.parametrize(
    "reference",
    [{"Ref": "T"}, {"Fn::GetAtt": ["T", "Arn"]}, {"Fn::Sub": "x-${T}"}, {"Fn::Sub": "x-${T.Arn}"},
     {"Fn::Sub": ["x-${y}", {"y": {"Ref": "T"}}]}, {"Fn::Join": ["", [{"Ref": "T"}]]}],
)  # fmt: skip
def test_what_refers_to_a_replaced_resource_changes_with_it(reference: Json) -> None:
    def stack(name: str, value: Any) -> Json:
        group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": value}}
        return small(T=table(name), G=group)

    found = {c.path: c for c in compared.changes(stack("a", reference), stack("b", reference))}
    assert found["T"].action is Action.REPLACE
    assert (found["G"].action, found["G"].is_certain) == (Action.PERHAPS_REPLACE, False)
    assert compared.changes(stack("a", reference), stack("a", reference)) == []


def test_numbers_and_text_are_the_same_to_cloudformation() -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7, "X": True}}
    text = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": "7", "X": "true"}}
    assert compared.changes(small(G=group), small(G=text)) == []


@pytest.mark.parametrize(
    "root",
    [
        {},
        {"Resources": {"A": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x"}}}},
        {"Resources": {"A": {"Type": "T", "Condition": "C"}}, "Conditions": {"C": {"Fn::EachMemberIn": [1]}}},
        {"Resources": {"A": {"Type": "T", "Condition": "C"}}},
    ],
)  # fmt: skip
def test_templates_that_are_not_ours_are_said_to_be(root: Json) -> None:
    with pytest.raises(Unforeseeable):
        compared.whole({"root": root}, {})


def test_the_deployer_s_own_parameters_are_known() -> None:
    assert set(OWN) <= set(checked({}))
