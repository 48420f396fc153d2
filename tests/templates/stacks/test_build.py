"""The build: one wait per image, in the right order, with rights for one repository and its sources."""

from __future__ import annotations

import json
from fnmatch import fnmatch

import generate
from tests.templates import stacks


def test_a_new_source_gets_a_new_wait_and_changes_nothing_else() -> None:
    other_tag = "fedcba9876543210"
    ours = stacks.stack("build")["Resources"]
    other = json.loads(generate.render(other_tag)["build.json"])["Resources"]
    waiting = {
        title for title in ours if ours[title]["Type"].startswith("AWS::CloudFormation::WaitCondition")
    }
    assert len(waiting) == 2
    assert set(ours) - set(other) == waiting
    assert all(title.endswith(stacks.TAG) for title in waiting)


def test_the_wait_begins_after_the_pipeline_that_follows_the_project() -> None:
    build = stacks.stack("build")
    (wait,) = stacks.of_type(build, "AWS::CloudFormation::WaitCondition").values()
    assert wait["DependsOn"] == "Pipeline"
    actions = [
        action for stage in stacks.properties(build, "Pipeline")["Stages"] for action in stage["Actions"]
    ]
    assert actions[-1]["Configuration"] == {"ProjectName": {"Ref": "Project"}}


def test_a_build_that_fails_is_known_before_the_wait_gives_up() -> None:
    build = stacks.stack("build")
    project = stacks.properties(build, "Project")
    (wait,) = stacks.of_type(build, "AWS::CloudFormation::WaitCondition").values()
    minutes = project["QueuedTimeoutInMinutes"] + project["TimeoutInMinutes"]
    assert int(wait["Properties"]["Timeout"]) > minutes * 60


def test_the_build_is_told_where_to_push_and_to_report() -> None:
    project = stacks.properties(stacks.stack("build"), "Project")
    variables = {v["Name"]: v["Value"] for v in project["Environment"]["EnvironmentVariables"]}
    (handle,) = stacks.of_type(stacks.stack("build"), "AWS::CloudFormation::WaitConditionHandle")
    assert variables == {
        "REPOSITORY_URI": {"Fn::GetAtt": ["Repository", "RepositoryUri"]},
        "IMAGE_TAG": {"Ref": "ImageTag"},
        "WAIT_HANDLE_URL": {"Ref": handle},
    }


def test_a_new_source_starts_the_pipeline_by_itself() -> None:
    pipeline = stacks.properties(stacks.stack("build"), "Pipeline")
    (source,) = pipeline["Stages"][0]["Actions"]
    assert pipeline["RestartExecutionOnUpdate"] is True
    assert source["Configuration"]["S3ObjectKey"] == {"Ref": "SourceKey"}
    assert source["Configuration"]["PollForSourceChanges"] == "false"


def test_the_pipeline_may_read_the_next_source_before_it_is_there() -> None:
    """IAM needs a while to say everywhere what has changed: a new source must not change a policy."""
    role = stacks.properties(stacks.stack("build"), "PipelineRole")
    (reading,) = [each for each in stacks.statements(role) if "s3:GetObjectTagging" in each["Action"]]
    (resource,) = reading["Resource"]
    text, values = resource["Fn::Sub"]
    assert values == {"bucket": {"Ref": "ArtifactBucketName"}}
    pattern = text.removeprefix("arn:${AWS::Partition}:s3:::${bucket}/")
    assert fnmatch(stacks.stack("root")["Parameters"]["SourceKey"]["Default"], pattern)
    assert not fnmatch("templates/0123456789abcdef.json", pattern)


def test_images_cannot_be_overwritten_and_do_not_pile_up() -> None:
    repository = stacks.properties(stacks.stack("build"), "Repository")
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    rules = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert {rule["action"]["type"] for rule in rules} == {"expire"}


def test_the_build_may_look_for_an_image_and_push_it_and_no_more() -> None:
    """`aws ecr batch-get-image` and `docker push` are all that buildspec.yml does with the registry."""
    role = stacks.properties(stacks.stack("build"), "ProjectRole")
    of_the_registry = {
        action.removeprefix("ecr:")
        for statement in stacks.statements(role)
        for action in statement["Action"]
        if action.startswith("ecr:")
    }
    pushing = {"BatchCheckLayerAvailability", "CompleteLayerUpload", "InitiateLayerUpload", "PutImage"}
    assert of_the_registry == {"GetAuthorizationToken", "BatchGetImage", "UploadLayerPart", *pushing}
