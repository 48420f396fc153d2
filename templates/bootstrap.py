"""The bootstrap stack: the bucket through which templates and source reach AWS. It owns nothing else.

It comes before everything: CloudFormation reads nested templates, and CodePipeline its source, from here.
"""

from __future__ import annotations

from awacs import s3 as s3_actions
from troposphere import Sub, Template, s3

from templates.policies import deny_plain_http, document
from templates.wiring import Value, describe, new_template, output, publish, seam

NONCURRENT_DAYS = 30
ABANDONED_UPLOAD_DAYS = 1
OBJECT_DAYS = 365
"""Every deployment uploads what it needs again, so an object a year old serves nothing that runs."""


@seam
class Outputs:
    artifact_bucket_name: Value = output(
        "Bucket that holds the uploaded templates, sources and build artifacts."
    )


def template() -> Template:
    """The stack that `deploy.sh` creates first."""
    t = new_template("Asistente - bootstrap: the private bucket for templates, sources and build artifacts.")
    bucket = _bucket(t)
    s3.BucketPolicy(
        "ArtifactsPolicy",
        t,
        Bucket=bucket.ref(),
        PolicyDocument=document(
            deny_plain_http(
                [s3_actions.Action("*")],
                [bucket.get_att("Arn"), Sub("${bucket}/*", bucket=bucket.get_att("Arn"))],
            )
        ),
        Metadata=describe("Refuses every request to the bucket that does not come over TLS."),
    )
    publish(t, Outputs(artifact_bucket_name=bucket.ref()))
    return t


def _bucket(t: Template) -> s3.Bucket:
    return s3.Bucket(
        "Artifacts",
        t,
        BucketEncryption=s3.BucketEncryption(
            ServerSideEncryptionConfiguration=[
                s3.ServerSideEncryptionRule(
                    ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
                )
            ]
        ),
        OwnershipControls=s3.OwnershipControls(
            Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
        ),
        PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
        # CodePipeline accepts a bucket as a source only when it is versioned.
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
        LifecycleConfiguration=s3.LifecycleConfiguration(
            Rules=[
                s3.LifecycleRule(
                    Id="ExpireWhatIsOld",
                    Status="Enabled",
                    ExpirationInDays=OBJECT_DAYS,
                    NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(
                        NoncurrentDays=NONCURRENT_DAYS
                    ),
                    AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(
                        DaysAfterInitiation=ABANDONED_UPLOAD_DAYS
                    ),
                )
            ]
        ),
        # Nothing in it is the users': the next deployment writes all of it again. CloudFormation deletes only
        # an empty bucket, so `make destroy` empties it first.
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=describe(
            "Holds the nested templates, the zipped source of the image and the pipeline's artifacts."
        ),
    )
