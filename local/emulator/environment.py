"""The environment that points an AWS SDK, or MiniStack itself, at the emulator."""

import os
from pathlib import Path

# MiniStack treats this pair as the account's root user and checks the signatures made with it.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105  (no secret: the emulator answers on loopback only)
ACCOUNT_ID = "000000000000"
TASK_CREDENTIALS_PATH = "/task-credentials/"

# Variables of a user's shell that would send an SDK elsewhere than to the emulator, or sign differently.
CONFLICTING_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


def environment(endpoint_url: str, region: str) -> dict[str, str]:
    """The variables with which boto3 and the AWS CLI talk to the emulator and to nothing else.

    A child process starts from its parent's environment without `CONFLICTING_VARIABLES`, plus these.
    """
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint_url,
        # A profile's own settings (region, endpoints, a CA bundle) must not leak in.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # A company's HTTP proxy cannot reach this machine's loopback.
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def task_environment(endpoint_url: str, region: str, role_arn: str) -> dict[str, str]:
    """Like `environment`, for a process that has the rights of a task role and no others, as on ECS.

    The SDK fetches the role's temporary credentials from the emulator and renews them.
    """
    variables = environment(endpoint_url, region)
    del variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
    role_name = role_arn.rpartition("/")[2]
    variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{endpoint_url}{TASK_CREDENTIALS_PATH}{role_name}"
    return variables


def ministack_settings(port: int, region: str, directory: Path, *, persist: bool) -> dict[str, str]:
    """MiniStack's own variables; it reads most of them once, when it is imported.

    Args:
        port: the loopback port it is served on; it appears in the URLs that it hands out.
        region: where requests without a signed region, and its own defaults, belong.
        directory: holds its state, the buckets' objects and the key that signs Cognito's tokens.
        persist: whether state is read at the start and written at the stop.
    """
    flag = "1" if persist else "0"
    return {
        "AUTH": "true",  # signatures, IAM policies and CAPABILITY_IAM are checked as on AWS
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "EDGE_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_REGION": region,
        "PERSIST_STATE": flag,
        "STATE_DIR": str(directory / "state"),
        "S3_PERSIST": flag,
        "S3_DATA_DIR": str(directory / "s3"),
        "LOCALSTACK_PERSISTENCE": "0",
        "SERVICES": "",
        "USE_SSL": "0",
        # Ports of its own besides the one above: SSH for Transfer Family, MQTT for IoT.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        # With a Docker daemon in reach it would pull and run the containers of ECS and CodeBuild.
        "DOCKER_HOST": f"unix://{directory / 'no-docker.sock'}",
        "MINISTACK_CODEBUILD_EXECUTE": "0",
    }
