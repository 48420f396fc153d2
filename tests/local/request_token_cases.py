"""Gaps in requests that are sent again: one with the same token is the same request."""

import json
import uuid

from tests.emulator_fixture import RunningEmulator
from tests.local.emulator_kit import Stack, resource, resources


def repeated_request_is_one_request(aws: RunningEmulator) -> None:
    cloudformation = aws.client("cloudformation")
    name = f"token-{uuid.uuid4().hex[:8]}"
    request = {
        "StackName": name,
        "ChangeSetName": "first",
        "ChangeSetType": "CREATE",
        "ClientToken": name,
        "TemplateBody": json.dumps(resources(Queue=resource("SQS::Queue"))),
    }
    made = cloudformation.create_change_set(**request)
    assert cloudformation.create_change_set(**request)["Id"] == made["Id"]
    for _ in range(2):
        cloudformation.execute_change_set(ChangeSetName=made["Id"], ClientRequestToken=name)
    stack = Stack(aws, made["StackId"])
    stack.wait_for("CREATE_COMPLETE")
    assert len([each for each in stack.events() if each["LogicalResourceId"] == "Queue"]) == 2
    stack.delete()


CASES = [repeated_request_is_one_request]
