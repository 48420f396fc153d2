"""The credentials endpoint that ECS gives to a task: temporary keys of the task's role.

With it a program on this machine has the rights of its task role and no others, as in AWS.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

import json
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, new_uuid
from ministack.services import iam, sts

from local.emulator.environment import TASK_CREDENTIALS_PATH
from local.emulator.front import App, Receive, Send, respond

VALID_SECONDS = 60 * 60
TRUSTED_SERVICE = "ecs-tasks.amazonaws.com"


def wrap(app: App) -> App:
    """Answer for the endpoint in front of an application."""

    async def with_credentials(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(TASK_CREDENTIALS_PATH):
            status, body = _credentials(scope["path"].removeprefix(TASK_CREDENTIALS_PATH))
            await respond(send, status, "application/json", json.dumps(body).encode())
        else:
            await app(scope, receive, send)

    return with_credentials


def _credentials(role_name: str) -> tuple[int, dict[str, str]]:
    role = iam._roles.get(role_name)
    if role is None or not _trusts_tasks(role):
        return 404, {"message": f"There is no role {role_name} that {TRUSTED_SERVICE} may assume."}
    session_name = new_uuid().replace("-", "")
    account, expires_at = get_account_id(), time.time() + VALID_SECONDS
    key_id, secret, token = sts._gen_session_access_key(), sts._gen_secret(), sts._gen_session_token()
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}",
        "UserId": f"{role['RoleId']}:{session_name}",
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": expires_at,
        "AccountId": account,
        "PrincipalType": "AssumedRole",
    }
    sts.register_session(key_id, session)
    return 200, {
        "RoleArn": role["Arn"],
        "AccessKeyId": key_id,
        "SecretAccessKey": secret,
        "Token": token,
        "Expiration": datetime.fromtimestamp(expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _trusts_tasks(role: dict[str, Any]) -> bool:
    document = role["AssumeRolePolicyDocument"]
    statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    return any(
        statement["Effect"] == "Allow"
        and iam_evaluator._service_principal_matches(statement.get("Principal"), TRUSTED_SERVICE)
        for statement in ([statements] if isinstance(statements, dict) else statements)
    )
