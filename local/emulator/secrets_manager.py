"""Secrets Manager: Ref of a secret is its ARN, and generated secrets honor every exclusion."""

import json
from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

from local.emulator.registry import HANDLERS, Attributes, Properties, true

FLAGS = (
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "IncludeSpace",
    "RequireEachIncludedType",
)


def install() -> None:
    provisioners._sm_secret_string = _secret_string
    handler = HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def by_arn(result: tuple[str, Attributes]) -> tuple[str, Attributes]:
        return result[1]["Arn"], result[1]

    handler["create"] = lambda *arguments: by_arn(create(*arguments))
    handler["update"] = lambda arn, *rest: by_arn(update(_name(arn), *rest))
    handler["delete"] = lambda arn, properties: delete(_name(arn), properties)


def _name(arn: str) -> str:
    """MiniStack keeps secrets under their names."""
    for name, secret in secretsmanager._secrets.items():
        if secret["ARN"] == arn:
            return name
    return arn


def _secret_string(properties: Properties) -> str:
    generate = properties.get("GenerateSecretString")
    if properties.get("SecretString") or not generate:
        return properties.get("SecretString", "")
    request: dict[str, Any] = {flag: true(generate[flag]) for flag in FLAGS if flag in generate}
    request["PasswordLength"] = int(generate.get("PasswordLength", 32))
    request["ExcludeCharacters"] = generate.get("ExcludeCharacters", "")
    password = json.loads(secretsmanager._get_random_password(request)[2])["RandomPassword"]
    if "SecretStringTemplate" not in generate:
        return password
    template = json.loads(generate["SecretStringTemplate"])
    return json.dumps(template | {generate["GenerateStringKey"]: password})
