"""Small stacks for tests of the emulator: deploy one and read what became of it."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from tests.emulator_fixture import RunningEmulator

# A local stack takes milliseconds; this only keeps a hung one from hanging the tests.
DEADLINE_SECONDS = 120
CAPABILITIES = ["CAPABILITY_IAM"]
Resources = dict[str, dict[str, Any]]


class StackFailed(AssertionError):
    """A stack operation did not end as wanted; the message holds the failed events."""


@dataclass(frozen=True)
class Stack:
    """A stack that some test deployed."""

    aws: RunningEmulator
    stack_id: str

    def describe(self) -> dict[str, Any]:
        return self.aws.client("cloudformation").describe_stacks(StackName=self.stack_id)["Stacks"][0]

    def outputs(self) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in self.describe().get("Outputs", [])}

    def events(self) -> list[dict[str, Any]]:
        """The stack's own events, newest first."""
        client = self.aws.client("cloudformation")
        return client.describe_stack_events(StackName=self.stack_id)["StackEvents"]

    def physical_id(self, logical_id: str) -> str:
        client = self.aws.client("cloudformation")
        answer = client.describe_stack_resource(StackName=self.stack_id, LogicalResourceId=logical_id)
        return answer["StackResourceDetail"]["PhysicalResourceId"]

    def child(self, logical_id: str) -> "Stack":
        return Stack(self.aws, self.physical_id(logical_id))

    def update(self, template: dict[str, Any]) -> None:
        """Update and wait; raises StackFailed unless the update completes."""
        self.aws.client("cloudformation").update_stack(
            StackName=self.stack_id, TemplateBody=json.dumps(template), Capabilities=CAPABILITIES
        )
        self.wait_for("UPDATE_COMPLETE")

    def delete(self) -> None:
        """Delete and wait; raises StackFailed unless the stack is gone."""
        self.aws.client("cloudformation").delete_stack(StackName=self.stack_id)
        self.wait_for("DELETE_COMPLETE")

    def wait_for(self, wanted: str) -> None:
        """Wait for the end of the operation; raises StackFailed with the reasons for another status."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (status := self.describe()["StackStatus"]).endswith("_IN_PROGRESS"):
            assert time.monotonic() < deadline, f"{self.stack_id} is still {status}"
            time.sleep(0.02)
        if status != wanted:
            reasons = [
                e.get("ResourceStatusReason") for e in self.events() if "FAILED" in e["ResourceStatus"]
            ]
            raise StackFailed(f"{status}: {reasons}")


def begin(aws: RunningEmulator, template: dict[str, Any], parameters: dict[str, str] | None = None) -> Stack:
    """Start the creation of a stack under a name of its own."""
    answer = aws.client("cloudformation").create_stack(
        StackName=f"test-{uuid.uuid4().hex[:10]}",
        TemplateBody=json.dumps(template),
        Capabilities=CAPABILITIES,
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in (parameters or {}).items()],
    )
    return Stack(aws, answer["StackId"])


def deploy(aws: RunningEmulator, template: dict[str, Any], parameters: dict[str, str] | None = None) -> Stack:
    """Create a stack and wait; raises StackFailed unless it is created."""
    stack = begin(aws, template, parameters)
    stack.wait_for("CREATE_COMPLETE")
    return stack


def resources(**by_logical_id: dict[str, Any]) -> dict[str, Any]:
    """A template of nothing but these resources."""
    return {"Resources": by_logical_id}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """One resource; `kind` goes without `AWS::`."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def upload(aws: RunningEmulator, template: dict[str, Any]) -> str:
    """Put a child's template into a bucket and return its TemplateURL."""
    s3 = aws.client("s3")
    bucket = f"templates-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="child.json", Body=json.dumps(template).encode())
    return f"{aws.endpoint_url}/{bucket}/child.json"


def parent_of(aws: RunningEmulator, child: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """A template with one nested stack, `Child`, whose template is uploaded."""
    nested = resource("CloudFormation::Stack", TemplateURL=upload(aws, child), Parameters=parameters)
    return resources(Child=nested)
