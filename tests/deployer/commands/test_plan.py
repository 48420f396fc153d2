"""Plans on the emulator: what is told, that nothing is changed by telling, and what deploy does with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from deployer.cloudformation import changes, deployed, reviewed
from deployer.commands import deploy, plan
from deployer.commands.consent import FLAG, Consent
from deployer.errors import DeployError
from tests.deployer import calls
from tests.deployer import tiny as templates
from tests.deployer.tiny import Tiny

pytestmark = pytest.mark.slow

Write = Callable[[Path, str], None]


def planned(tiny: Tiny, write: Write = templates.write, *, drift: bool = False, **parameters: Any) -> str:
    tiny.printed()
    plan.run(tiny.options(**parameters), tiny.console, write, with_drift=drift)
    return tiny.printed()


def state(tiny: Tiny) -> list[tuple[str, str, list[str]]]:
    """What a plan could change: the stacks that there are, each with its state and its change sets."""
    cloudformation = tiny.aws.client("cloudformation")

    def change_sets(stack_id: str) -> list[str]:
        return [
            each["ChangeSetId"] for each in cloudformation.list_change_sets(StackName=stack_id)["Summaries"]
        ]

    pages = cloudformation.get_paginator("list_stacks").paginate()
    return [
        (each["StackName"], each["StackStatus"], change_sets(each["StackId"]))
        for page in pages
        for each in page["StackSummaries"]
        if each["StackName"].startswith(f"{tiny.stack}-") or each["StackName"] == tiny.stack
        if each["StackStatus"] != "DELETE_COMPLETE"
    ]


def changed(change: Callable[[dict[str, Any]], None], file: str = "store") -> Write:
    """Writes the tiny templates with one of them changed."""

    def write(out: Path, tag: str) -> None:
        templates.write(out, tag)
        path = out / f"{file}.json"
        template = json.loads(path.read_text())
        change(template)
        path.write_text(json.dumps(template))

    return write


def renamed_table(template: dict[str, Any]) -> None:
    template["Resources"]["Table"]["Properties"]["TableName"] = {
        "Fn::Join": ["-", [{"Ref": "Greeting"}, "t"]]
    }


def without_table(template: dict[str, Any]) -> None:
    del template["Resources"]["Table"]


def test_before_anything_is_there_the_templates_are_enough(tiny: Tiny) -> None:
    printed = planned(tiny)
    assert f"Plan for {tiny.stack} in account" in printed
    assert "8 to add." in printed
    assert "CHANGELOG.md" not in printed
    assert "By the templates alone: nothing runs yet" in printed
    assert "DATA IS LOST" not in printed
    assert state(tiny) == []


def test_with_a_bucket_cloudformation_is_asked_and_its_empty_stack_goes_again(tiny: Tiny) -> None:
    tiny.deploy(Logs="false")
    cloudformation = tiny.aws.client("cloudformation")
    cloudformation.delete_stack(StackName=tiny.stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=tiny.stack, WaiterConfig={"Delay": 1})
    before = state(tiny)
    printed = planned(tiny)
    assert "By CloudFormation's change set." in printed
    assert "8 to add." in printed
    assert state(tiny) == before


def test_a_stack_that_somebody_begins_to_create_meanwhile_is_left_to_them(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.deploy(Logs="false")
    cloudformation = tiny.aws.client("cloudformation")
    cloudformation.delete_stack(StackName=tiny.stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=tiny.stack, WaiterConfig={"Delay": 1})
    executed: list[str] = []

    def see(_client: Any, operation: str, arguments: Any) -> None:
        if operation == "DeleteChangeSet":
            executed.append(arguments["ChangeSetName"])
            cloudformation.execute_change_set(ChangeSetName=executed[0])

    with monkeypatch.context() as patch:
        calls.seen(patch, see)
        assert "8 to add." in planned(tiny)
    assert len(executed) == 1
    cloudformation.get_waiter("stack_create_complete").wait(StackName=tiny.stack, WaiterConfig={"Delay": 1})


def test_what_has_not_changed_is_said_without_a_change_set(tiny: Tiny) -> None:
    tiny.deploy()
    assert "a deployment would change nothing" in planned(tiny)


def test_a_change_in_place_is_told_and_not_made(tiny: Tiny) -> None:
    tiny.deploy()
    before = state(tiny)
    printed = planned(tiny, Greeting="hola")
    assert "By CloudFormation's change set." in printed
    assert "Store  1 to change in place: Text (Value)" in printed
    assert state(tiny) == before
    assert "a deployment would change nothing" in planned(tiny)


@pytest.mark.parametrize(
    ("keep", "fate"), [("yes", "it stays by itself"), ("no", "deleted with all that is in it")]
)
def test_a_replaced_table_is_told_in_red(tiny: Tiny, keep: str, fate: str) -> None:
    def kept_when_replaced(template: dict[str, Any]) -> None:
        table = template["Resources"]["Table"]
        table["UpdateReplacePolicy"] = table["DeletionPolicy"]

    def renamed_too(template: dict[str, Any]) -> None:
        kept_when_replaced(template)
        renamed_table(template)

    tiny.deploy(changed(kept_when_replaced), KeepData=keep)
    printed = planned(tiny, changed(renamed_too), KeepData=keep)
    assert "replace: Table (TableName)" in printed
    assert "CHANGELOG.md says what an upgrade makes again" in printed
    assert "DATA IS LOST: Store/Table (conversations" in printed
    assert fate in printed


def test_a_removed_nested_stack_is_all_that_is_in_it(tiny: Tiny) -> None:
    tiny.deploy()

    def without_store(template: dict[str, Any]) -> None:
        del template["Resources"]["Store"]
        template["Outputs"] = {}
        template["Resources"]["Other"] = {"Type": "AWS::SQS::Queue"}

    printed = planned(tiny, changed(without_store, "root"))
    for name in ("Table", "Pool", "Key", "Files"):
        assert f"DATA IS LOST: Store/{name}" in printed


def refuse_nested(monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudFormation refuses the preview of nested stacks (cfn-language-discussion, issue 152)."""
    make = changes._make

    def refusing(cloudformation: Any, request: dict[str, Any], kind: str, console: Console) -> Any:
        if request.get("IncludeNestedStacks"):
            raise changes.Refused("Store: Parameter QueueName failed to satisfy constraint.")
        return make(cloudformation, request, kind, console)

    monkeypatch.setattr(changes, "_make", refusing)


def test_without_cloudformation_s_preview_the_templates_are_compared(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.deploy()
    before = state(tiny)
    refuse_nested(monkeypatch)
    printed = planned(tiny, changed(without_table), Greeting="hola")
    assert "By the templates, old against new" in printed
    assert "Store  1 to change in place: Text (Value)" in printed
    assert "Store  1 to remove: Table" in printed
    assert "DATA IS LOST: Store/Table" in printed
    assert state(tiny) == before


def test_where_neither_can_tell_the_unknown_counts_as_a_loss(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.deploy()
    refuse_nested(monkeypatch)
    monkeypatch.setattr(deployed, "_template", lambda *_: {})
    printed = planned(tiny, Greeting="hola")
    assert "DATA IS LOST: Store: what happens inside cannot be foreseen" in printed
    assert "cannot be told for these templates" in printed


def test_a_first_deployment_of_templates_that_are_not_ours_is_told_as_far_as_can_be(tiny: Tiny) -> None:
    def strange(template: dict[str, Any]) -> None:
        template["Conditions"] = {"Odd": {"Fn::EachMemberIn": [["a"], ["a"]]}}
        template["Resources"]["Queue"]["Condition"] = "Odd"

    printed = planned(tiny, changed(strange))
    assert "By the root template alone, for only CloudFormation can decide" in printed
    assert "2 to add: Store, Gate" in printed


def test_a_change_set_that_stays_is_named(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.deploy()

    def denied(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "DeleteChangeSet")

    monkeypatch.setattr(reviewed, "delete_change_set", denied)
    assert " may be left. " in planned(tiny, Greeting="hola")


def test_who_may_not_read_the_templates_is_told(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.deploy()
    before = state(tiny)

    def denied(*_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetTemplate")

    monkeypatch.setattr(deployed, "_template", denied)
    with pytest.raises(DeployError, match="Access denied to GetTemplate") as error:
        planned(tiny, Greeting="hola")
    assert error.value.exit_code == 2
    assert state(tiny) == before


def test_what_a_failed_creation_left_is_said_to_go_first(tiny: Tiny) -> None:
    with pytest.raises(DeployError):
        tiny.deploy(Hold=1, Logs="false")
    before = state(tiny)
    assert "what an earlier attempt left goes first" in planned(tiny)
    assert state(tiny) == before


def test_drift_is_looked_for_on_request(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.waiter.time.sleep", lambda _: None)
    assert "Nothing runs yet" in planned(tiny, drift=True)
    tiny.deploy()
    tiny.aws.client("ssm").put_parameter(Name=parameter_of(tiny), Value="by hand", Overwrite=True)
    assert "Drifted: Store/Text (AWS::SSM::Parameter), modified" in planned(tiny, drift=True)
    assert "Drifted" not in planned(tiny)


def parameter_of(tiny: Tiny) -> str:
    cloudformation = tiny.aws.client("cloudformation")
    [store] = [
        each["PhysicalResourceId"]
        for each in cloudformation.list_stack_resources(StackName=tiny.stack)["StackResourceSummaries"]
        if each["LogicalResourceId"] == "Store"
    ]
    return cloudformation.describe_stack_resource(StackName=store, LogicalResourceId="Text")[
        "StackResourceDetail"
    ]["PhysicalResourceId"]


# --- what deploy does with a plan ---


class Person:
    """Answers each question in turn, and remembers them."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)


def deploying(tiny: Tiny, consent: Consent, write: Write = templates.write, **parameters: Any) -> str:
    tiny.printed()
    deploy.run(tiny.options(**parameters), tiny.console, write, consent, unchecked=True)
    return tiny.printed()


def test_a_first_deployment_asks_once_and_before_anything_is_made(tiny: Tiny) -> None:
    for answer in ("", "n", "no", "maybe"):
        with pytest.raises(DeployError, match="nothing was changed"):
            deploying(tiny, Consent(Person(answer)))
        assert state(tiny) == []
    person = Person("y")
    assert "8 to add" in deploying(tiny, Consent(person))
    assert len(person.asked) == 1


@pytest.mark.parametrize("answer", ["y", "Y", " yes ", "s", "sí"])
def test_an_update_is_shown_and_asked_for(tiny: Tiny, answer: str) -> None:
    tiny.deploy()
    before = state(tiny)
    with pytest.raises(DeployError, match="nothing was changed") as error:
        deploying(tiny, Consent(Person("n")), Greeting="hola")
    assert error.value.exit_code == 1
    assert state(tiny) == before
    assert "1 to change in place: Text (Value)" in deploying(tiny, Consent(Person(answer)), Greeting="hola")


def test_what_has_not_changed_is_not_asked_for(tiny: Tiny) -> None:
    tiny.deploy()
    assert "nothing has changed" in deploying(tiny, Consent(Person(), is_there=False))


@pytest.mark.parametrize("there", [False, True])
def test_with_nobody_there_nothing_is_made(tiny: Tiny, there: bool) -> None:
    with pytest.raises(DeployError, match="give --yes") as error:
        deploying(tiny, Consent(Person(), is_there=there))
    assert error.value.exit_code == 2
    assert state(tiny) == []


@pytest.mark.parametrize(("answer", "done"), [("y", False), ("yes", False), ("STACK", True)])
def test_data_is_lost_only_when_the_stack_s_name_is_typed(tiny: Tiny, answer: str, done: bool) -> None:
    tiny.deploy()
    before = state(tiny)
    consent = Consent(Person(answer.replace("STACK", tiny.stack)))
    if done:
        assert "DATA IS LOST" in deploying(tiny, consent, changed(without_table))
    else:
        with pytest.raises(DeployError, match="nothing was changed"):
            deploying(tiny, consent, changed(without_table))
        assert state(tiny) == before


def test_without_a_question_data_is_lost_only_by_the_flag(tiny: Tiny) -> None:
    tiny.deploy()
    before = state(tiny)
    with pytest.raises(DeployError, match=rf"data would be lost \(Store/Table\).* {FLAG}") as error:
        deploying(tiny, Consent(), changed(without_table))
    assert error.value.exit_code == 2
    assert state(tiny) == before
    assert "DATA IS LOST" in deploying(tiny, Consent(accepts_data_loss=True), changed(without_table))


def test_the_bootstrap_stack_s_changes_are_asked_for_too(tiny: Tiny) -> None:
    tiny.deploy()

    def another_bucket(template: dict[str, Any]) -> None:
        template["Resources"]["Artifacts"]["Properties"]["BucketName"] = f"{tiny.stack}-artifacts"

    before = state(tiny)
    with pytest.raises(DeployError, match=f"{tiny.stack}-bootstrap: nothing was changed"):
        deploying(tiny, Consent(Person("y")), changed(another_bucket, "bootstrap"))
    assert state(tiny) == before
    assert "DATA IS LOST: Artifacts (files)" in tiny.printed()


def test_an_interruption_at_the_question_leaves_no_change_set(tiny: Tiny) -> None:
    tiny.deploy()
    before = state(tiny)

    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploying(tiny, Consent(interrupt), Greeting="hola")
    assert state(tiny) == before
