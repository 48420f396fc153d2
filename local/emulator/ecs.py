"""ECS: parts of task definitions and services that MiniStack's CloudFormation drops."""

from typing import Any

from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from local.emulator.registry import Attributes, Properties, camel_case, finish, prepare

# Maps whose keys are the user's, not the API's.
OPAQUE = frozenset({"Options", "DockerLabels", "DriverOpts", "Labels"})
NUMBERS_OF_SERVICE = ("DesiredCount", "HealthCheckGracePeriodSeconds")
NUMBERS_OF_PORT = ("containerPort", "hostPort")


def install() -> None:
    provisioners._normalize_container_defs = _container_definitions
    finish("AWS::ECS::TaskDefinition", _keep_whole_task_definition)
    prepare("AWS::ECS::Service", _numbers)
    finish("AWS::ECS::Service", _keep_grace_period)


def _container_definitions(definitions: list[Properties]) -> list[dict[str, Any]]:
    containers = camel_case(definitions, keep=OPAQUE)
    for container in containers:
        for port in container.get("portMappings", []):
            port.update({key: int(port[key]) for key in NUMBERS_OF_PORT if key in port})
    return containers


def _keep_whole_task_definition(arn: str, properties: Properties) -> Attributes:
    record = ecs._task_defs[arn.rsplit("/", 1)[1]]
    for name in ("RuntimePlatform", "Volumes", "EphemeralStorage"):
        if name in properties:
            record[name[:1].lower() + name[1:]] = camel_case(properties[name], keep=OPAQUE)
    return {}


def _numbers(properties: Properties) -> Properties:
    """A parameter of type Number reaches the API as a number; MiniStack passes on its text."""
    return properties | {name: int(properties[name]) for name in NUMBERS_OF_SERVICE if name in properties}


def _keep_grace_period(arn: str, properties: Properties) -> None:
    seconds = properties.get("HealthCheckGracePeriodSeconds")
    if seconds is not None:
        cluster = properties.get("Cluster", "default")
        ecs._update_service(
            {"cluster": cluster, "service": arn, "healthCheckGracePeriodSeconds": int(seconds)}
        )
