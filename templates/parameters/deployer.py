"""What the deployer knows itself, and fills in."""

from __future__ import annotations

from templates.wiring import Value, parameter, seam

ZONE = r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}[a-z]"


@seam
class FilledIn:
    """Filled in by deploy.sh"""

    artifact_bucket_name: Value = parameter(
        "String",
        "The bucket that holds the source: ArtifactBucketName of the bootstrap stack. deploy.sh fills it in.",
        AllowedPattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        ConstraintDescription="The name of an S3 bucket.",
        label="Artifact bucket",
    )
    source_key: Value = parameter(
        "String",
        "Key of the zipped source in the bucket. deploy.sh uploads it and fills this in.",
        MinLength=1,
        label="Source",
    )
    image_tag: Value = parameter(
        "String",
        "Tag of the image: a hash of the source that these templates were made with. Leave it as it is.",
        Default="",
        label="Image tag",
    )
    availability_zones: Value = parameter(
        "String",
        "The two Availability Zones of the new VPC, such as us-east-1a,us-east-1b. deploy.sh fills in two in "
        "which Fargate and CloudFront's VPC origins work. By hand: any but those with the ids use1-az3, "
        "usw1-az2, apne1-az3 and cac1-az3 (EC2 console, Zones). Empty for the first two of the Region. They "
        "cannot be changed later.",
        AllowedPattern=rf"^$|^{ZONE},{ZONE}$",
        ConstraintDescription="Two names such as us-east-1a,us-east-1b, or nothing.",
        Default="",
        label="Availability Zones",
    )
    origin_facing_prefix_list_id: Value = parameter(
        "String",
        "With FrontDoor cloudfront: the id of the prefix list of CloudFront's addresses, so that nobody else "
        "reaches the load balancer. deploy.sh fills it in. By hand: VPC console, Managed prefix lists, "
        "com.amazonaws.global.cloudfront.origin-facing.",
        AllowedPattern=r"^$|^pl-[0-9a-f]{8,17}$",
        ConstraintDescription="An id such as pl-3b927c52, or nothing.",
        Default="",
        label="CloudFront's prefix list",
    )
