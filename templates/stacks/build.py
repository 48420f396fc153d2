"""The build stack: from the zipped source in S3 to an image in ECR, and the wait until it is there.

The image tag is a hash of the source, and it is part of the wait handle's logical ID: a new source is a new
handle (CloudFormation allows each only one use), an unchanged source changes nothing and builds nothing.
CodeBuild signals the handle as soon as the image is pushed, or at once with the reason when it could not be.
It owns nothing that runs the image.
"""

from __future__ import annotations

import json

from awacs import codebuild as codebuild_actions
from awacs import ecr as ecr_actions
from awacs import logs as logs_actions
from awacs import s3 as s3_actions
from troposphere import Region, Sub, Template, codebuild, codepipeline, ecr, iam, logs
from troposphere import cloudformation as cfn

from templates.parameters import handed_on
from templates.parts.own_key import own_key
from templates.parts.permissions import allow, arn, inline, trust
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

IMAGES_KEPT = 10
UNTAGGED_DAYS = 1
QUEUED_MINUTES = 10
BUILD_MINUTES = 20
WAIT_SECONDS = 35 * 60
"""Longer than a build may queue and run, so that a build's own failure is what one reads."""
BUILD_IMAGE = "aws/codebuild/amazonlinux-aarch64-standard:3.0"
SOURCES = "source-*.zip"
"""The keys under which the deployer uploads sources: one for each version, named after its image."""
SOURCE = "Source"
"""Name of the stage, its action and its artifact; artifacts are stored under `<pipeline>/<artifact>/`."""


@seam
class Inputs:
    key_arn: Value = parameter("String", "The deployment's own key; empty for AWS's.")
    image_tag: Value = handed_on()
    artifact_bucket_name: Value = handed_on()
    source_key: Value = handed_on()
    log_retention_days: Value = handed_on("Number")


@seam
class Outputs:
    image_uri: Value = output("The image, by repository and tag; it exists by the time this can be read.")
    repository_arn: Value = output("The repository, for the tasks' policy.")
    pipeline_name: Value = output("The build pipeline.")
    pipeline_console_url: Value = output("The build pipeline in the AWS console.")


def template(tag: str) -> Template:
    """The build of the image `tag` (see `source.image_tag`)."""
    t = new_template("Asistente - build: ECR, CodeBuild and CodePipeline, and the wait for the image.")
    inputs = declare(t, Inputs)
    repository = _repository(t)
    handle = cfn.WaitConditionHandle(
        f"ImageHandle{tag}",
        t,
        Metadata=describe("The address to which the build reports success or failure."),
    )
    project = _project(t, inputs, repository, handle)
    pipeline = _pipeline(t, inputs, project)
    cfn.WaitCondition(
        f"Image{tag}",
        t,
        DependsOn=pipeline,
        Handle=handle.ref(),
        Count=1,
        Timeout=WAIT_SECONDS,
        Metadata=describe("Holds back the service until its image is in the repository."),
    )
    publish(
        t,
        Outputs(
            # A stack's outputs can be read when all of it is complete, the wait included.
            image_uri=_image_uri(repository, inputs.image_tag),
            repository_arn=repository.get_att("Arn"),
            pipeline_name=pipeline.ref(),
            pipeline_console_url=Sub(
                "https://${region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/${pipeline}/view"
                "?region=${region}",
                region=Region,
                pipeline=pipeline.ref(),
            ),
        ),
    )
    return t


def _image_uri(repository: ecr.Repository, tag: Value) -> Sub:
    return Sub("${repository}:${tag}", repository=repository.get_att("RepositoryUri"), tag=tag)


def _repository(t: Template) -> ecr.Repository:
    return ecr.Repository(
        "Repository",
        t,
        ImageTagMutability="IMMUTABLE",
        # AWS's own key: the kind of key cannot be changed without losing every image, EncryptionKey can.
        EncryptionConfiguration=ecr.EncryptionConfiguration(EncryptionType="KMS"),
        ImageScanningConfiguration=ecr.ImageScanningConfiguration(ScanOnPush=True),
        LifecyclePolicy=ecr.LifecyclePolicy(
            LifecyclePolicyText=json.dumps(_lifecycle(), separators=(",", ":"))
        ),
        # Images can be built again from the source: a stack that goes takes them with it.
        EmptyOnDelete=True,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=describe("Holds the service's images, one per version of the source."),
    )


def _lifecycle() -> dict[str, object]:
    expire = {"type": "expire"}
    return {
        "rules": [
            {
                "rulePriority": 1,
                "description": "Layers of pushes that never finished.",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": UNTAGGED_DAYS,
                },
                "action": expire,
            },
            {
                "rulePriority": 2,
                "description": "Keep the recent images to roll back to.",
                "selection": {
                    "tagStatus": "any",
                    "countType": "imageCountMoreThan",
                    "countNumber": IMAGES_KEPT,
                },
                "action": expire,
            },
        ]
    }


def _project(
    t: Template, inputs: Inputs, repository: ecr.Repository, handle: cfn.WaitConditionHandle
) -> codebuild.Project:
    group = logs.LogGroup(
        "BuildLogGroup",
        t,
        KmsKeyId=own_key(t, inputs.key_arn),
        RetentionInDays=inputs.log_retention_days,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=describe("Keeps what the builds print, for a limited time."),
    )
    variables = {
        "REPOSITORY_URI": repository.get_att("RepositoryUri"),
        "IMAGE_TAG": inputs.image_tag,
        "WAIT_HANDLE_URL": handle.ref(),
    }
    return codebuild.Project(
        "Project",
        t,
        Description="Builds the image on ARM and pushes it.",
        ServiceRole=_project_role(t, inputs, repository, group).get_att("Arn"),
        Source=codebuild.Source(Type="CODEPIPELINE", BuildSpec="buildspec.yml"),
        Artifacts=codebuild.Artifacts(Type="CODEPIPELINE"),
        Environment=codebuild.Environment(
            Type="ARM_CONTAINER",
            ComputeType="BUILD_GENERAL1_SMALL",
            Image=BUILD_IMAGE,
            PrivilegedMode=True,  # the Docker daemon inside the build needs it
            EnvironmentVariables=[
                codebuild.EnvironmentVariable(Name=name, Value=value) for name, value in variables.items()
            ],
        ),
        Cache=codebuild.ProjectCache(Type="LOCAL", Modes=["LOCAL_DOCKER_LAYER_CACHE"]),
        LogsConfig=codebuild.LogsConfig(
            CloudWatchLogs=codebuild.CloudWatchLogs(Status="ENABLED", GroupName=group.ref())
        ),
        TimeoutInMinutes=BUILD_MINUTES,
        QueuedTimeoutInMinutes=QUEUED_MINUTES,
        Metadata=describe("Builds the container image and signals when it is pushed."),
    )


def _project_role(t: Template, inputs: Inputs, repository: ecr.Repository, group: logs.LogGroup) -> iam.Role:
    return iam.Role(
        "ProjectRole",
        t,
        AssumeRolePolicyDocument=trust("codebuild"),
        Policies=[
            inline(
                "BuildAndPush",
                # AWS has no narrower form: the token is for the whole registry.
                allow("SignInToTheRegistry", [ecr_actions.GetAuthorizationToken], ["*"]),
                # https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
                allow(
                    "PushToTheOneRepository",
                    [
                        ecr_actions.BatchCheckLayerAvailability,
                        ecr_actions.BatchGetImage,
                        ecr_actions.CompleteLayerUpload,
                        ecr_actions.InitiateLayerUpload,
                        ecr_actions.PutImage,
                        ecr_actions.UploadLayerPart,
                    ],
                    [repository.get_att("Arn")],
                ),
                allow(
                    "ReadTheSource",
                    [s3_actions.GetObject, s3_actions.GetObjectVersion],
                    [_artifacts(inputs)],
                ),
                allow(
                    "WriteTheBuildLog",
                    [logs_actions.CreateLogStream, logs_actions.PutLogEvents],
                    [group.get_att("Arn")],
                ),
            )
        ],
        Metadata=describe("Lets the build read the source, push to the one repository and write its log."),
    )


def _pipeline(t: Template, inputs: Inputs, project: codebuild.Project) -> codepipeline.Pipeline:
    source = codepipeline.Actions(
        Name=SOURCE,
        ActionTypeId=codepipeline.ActionTypeId(Category="Source", Owner="AWS", Provider="S3", Version="1"),
        Configuration={
            "S3Bucket": inputs.artifact_bucket_name,
            "S3ObjectKey": inputs.source_key,
            # A new source is a new key, hence an update of the pipeline, which restarts it.
            "PollForSourceChanges": "false",
        },
        OutputArtifacts=[codepipeline.OutputArtifacts(Name=SOURCE)],
    )
    build = codepipeline.Actions(
        Name="Build",
        ActionTypeId=codepipeline.ActionTypeId(
            Category="Build", Owner="AWS", Provider="CodeBuild", Version="1"
        ),
        Configuration={"ProjectName": project.ref()},
        InputArtifacts=[codepipeline.InputArtifacts(Name=SOURCE)],
    )
    return codepipeline.Pipeline(
        "Pipeline",
        t,
        PipelineType="V2",
        ExecutionMode="SUPERSEDED",
        RestartExecutionOnUpdate=True,
        RoleArn=_pipeline_role(t, inputs, project).get_att("Arn"),
        ArtifactStore=codepipeline.ArtifactStore(Type="S3", Location=inputs.artifact_bucket_name),
        Stages=[
            codepipeline.Stages(Name=SOURCE, Actions=[source]),
            codepipeline.Stages(Name="Build", Actions=[build]),
        ],
        Metadata=describe("Runs the build whenever it is given another source."),
    )


def _pipeline_role(t: Template, inputs: Inputs, project: codebuild.Project) -> iam.Role:
    bucket = arn("s3:::${bucket}", bucket=inputs.artifact_bucket_name)
    # Every source, and not the one of this deployment: a policy that changed with it would change seconds
    # before the restarted pipeline needs it, and IAM may take longer than that to say so everywhere.
    sources = arn(f"s3:::${{bucket}}/{SOURCES}", bucket=inputs.artifact_bucket_name)
    return iam.Role(
        "PipelineRole",
        t,
        # AWS documents the source account in a trust policy for CodeBuild, and not for CodePipeline.
        AssumeRolePolicyDocument=trust("codepipeline", names_source_account=False),
        Policies=[
            inline(
                "RunTheBuild",
                allow(
                    "FindTheSource",
                    [s3_actions.GetBucketAcl, s3_actions.GetBucketLocation, s3_actions.GetBucketVersioning],
                    [bucket],
                ),
                allow(
                    "ReadTheSource",
                    # https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html
                    [
                        s3_actions.GetObject,
                        s3_actions.GetObjectTagging,
                        s3_actions.GetObjectVersion,
                        s3_actions.GetObjectVersionTagging,
                    ],
                    [sources],
                ),
                allow(
                    "HandOverTheSource", [s3_actions.GetObject, s3_actions.PutObject], [_artifacts(inputs)]
                ),
                allow(
                    "StartTheOneBuild",
                    [codebuild_actions.BatchGetBuilds, codebuild_actions.StartBuild],
                    [project.get_att("Arn")],
                ),
            )
        ],
        Metadata=describe("Lets the pipeline fetch sources and start the one build."),
    )


def _artifacts(inputs: Inputs) -> Sub:
    """Where the pipeline puts the source for the build; the first folder is its own generated name."""
    return arn(f"s3:::${{bucket}}/*/{SOURCE}/*", bucket=inputs.artifact_bucket_name)
