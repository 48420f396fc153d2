"""The way to AWS: finds region and credentials and tries them, before anything else is done.

The only module of the deployer that reads the environment. AWS_ENDPOINT_URL and the credentials' own
variables are botocore's; the emulator is reached by them alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from deployer.errors import UsageError
from deployer.options import Options

USER_AGENT = "asistente-deployer"
PARTITION = "aws"
# An operation may last an hour: a cut of a minute or two must not end the watch over it.
PATIENT = Config(
    user_agent_extra=USER_AGENT,
    connect_timeout=10,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 10},
)
# The first call shall say soon that nothing answers.
QUICK = Config(
    user_agent_extra=USER_AGENT,
    connect_timeout=5,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 2},
)


@dataclass(frozen=True)
class Aws:
    """Clients for one account and region, with credentials that were accepted."""

    cloudformation: Any
    s3: Any
    ecr: Any
    ec2: Any
    elb: Any
    iam: Any
    codepipeline: Any
    account: str
    region: str


def _require_partition(arn: str) -> None:
    partition = arn.split(":")[1]
    if partition != PARTITION:
        raise UsageError(
            f"These credentials are of the partition {partition}, and only {PARTITION} is supported, AWS's "
            "commercial Regions: the others lack what this is built on."
        )


def connect(options: Options) -> Aws:
    """Return clients for the options' profile and region.

    Raises UsageError without a region or in another partition, and what boto3 raises when credentials are
    missing or not accepted.
    """
    session = boto3.Session(profile_name=options.profile)
    # boto3 itself reads AWS_DEFAULT_REGION only; every other tool of AWS reads AWS_REGION first.
    region = options.region or os.environ.get("AWS_REGION") or session.region_name
    if not region:
        raise UsageError(
            "No AWS region is chosen: give --region, set `region` in parameters.toml, or set AWS_REGION."
        )
    try:
        sts = session.client("sts", region_name=region, config=QUICK)
    except BotoCoreError:
        raise
    except ValueError as error:  # botocore has no exception of its own for this
        raise UsageError(f"{error}: AWS_ENDPOINT_URL must look like http://127.0.0.1:4566.") from error
    identity = sts.get_caller_identity()
    _require_partition(identity["Arn"])

    def client(service: str) -> Any:
        return session.client(service, region_name=region, config=PATIENT)

    return Aws(
        cloudformation=client("cloudformation"),
        s3=client("s3"),
        ecr=client("ecr"),
        ec2=client("ec2"),
        elb=client("elbv2"),
        iam=client("iam"),
        codepipeline=client("codepipeline"),
        account=identity["Account"],
        region=region,
    )
