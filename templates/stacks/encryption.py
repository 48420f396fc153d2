"""The encryption stack: the deployment's own key, for what holds or mentions users' data and can take a key.

The key outlives the stack when the data does, for without it the data could not be read; its alias does
not, so that a new deployment of the same name can have it. Whether there is a key at all is the root's to
decide: in here nothing is conditional.
"""

from __future__ import annotations

from awacs import kms as kms_actions
from awacs.aws import (
    Allow,
    ArnLike,
    BoolIfExists,
    Condition,
    Deny,
    Principal,
    Statement,
    StringEquals,
    StringLike,
)
from troposphere import AccountId, If, Sub, Template, kms

from templates.parameters import handed_on
from templates.parts.deletion_policies import deletion_policies, keeps_data
from templates.parts.permissions import allow, arn, document
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

WAIT_DAYS = 30
WAIT_DAYS_FOR_THROW_AWAY = 7
"""The fewest that KMS lets one wait. A key that waits for its deletion costs nothing."""
USE = [
    kms_actions.Decrypt,
    kms_actions.Encrypt,
    kms_actions.GenerateDataKey,
    kms_actions.GenerateDataKeyWithoutPlaintext,
    kms_actions.ReEncryptFrom,
    kms_actions.ReEncryptTo,
    kms_actions.DescribeKey,
]
ADMINISTER = [
    kms_actions.CancelKeyDeletion,
    kms_actions.CreateAlias,
    kms_actions.DeleteAlias,
    kms_actions.DisableKey,
    kms_actions.DisableKeyRotation,
    kms_actions.EnableKey,
    kms_actions.EnableKeyRotation,
    kms_actions.GetKeyPolicy,
    kms_actions.GetKeyRotationStatus,
    kms_actions.ListGrants,
    kms_actions.ListKeyPolicies,
    kms_actions.ListResourceTags,
    kms_actions.PutKeyPolicy,
    kms_actions.RetireGrant,
    kms_actions.RevokeGrant,
    kms_actions.ScheduleKeyDeletion,
    kms_actions.TagResource,
    kms_actions.UntagResource,
    kms_actions.UpdateAlias,
    kms_actions.UpdateKeyDescription,
]


@seam
class Inputs:
    key_alias: Value = parameter("String", "The key's name: alias/ and the deployment's name.")
    keep_data: Value = handed_on()


@seam
class Outputs:
    key_arn: Value = output("The deployment's own key.")


def template(keep_data: str) -> Template:
    """The key, kept or not, its policy and its name."""
    t = new_template("Asistente - encryption: the deployment's own key.")
    inputs = declare(t, Inputs)
    kept = keeps_data(t, inputs.keep_data)
    key = kms.Key(
        "Key",
        t,
        Description=Sub("Users' data, logs, secrets and alerts of ${alias}.", alias=inputs.key_alias),
        EnableKeyRotation=True,
        PendingWindowInDays=If(kept, WAIT_DAYS, WAIT_DAYS_FOR_THROW_AWAY),
        # In a key's policy, resource * is the key itself.
        KeyPolicy=document(_account(), *_grants(), _logs(), *_senders_of_alerts()),
        Metadata=describe("Encrypts what holds or mentions users' data; AWS rotates it every year."),
        **deletion_policies(keep_data),
    )
    kms.Alias(
        "Alias",
        t,
        AliasName=inputs.key_alias,
        TargetKeyId=key.ref(),
        Metadata=describe("The key's name for people."),
    )
    publish(t, Outputs(key_arn=key.get_att("Arn")))
    return t


def _account() -> Statement:
    """IAM decides within the account: administrators, the tasks' role and whoever deploys get it there."""
    return allow("IamDecidesInThisAccount", [*ADMINISTER, *USE], ["*"], principal=_this_account())


def _grants() -> list[Statement]:
    """DynamoDB works with grants, which it makes for itself in the name of whoever makes the table.

    Nobody can give the key away by one: grants are allowed through DynamoDB alone, as AWS's own example has
    it, and denied to whatever is no service of AWS's, in the words that Control Tower asks for (CT.KMS.PR.3).
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    through_dynamodb = Condition(StringLike({"kms:ViaService": "dynamodb.*.amazonaws.com"}))
    by_no_service = {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
    create = [kms_actions.CreateGrant]
    return [
        allow("GrantsThroughDynamoDB", create, ["*"], through_dynamodb, principal=_this_account()),
        Statement(
            Sid="NoGrantsByOthers",
            Effect=Deny,
            Principal=Principal("AWS", "*"),
            Action=create,
            Resource=["*"],
            Condition=Condition(BoolIfExists(by_no_service)),
        ),
    ]


def _this_account() -> Principal:
    return Principal("AWS", arn("iam::${AWS::AccountId}:root"))


def _logs() -> Statement:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"""
    return Statement(
        Sid="EncryptLogGroupsOfThisAccount",
        Effect=Allow,
        Principal=Principal("Service", Sub("logs.${AWS::Region}.amazonaws.com")),
        Action=USE,
        Resource=["*"],
        Condition=Condition(
            ArnLike(
                {
                    "kms:EncryptionContext:aws:logs:arn": arn(
                        "logs:${AWS::Region}:${AWS::AccountId}:log-group:*"
                    )
                }
            )
        ),
    )


def _senders_of_alerts() -> list[Statement]:
    """Who publishes to an encrypted topic needs the topic's key."""

    def let_publish(sid: str, services: list[str], **condition: Condition) -> Statement:
        return Statement(
            Sid=sid,
            Effect=Allow,
            Principal=Principal("Service", services),
            Action=[kms_actions.Decrypt, kms_actions.GenerateDataKey],
            Resource=["*"],
            **condition,
        )

    own_account = Condition(StringEquals({"aws:SourceAccount": AccountId}))
    return [
        let_publish(
            "PublishAlarmsAndBudgets",
            ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"],
            Condition=own_account,
        ),
        # EventBridge supports no condition here, as in the topic's policy.
        let_publish("PublishEvents", ["events.amazonaws.com"]),
    ]
