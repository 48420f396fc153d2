"""The bucket of the load balancer's access logs: who asked what, when, and how it ended."""

from __future__ import annotations

from awacs import s3 as s3_actions
from awacs.aws import Allow, ArnLike, Condition, Principal, Statement, StringEquals
from troposphere import AccountId, Template, s3

from templates.buckets import objects, private_bucket, tls_only
from templates.policies import arn
from templates.wiring import Value

OVERWRITTEN_DAYS = 7
"""A log that somebody overwrites or deletes can be had back for so long."""


def access_logs(t: Template, days: Value) -> tuple[s3.Bucket, s3.BucketPolicy]:
    """Add the bucket; a load balancer that logs to it has to wait for the policy."""
    bucket = private_bucket(
        t,
        "AccessLogs",
        purpose="Keeps the load balancer's record of requests for a limited time, for investigations.",
        days=days,
        noncurrent_days=OVERWRITTEN_DAYS,
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
            Resource=[objects(bucket, "AWSLogs/${AWS::AccountId}/")],
            Condition=Condition(
                [
                    StringEquals({"aws:SourceAccount": AccountId}),
                    ArnLike(
                        {
                            "aws:SourceArn": arn(
                                "elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:loadbalancer/*"
                            )
                        }
                    ),
                ]
            ),
        ),
        purpose="Lets the load balancer write its logs, and refuses every request that does not come over "
        "TLS.",
    )
    return bucket, policy
