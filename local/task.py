"""Reads a task definition as ECS does, and makes of it the environment that the container would get."""

from __future__ import annotations

import json
from typing import Any

SECRET_ARN_PARTS = 7  # arn:partition:secretsmanager:region:account:secret:name


def container_environment(ecs: Any, secrets: Any, task_definition: str) -> dict[str, str]:
    """Return the environment of the one container of `task_definition` (an ARN), secrets resolved.

    `ecs` and `secrets` are boto3 clients of ECS and Secrets Manager. Raises what they raise.
    """
    found = ecs.describe_task_definition(taskDefinition=task_definition)["taskDefinition"]
    (container,) = found["containerDefinitions"]
    plain = {entry["name"]: entry["value"] for entry in container["environment"]}
    secret = {entry["name"]: _secret(secrets, entry["valueFrom"]) for entry in container["secrets"]}
    return plain | secret


def _secret(secrets: Any, value_from: str) -> str:
    """Resolve an ECS `valueFrom`: a secret's ARN, optionally with `:json-key:version-stage:version-id`.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    parts = value_from.split(":")
    json_key, stage, version = [*parts[SECRET_ARN_PARTS:], "", "", ""][:3]
    wanted = {"SecretId": ":".join(parts[:SECRET_ARN_PARTS])}
    wanted |= {"VersionStage": stage} if stage else {}
    wanted |= {"VersionId": version} if version else {}
    text = secrets.get_secret_value(**wanted)["SecretString"]
    return str(json.loads(text)[json_key]) if json_key else text
