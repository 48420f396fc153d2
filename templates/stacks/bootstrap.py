"""The bootstrap stack: the bucket through which templates and source reach AWS. It owns nothing else.

It comes before everything: CloudFormation reads nested templates, and CodePipeline its source, from here. Who
does what with the access logs is written here too, where deleting the main stack alone does not delete it.
"""

from __future__ import annotations

from awacs import s3 as s3_actions
from awacs.aws import Allow, Condition, Principal, Statement, StringEquals
from troposphere import AccountId, Template

from templates.parts.buckets import BUCKET_LOGS, objects, private_bucket, tls_only
from templates.wiring import Value, new_template, output, publish, seam

NONCURRENT_DAYS = 30
OBJECT_DAYS = 365
"""Every deployment uploads what it needs again, so an object a year old serves nothing that runs."""
DEPLOYMENTS = "deployments/"
"""Where the deployer keeps a record of each deployment."""
RECORD_DAYS = OBJECT_DAYS - 5
"""A record ends before the templates and the source that it names, which were uploaded up to days earlier."""


@seam
class Outputs:
    artifact_bucket_name: Value = output(
        "Bucket that holds the uploaded templates, sources and build artifacts."
    )


def template() -> Template:
    """The stack that `deploy.sh` creates first."""
    t = new_template("Asistente - bootstrap: the private bucket for templates, sources and build artifacts.")
    # CodePipeline accepts a bucket as a source only when it is versioned.
    bucket = private_bucket(
        t,
        "Artifacts",
        purpose="Holds the nested templates, the zipped source of the image, the pipeline's artifacts, the "
        "record of each deployment, and who did what with the access logs.",
        days=OBJECT_DAYS,
        noncurrent_days=NONCURRENT_DAYS,
        sooner={DEPLOYMENTS: RECORD_DAYS},
    )
    tls_only(
        t,
        bucket,
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
        Statement(
            Sid="LetS3LogWhatHappensToBucketsOfThisAccount",
            Effect=Allow,
            Principal=Principal("Service", "logging.s3.amazonaws.com"),
            Action=[s3_actions.PutObject],
            Resource=[objects(bucket, BUCKET_LOGS)],
            Condition=Condition(StringEquals({"aws:SourceAccount": AccountId})),
        ),
        purpose="Lets S3 write the log of other buckets, and refuses every request that does not come over "
        "TLS.",
    )
    publish(t, Outputs(artifact_bucket_name=bucket.ref()))
    return t
