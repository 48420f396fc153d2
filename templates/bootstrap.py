"""The bootstrap stack: the bucket through which templates and source reach AWS. It owns nothing else.

It comes before everything: CloudFormation reads nested templates, and CodePipeline its source, from here.
"""

from __future__ import annotations

from troposphere import Template

from templates.buckets import private_bucket, tls_only
from templates.wiring import Value, new_template, output, publish, seam

NONCURRENT_DAYS = 30
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
    # CodePipeline accepts a bucket as a source only when it is versioned.
    bucket = private_bucket(
        t,
        "Artifacts",
        purpose="Holds the nested templates, the zipped source of the image and the pipeline's artifacts.",
        days=OBJECT_DAYS,
        noncurrent_days=NONCURRENT_DAYS,
    )
    tls_only(t, bucket, purpose="Refuses every request to the bucket that does not come over TLS.")
    publish(t, Outputs(artifact_bucket_name=bucket.ref()))
    return t
