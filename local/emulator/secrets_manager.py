"""Secrets Manager: Ref of a secret is its ARN, which task definitions and policies need."""

from ministack.services import secretsmanager

from local.emulator.registry import HANDLERS, Attributes


def install() -> None:
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
