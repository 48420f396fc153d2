"""The way to AWS: finds region and credentials and tries them, before anything else is done.

The only module of the deployer that reads the environment. AWS_ENDPOINT_URL and the credentials' own
variables are botocore's; the emulator is reached by them alone.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, MissingDependencyException

from command_line import empty_variables
from deployer.cloudformation.meaning import PARTITION
from deployer.errors import UsageError, one_line
from deployer.loopback import leads_here
from deployer.options import Options

USER_AGENT = "asistente-deployer"
GLOBAL_REGION = "us-east-1"
"""Where AWS keeps what belongs to no Region:
https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html"""
# An operation may last an hour: a cut of a minute or two must not end the watch over it. Where a connection
# stays and nothing comes, ten times half a minute are enough: nothing that is asked of AWS takes that long.
PATIENT = Config(
    user_agent_extra=USER_AGENT,
    connect_timeout=10,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 10},
)
# The first call shall say soon that nothing answers.
QUICK = Config(
    user_agent_extra=USER_AGENT,
    connect_timeout=5,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 2},
)
# What a deployment can do without shall not hold it up for long.
ASKING = Config(
    user_agent_extra=USER_AGENT,
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 5},
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
    client: Callable[..., Any]
    """Makes a client of another service: those below are needed seldom, and each takes its time to make."""
    identity: str = ""
    """The ARN of who asks."""
    regions_of: Callable[[str], Sequence[str]] = lambda _: ()
    """The Regions of a service, as far as the installed botocore knows them."""

    def asking(self, service: str, region: str | None = None) -> Any:
        """A client, of another region too, that gives up soon: for what a deployment can do without."""
        return self.client(service, region or self.region, ASKING)

    @cached_property
    def cognito(self) -> Any:
        """Cognito user pools."""
        return self.client("cognito-idp")

    @cached_property
    def dynamodb(self) -> Any:
        """DynamoDB."""
        return self.client("dynamodb")

    @cached_property
    def ecs(self) -> Any:
        """ECS."""
        return self.client("ecs")

    @cached_property
    def kms(self) -> Any:
        """The keys."""
        return self.client("kms")

    @cached_property
    def tagging(self) -> Any:
        """What has which tags."""
        return self.client("resourcegroupstaggingapi")

    @cached_property
    def global_tagging(self) -> Any:
        """What belongs to no Region and has which tags."""
        return self.asking("resourcegroupstaggingapi", GLOBAL_REGION)


def _require_partition(arn: str) -> None:
    partition = arn.split(":")[1]
    if partition != PARTITION:
        raise UsageError(
            f"These credentials are of the partition {partition}, and only {PARTITION} is supported, AWS's "
            "commercial Regions: the others lack what this is built on."
        )


@contextmanager
def credentials(session: boto3.Session | None) -> Iterator[None]:
    """Say in a sentence what keeps boto3 from the credentials, where botocore has no exception for it.

    It passes on whatever goes wrong in a program, a file or an answer that credentials are to come from: a
    credential_process that is not there, a token's file that is missing, text that is no JSON.
    """
    try:
        yield
    except MissingDependencyException as error:
        name = session.profile_name if session else ""
        raise UsageError(
            f"The profile {name} signs in by `aws login`, whose credentials cannot be read here: "
            f'`eval "$(aws configure export-credentials --profile {name} --format env)"` hands them on (then '
            "leave --profile out). Profiles of `aws configure sso`, with keys, with a role or with a "
            "credential_process work as they are."
        ) from error
    except (BotoCoreError, ClientError, UsageError):
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, EOFError) as error:
        where = _source(session) if session else ""
        if isinstance(error, OSError) and error.filename:
            why = f"{os.fsdecode(error.filename)}: {error.strerror}"
        else:
            why = f"{error}" or type(error).__name__
        raise UsageError(f"The AWS credentials cannot be had{where}: {one_line(why)}.") from error


def _source(session: boto3.Session) -> str:
    """Where credentials come from, for a sentence, as far as settings say it. First match wins."""
    profile = session._session.get_scoped_config()
    for name in ("credential_process", "web_identity_token_file", "source_profile", "sso_session"):
        if profile.get(name):
            return f" by {name} of the profile {session.profile_name}"
    for name in ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        if os.environ.get(name):
            return f" by {name}"
    return ""


def _require_certificates(session: boto3.Session) -> None:
    """Raise UsageError when the file by which AWS is to be known is none; botocore does not name it."""
    configured = session._session.get_config_variable("ca_bundle")
    file = configured or os.environ.get("REQUESTS_CA_BUNDLE")
    if not file:
        return
    if not configured:
        setting = "REQUESTS_CA_BUNDLE"
    elif os.environ.get("AWS_CA_BUNDLE"):
        setting = "AWS_CA_BUNDLE"
    else:
        setting = f"ca_bundle of the profile {session.profile_name}"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except OSError as error:
        raise UsageError(
            f"{setting} names {file}, of which no certificates can be read ({error.strerror or error}): let "
            "it name a file with the certificates of who may answer as AWS, in PEM, or leave it out."
        ) from error


def _sts(session: boto3.Session, region: str) -> Any:
    try:
        return session.client("sts", region_name=region, config=QUICK)
    except BotoCoreError:
        raise
    except ValueError as error:  # botocore has no exception of its own for this
        if "endpoint" not in str(error):
            raise
        raise UsageError(f"{error}: AWS_ENDPOINT_URL must look like http://127.0.0.1:4566.") from error


def connect(options: Options) -> Aws:
    """Return clients for the options' profile and region.

    Raises UsageError without a region or in another partition, and what boto3 raises when credentials are
    missing or not accepted.
    """
    if empty := empty_variables(os.environ):
        raise UsageError(f"{', '.join(empty)} is set and empty: give it a value, or unset it.")
    # Nothing is known of a session while it is made: a settings file may be what cannot be read.
    with credentials(None):
        session = boto3.Session(profile_name=options.profile)
        # boto3 itself reads AWS_DEFAULT_REGION only; every other tool of AWS reads AWS_REGION first.
        region = options.region or os.environ.get("AWS_REGION") or session.region_name
    if not region:
        raise UsageError(
            "No AWS region is chosen: give --region, set `region` in parameters.toml, or set AWS_REGION."
        )
    with credentials(session):
        sts = _sts(session, region)
        if sts.meta.endpoint_url.startswith("https:"):
            _require_certificates(session)
        identity = sts.get_caller_identity()
    _require_partition(identity["Arn"])

    def client(service: str, where: str = region, config: Config = PATIENT) -> Any:
        return session.client(service, region_name=where, config=config)

    return Aws(
        cloudformation=client("cloudformation"),
        s3=client("s3"),
        ecr=client("ecr"),
        ec2=client("ec2"),
        elb=client("elbv2"),
        iam=client("iam"),
        codepipeline=client("codepipeline"),
        client=client,
        identity=identity["Arn"],
        regions_of=session.get_available_regions,
        account=identity["Account"],
        region=region,
    )


def is_loopback(client: Any) -> bool:
    """Whether a client talks to this machine: nothing takes time to spread there, and nobody else waits."""
    return leads_here(client.meta.endpoint_url)
