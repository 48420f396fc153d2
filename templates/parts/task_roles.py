"""The two roles of a task: what the app may do, and what ECS may do to start it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from awacs import bedrock, ecr, kms, secretsmanager
from awacs import logs as logs_actions
from awacs.aws import Action, ArnEquals, Condition, Statement, StringEquals
from troposphere import If, NoValue, Sub, Template, iam

from templates.parts.change_index import CHANGE_INDEX
from templates.parts.library import VECTOR_INDEX
from templates.parts.own_key import has_own_key
from templates.parts.permissions import (
    COUNT,
    FIND_OLD,
    INVOKE,
    LIST_BY_CHANGE,
    LIST_THE_FILES,
    LOOK_AT_THE_TABLE,
    PULL,
    SEARCH,
    USE_THE_FILES,
    USE_THE_TABLE,
    allow,
    arn,
    inline,
    trust,
)
from templates.wiring import Value, describe

TABLE_KEY_USE = [
    kms.Decrypt,
    kms.DescribeKey,
    kms.Encrypt,
    kms.GenerateDataKey,
    kms.ReEncryptFrom,
    kms.ReEncryptTo,
]
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
S3 needs two of these: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"""
FILES = ("uploads/", "files/", "library/")
"""What the app keeps in the bucket (gradio_app/store/schema.py)."""


@dataclass(frozen=True)
class Models:
    """A model, and another one beside it where a condition says that there is one."""

    one: Value
    other: Value
    has_other: str

    def themselves(self) -> list[Value]:
        """Their ARNs, where a model is called by its own id."""
        return self._each("bedrock:${AWS::Region}::foundation-model/${model}")

    def profiles(self) -> list[Value]:
        """Their ARNs, where the id is an inference profile's."""
        return self._each("bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/${model}")

    def behind_profiles(self, sid: str, actions: Sequence[Action]) -> Statement:
        """Allow calls that come through these profiles, and no others.

        A profile passes a call on to its model in whichever Region has room; a global one, in no named one.
        """
        through = Condition(ArnEquals({"bedrock:InferenceProfileArn": self.profiles()}))
        return allow(sid, actions, [arn("bedrock:*::foundation-model/*")], through)

    def _each(self, form: str) -> list[Value]:
        return [arn(form, model=self.one), If(self.has_other, arn(form, model=self.other), NoValue)]


def task_role(
    t: Template,
    *,
    table_arn: Value,
    files_bucket_arn: Value,
    key_arn: Value,
    models: Models,
    has_library: str,
    embedding: Models,
    deletes_old_ones: str,
) -> iam.Role:
    """The app's own rights: the configured models, the one table and the one bucket."""
    return iam.Role(
        "TaskRole",
        t,
        AssumeRolePolicyDocument=trust("ecs-tasks"),
        Policies=[
            _chat(models, table_arn, files_bucket_arn),
            If(has_library, _library(embedding, table_arn), NoValue),
            If(deletes_old_ones, _old_conversations(table_arn), NoValue),
            _use_of_the_key(t, key_arn, ["dynamodb", "s3"], TABLE_KEY_USE),
        ],
        Metadata=describe("What the app may do: invoke the configured models, use its one table and bucket."),
    )


def _chat(models: Models, table_arn: Value, files_bucket_arn: Value) -> iam.Policy:
    """To ask the configured models, and to keep what was said and attached."""
    return inline(
        "Chat",
        # Nothing of AWS Marketplace: to subscribe the account to a model is an administrator's to do.
        allow("InvokeTheConfiguredModels", INVOKE, [*models.themselves(), *models.profiles()]),
        models.behind_profiles("InvokeTheModelsBehindTheProfiles", INVOKE),
        # A profile's tokens are counted by its model, whose id no template can make of the profile's.
        allow("CountTokens", COUNT, [arn("bedrock:${AWS::Region}::foundation-model/*")]),
        allow("UseTheTable", USE_THE_TABLE, [table_arn]),
        allow("ListByChange", LIST_BY_CHANGE, [Sub("${table}/index/*", table=table_arn)]),
        allow(
            "UseTheFiles",
            USE_THE_FILES,
            [Sub(f"${{bucket}}/{prefix}*", bucket=files_bucket_arn) for prefix in FILES],
        ),
        allow("ListTheFiles", LIST_THE_FILES, [files_bucket_arn]),
    )


def _library(embedding: Models, table_arn: Value) -> iam.Policy:
    """To make vectors with the configured model, or the one before it too, and search the one index.

    Whose is searched no policy can say.
    """
    make = [bedrock.InvokeModel]
    return inline(
        "Documents",
        allow("MakeVectors", make, [*embedding.themselves(), *embedding.profiles()]),
        embedding.behind_profiles("MakeVectorsBehindTheProfile", make),
        allow("FindPassages", SEARCH, [Sub(f"${{table}}/index/{VECTOR_INDEX}", table=table_arn)]),
        allow("SeeWhetherTheIndexIsReady", LOOK_AT_THE_TABLE, [table_arn]),
    )


def _old_conversations(table_arn: Value) -> iam.Policy:
    """To find whose conversations are over: the index has keys and times, and nothing that anybody said."""
    index = Sub(f"${{table}}/index/{CHANGE_INDEX}", table=table_arn)
    return inline("OldConversations", allow("FindOldConversations", FIND_OLD, [index]))


def execution_role(
    t: Template, repository_arn: Value, secret_arns: Sequence[Value], key_arn: Value, log_group_arn: Value
) -> iam.Role:
    """What ECS needs to start a task: pull the image, read the secrets, write the log."""
    return iam.Role(
        "ExecutionRole",
        t,
        AssumeRolePolicyDocument=trust("ecs-tasks"),
        Policies=[
            inline(
                "StartTasks",
                # AWS has no narrower form: the token is for the whole registry.
                allow("SignInToTheRegistry", [ecr.GetAuthorizationToken], ["*"]),
                allow(
                    "PullFromTheOneRepository",
                    PULL,
                    [repository_arn],
                ),
                allow("ReadTheClientSecret", [secretsmanager.GetSecretValue], secret_arns),
                allow(
                    "WriteTheLog", [logs_actions.CreateLogStream, logs_actions.PutLogEvents], [log_group_arn]
                ),
            ),
            _use_of_the_key(t, key_arn, ["secretsmanager"], [kms.Decrypt]),
        ],
        Metadata=describe("What ECS may do to start a task; the app itself never has these rights."),
    )


def _use_of_the_key(t: Template, key_arn: Value, services: Sequence[str], actions: Sequence[Action]) -> If:
    """What is behind services that ask KMS in the caller's name; with AWS's own key nothing is needed."""
    names = [Sub(f"{service}.${{AWS::Region}}.amazonaws.com") for service in services]
    via = Condition(StringEquals({"kms:ViaService": names if len(names) > 1 else names[0]}))
    policy = inline("UseTheKey", allow("UseTheKeyThroughTheService", actions, [key_arn], via))
    return If(has_own_key(t, key_arn), policy, NoValue)
