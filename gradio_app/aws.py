"""The AWS clients, built once per process and shared by all threads."""

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from gradio_app.settings import Settings

CONNECT_SECONDS = 3
"""Inside a region a connection stands in milliseconds; longer means that the other end is gone."""
TABLE_POOL = 64
LOGIN_POOL = 16
FILES_POOL = 32
MODEL_POOL = 256
"""One connection for each running answer, and more than a task has places for (`ANSWERS_AT_ONCE`)."""


@dataclass(frozen=True)
class Clients:
    """The low-level clients that the application uses; tests pass fakes in their place."""

    cognito_idp: Any
    dynamodb: Any
    bedrock_runtime: Any
    bedrock: Any
    s3: Any = None
    """None in tests of what has nothing to do with files."""

    @classmethod
    def build(cls, settings: Settings) -> "Clients":
        """Clients for the settings' region; endpoints and credentials are botocore's own business."""
        session = boto3.Session(region_name=settings.region)
        return cls(
            cognito_idp=session.client("cognito-idp", config=_config(10, LOGIN_POOL)),
            dynamodb=session.client("dynamodb", config=_config(4, TABLE_POOL)),
            # A first token may take long; each chunk after it resets the clock. One attempt: what a model has
            # worked on costs, whether its answer arrives or not, so the chat repeats a call or nobody does.
            bedrock_runtime=session.client("bedrock-runtime", config=_config(120, MODEL_POOL, attempts=1)),
            bedrock=session.client("bedrock", config=_config(5, 10)),
            s3=session.client("s3", config=_config(10, FILES_POOL)),
        )


def _config(read_seconds: int, pool: int, attempts: int = 3) -> Config:
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        max_pool_connections=pool,
        # `max_attempts` counts retries, `total_max_attempts` counts attempts.
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )
