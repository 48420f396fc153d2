"""Reads a task definition as ECS does: the environment that the container gets, and the role that it has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SECRET_ARN_PARTS = 7  # arn:partition:secretsmanager:region:account:secret:name


@dataclass(frozen=True)
class Task:
    """What ECS gives the one container of a task: its variables, secrets resolved, and its role's ARN."""

    environment: dict[str, str] = field(repr=False)
    role_arn: str


def read_task(ecs: Any, secrets: Any, task_definition: str) -> Task:
    """Return the task that `task_definition` (an ARN) describes.

    `ecs` and `secrets` are boto3 clients of ECS and Secrets Manager. Raises what they raise.
    """
    found = ecs.describe_task_definition(taskDefinition=task_definition)["taskDefinition"]
    (container,) = found["containerDefinitions"]
    plain = {entry["name"]: entry["value"] for entry in container["environment"]}
    secret = {entry["name"]: _secret(secrets, entry["valueFrom"]) for entry in container["secrets"]}
    return Task(plain | secret, found["taskRoleArn"])


def first_words(environment: Mapping[str, str]) -> str:
    """What an application with these variables has a model read before anybody's first question."""
    # Imported when the page is there already.
    from gradio_app.chat.context import system_prompt
    from gradio_app.chat.conversation import Conversation
    from gradio_app.chat.instructions import Instructions

    deployment = Instructions(deployment=environment.get("SYSTEM_PROMPT", ""))
    return system_prompt(Conversation("", preamble=deployment.preamble))


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
