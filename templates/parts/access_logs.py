"""The bucket of the load balancer's access logs: who asked what, when, and how it ended.

Who reads, changes or deletes these logs stands in a log in turn, in the artifact bucket.
"""

from __future__ import annotations

from awacs import s3 as s3_actions
from awacs.aws import Allow, Principal, Statement
from troposphere import If, NoValue, Template, s3

from templates.parts.buckets import BUCKET_LOGS, objects, private_bucket, tls_only
from templates.wiring import Value

OVERWRITTEN_DAYS = 7
"""A log that somebody overwrites or deletes can be had back for so long."""


def access_logs(
    t: Template, *, days: Value, artifact_bucket_name: Value, protected: str
) -> tuple[s3.Bucket, s3.BucketPolicy]:
    """Add the bucket; a load balancer that logs to it has to wait for the policy.

    While the condition `protected` holds, EventBridge hears of every object that is deleted.
    """
    bucket = private_bucket(
        t,
        "AccessLogs",
        purpose="Keeps the load balancer's record of requests for a limited time, for investigations.",
        days=days,
        noncurrent_days=OVERWRITTEN_DAYS,
        LoggingConfiguration=s3.LoggingConfiguration(
            DestinationBucketName=artifact_bucket_name, LogFilePrefix=f"{BUCKET_LOGS}access-logs/"
        ),
        NotificationConfiguration=If(
            protected,
            s3.NotificationConfiguration(
                EventBridgeConfiguration=s3.EventBridgeConfiguration(EventBridgeEnabled=True)
            ),
            NoValue,
        ),
    )
    policy = tls_only(
        t,
        bucket,
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
        Statement(
            Sid="LetLoadBalancersOfThisAccountWrite",
            Effect=Allow,
            Principal=Principal("Service", "logdelivery.elasticloadbalancing.amazonaws.com"),
            Action=[s3_actions.PutObject],
            # No condition: a load balancer writes under the path of its own account alone, and with
            # aws:SourceArn people have been refused their load balancer.
            Resource=[objects(bucket, "AWSLogs/${AWS::AccountId}/")],
        ),
        purpose="Lets the load balancer write its logs, and refuses every request that does not come over "
        "TLS.",
    )
    return bucket, policy
