"""The deployment's own key, for what holds or mentions users' data and can take a key from another stack.

The key outlives the stack when the data does, for without it the data could not be read; its alias does
not, so that a new deployment of the same name can have it.
"""

from __future__ import annotations

from awacs import kms as kms_actions
from awacs.aws import Allow, ArnLike, BoolIfExists, Condition, Deny, Principal, Statement, StringEquals
from troposphere import AccountId, If, Sub, Template, kms

from templates.policies import arn, document
from templates.retention import retention
from templates.wiring import Value, describe

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
    kms_actions.CreateGrant,
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


def encryption_key(t: Template, alias: Value, *, own: str, kept: str) -> kms.Key:
    """Add the key and its alias while condition `own` holds; the key outlives the stack while `kept` does."""
    key = kms.Key(
        "Key",
        t,
        Condition=own,
        Description=Sub("Users' data, logs, secret and alerts of ${alias}.", alias=alias),
        EnableKeyRotation=True,
        PendingWindowInDays=If(kept, WAIT_DAYS, WAIT_DAYS_FOR_THROW_AWAY),
        # In a key's policy, resource * is the key itself.
        KeyPolicy=document(_account(), _grants(), _logs(), *_senders_of_alerts()),
        Metadata=describe("Encrypts what holds or mentions users' data; AWS rotates it every year."),
        **retention(kept),
    )
    kms.Alias(
        "Alias",
        t,
        Condition=own,
        AliasName=alias,
        TargetKeyId=key.ref(),
        Metadata=describe("The key's name for people, and for stacks beside this one."),
    )
    return key


def _account() -> Statement:
    """IAM decides within the account: administrators, the tasks' role and whoever deploys get it there."""
    return Statement(
        Sid="IamDecidesInThisAccount",
        Effect=Allow,
        Principal=Principal("AWS", arn("iam::${AWS::AccountId}:root")),
        Action=[*ADMINISTER, *USE],
        Resource=["*"],
    )


def _grants() -> Statement:
    """DynamoDB works with grants: AWS's services may have them, and nobody else."""
    return Statement(
        Sid="GrantToServicesOnly",
        Effect=Deny,
        Principal=Principal("AWS", "*"),
        Action=[kms_actions.CreateGrant],
        Resource=["*"],
        Condition=Condition(
            BoolIfExists({"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"})
        ),
    )


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
