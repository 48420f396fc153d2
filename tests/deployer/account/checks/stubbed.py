"""Clients that answer as told, for what the emulator does not know or cannot be made to say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.stub import Stubber

REGION = "eu-west-1"


def stubbed(service: str, region: str = REGION) -> Stubber:
    """A stub that answers once for each answer that is added, whatever is asked unless it says what."""
    client = boto3.client(
        service,
        region_name=region,
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    stub = Stubber(client)
    stub.activate()
    return stub


@contextmanager
def answering(service: str, *answers: tuple[str, Any], region: str = REGION) -> Iterator[Any]:
    """A client that gives these answers in turn: (operation, response), or (operation, "ErrorCode")."""
    stub = stubbed(service, region)
    for operation, answer in answers:
        if isinstance(answer, str):
            stub.add_client_error(operation, answer, "no", http_status_code=400)
        else:
            stub.add_response(operation, answer)
    yield stub.client
    stub.assert_no_pending_responses()
