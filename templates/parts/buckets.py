"""A private bucket with all that goes with it: encryption, TLS only, an end to its objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from awacs import s3 as s3_actions
from awacs.aws import Statement
from troposphere import If, Join, Sub, Template, s3

from templates.parts.permissions import deny_plain_http, document
from templates.wiring import Value, describe

ABANDONED_UPLOAD_DAYS = 1
DELETED = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
"""Of a bucket in which nothing is lost that cannot be had again. CloudFormation deletes only an empty one, so
`make destroy` empties it first."""
S3_KEYS = s3.ServerSideEncryptionRule(
    ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
)
BUCKET_LOGS = "bucket-logs/"
"""Where in the artifact bucket S3 writes who does what with other buckets' objects."""


def private_bucket(
    t: Template,
    title: str,
    *,
    purpose: str,
    days: Value | int | None,
    noncurrent_days: Value | int,
    sooner: Mapping[str, int] | None = None,
    encryption: s3.ServerSideEncryptionRule | If = S3_KEYS,
    policies: Mapping[str, str] = DELETED,
    **properties: Any,
) -> s3.Bucket:
    """Add a versioned bucket whose objects expire after `days`, and former versions after `noncurrent_days`.

    Without `days` they stay until somebody deletes them. `sooner` has by prefix the days after which the
    objects under it expire, fewer than the others'. Encrypted with S3's own keys if nothing else is said: the
    load balancer delivers its logs to no other kind of bucket.
    """
    rules = [_expiry(days, noncurrent_days), *_sooner(sooner or {})]
    return s3.Bucket(
        title,
        t,
        BucketEncryption=s3.BucketEncryption(ServerSideEncryptionConfiguration=[encryption]),
        OwnershipControls=s3.OwnershipControls(
            Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
        ),
        PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
        LifecycleConfiguration=s3.LifecycleConfiguration(Rules=rules),
        Metadata=describe(purpose),
        **policies,
        **properties,
    )


def _expiry(days: Value | int | None, noncurrent_days: Value | int) -> s3.LifecycleRule:
    """The end of objects, of their former versions, and of what was never uploaded whole."""
    # What is left of a deleted object when its last version has gone says nothing to anybody.
    expiry: dict[str, Any] = (
        {"ExpiredObjectDeleteMarker": True} if days is None else {"ExpirationInDays": days}
    )
    return s3.LifecycleRule(
        Id="ExpireWhatIsOld",
        Status="Enabled",
        **expiry,
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(
            DaysAfterInitiation=ABANDONED_UPLOAD_DAYS
        ),
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=noncurrent_days),
    )


def _sooner(days: Mapping[str, int]) -> Iterator[s3.LifecycleRule]:
    """An earlier end of what lies under each prefix.

    Where two rules expire an object, S3 takes the earlier day:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
    """
    for prefix, fewer in days.items():
        yield s3.LifecycleRule(
            Id=f"Expire{prefix.strip('/').title()}",
            Status="Enabled",
            Prefix=prefix,
            ExpirationInDays=fewer,
        )


def tls_only(t: Template, bucket: s3.Bucket, *allowed: Statement, purpose: str) -> s3.BucketPolicy:
    """Add the policy that refuses plain HTTP and allows what else is given."""
    return s3.BucketPolicy(
        f"{bucket.title}Policy",
        t,
        Bucket=bucket.ref(),
        PolicyDocument=document(
            *allowed,
            # Joined: Control Tower's rule CT.S3.PR.8 knows the objects of a bucket in no other form.
            deny_plain_http(
                [s3_actions.Action("*")],
                [bucket.get_att("Arn"), Join("", [bucket.get_att("Arn"), "/*"])],
            ),
        ),
        Metadata=describe(purpose),
    )


def objects(bucket: s3.Bucket, prefix: str = "") -> Sub:
    """The ARN of every object of the bucket, or of those under `prefix`."""
    return Sub(f"${{bucket}}/{prefix}*", bucket=bucket.get_att("Arn"))
