"""Gaps around the build: MiniStack has no CodePipeline."""

import time
import uuid
from typing import Any

from tests.emulator_fixture import RunningEmulator
from tests.local.emulator_kit import DEADLINE_SECONDS, Stack, deploy, resource, resources

ROLE = "arn:aws:iam::000000000000:role/pipeline"


def build_template(bucket: str, key: str) -> dict[str, Any]:
    """A pipeline that builds the zip at `key`, and a wait for its signal; output Data is what it signals."""

    def action(category: str, provider: str, **configuration: Any) -> dict[str, Any]:
        kind = {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}
        return {"Name": category, "ActionTypeId": kind, "Configuration": configuration}

    variables = {
        "IMAGE_TAG": key,
        "REPOSITORY_URI": "registry/app",
        "WAIT_HANDLE_URL": {"Ref": f"Handle{key}"},
    }
    project = resource(
        "CodeBuild::Project",
        ServiceRole=ROLE,
        Source={"Type": "CODEPIPELINE"},
        Artifacts={"Type": "CODEPIPELINE"},
        Environment={
            "Type": "ARM_CONTAINER",
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "Image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
            "EnvironmentVariables": [{"Name": name, "Value": value} for name, value in variables.items()],
        },
    )
    pipeline = resource(
        "CodePipeline::Pipeline",
        RoleArn=ROLE,
        RestartExecutionOnUpdate=True,
        Stages=[
            {"Name": "Source", "Actions": [action("Source", "S3", S3Bucket=bucket, S3ObjectKey=key)]},
            {"Name": "Build", "Actions": [action("Build", "CodeBuild", ProjectName={"Ref": "Project"})]},
        ],
    )
    wait = resource(
        "CloudFormation::WaitCondition", Handle={"Ref": f"Handle{key}"}, Timeout="120", Count=1
    ) | {"DependsOn": "Pipeline"}
    handle = resource("CloudFormation::WaitConditionHandle")
    template = resources(Project=project, Pipeline=pipeline)
    template["Resources"] |= {f"Handle{key}": handle, f"Image{key}": wait}
    template["Outputs"] = {"Data": {"Value": {"Fn::GetAtt": [f"Image{key}", "Data"]}}}
    return template


def source_bucket(aws: RunningEmulator, *keys: str) -> str:
    """A bucket with these objects."""
    bucket = f"source-{uuid.uuid4().hex[:8]}"
    aws.client("s3").create_bucket(Bucket=bucket)
    for key in keys:
        aws.client("s3").put_object(Bucket=bucket, Key=key, Body=b"zip")
    return bucket


def executions(stack: Stack) -> list[dict[str, Any]]:
    """The pipeline's executions, newest first, when none is in progress any more."""
    pipeline = stack.aws.client("codepipeline")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        name = stack.physical_id("Pipeline")
        found = pipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
        if all(execution["status"] != "InProgress" for execution in found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def pipeline_builds_when_created_and_when_updated(aws: RunningEmulator) -> None:
    bucket = source_bucket(aws, "a", "b")
    stack = deploy(aws, build_template(bucket, "a"))
    assert stack.outputs() == {"Data": '{"a": "registry/app:a"}'}
    stack.update(build_template(bucket, "b"))
    assert stack.outputs() == {"Data": '{"b": "registry/app:b"}'}
    assert [each["status"] for each in executions(stack)] == ["Succeeded", "Succeeded"]


def missing_source_stops_the_pipeline(aws: RunningEmulator) -> None:
    template = build_template(source_bucket(aws), "a")
    del template["Resources"]["Imagea"], template["Outputs"]
    stack = deploy(aws, template)
    (execution,) = executions(stack)
    assert execution["status"] == "Failed"
    state = aws.client("codepipeline").get_pipeline_state(name=stack.physical_id("Pipeline"))
    source, build = state["stageStates"]
    assert "does not exist" in source["actionStates"][0]["latestExecution"]["errorDetails"]["message"]
    assert "latestExecution" not in build


def deleted_pipeline_is_gone(aws: RunningEmulator) -> None:
    stack = deploy(aws, build_template(source_bucket(aws, "a"), "a"))
    name = stack.physical_id("Pipeline")
    stack.delete()
    assert name not in {each["name"] for each in aws.client("codepipeline").list_pipelines()["pipelines"]}


CASES = [
    pipeline_builds_when_created_and_when_updated,
    missing_source_stops_the_pipeline,
    deleted_pipeline_is_gone,
]
