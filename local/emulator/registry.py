"""MiniStack's table of CloudFormation handlers: adding a resource type, repairing one it has."""

import uuid
from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
# What Fn::GetAtt reads.
Attributes = dict[str, Any]
# (logical id, properties, stack name) -> (physical id, attributes)
Create = Callable[[str, Properties, str], tuple[str, Attributes]]
# (physical id, old properties, new properties, stack name) -> (physical id, attributes)
Update = Callable[[str, Properties, Properties, str], tuple[str, Attributes]]
# (physical id, properties)
Delete = Callable[[str, Properties], None]

HANDLERS: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS


def add(resource_type: str, create: Create, delete: Delete, update: Update | None = None) -> None:
    """Teach CloudFormation a resource type; without `update`, a changed resource is created anew."""
    HANDLERS[resource_type] = {"create": create, "delete": delete} | ({"update": update} if update else {})


def finish(resource_type: str, complete: Callable[[str, Properties], Attributes | None]) -> None:
    """Run `complete(physical id, properties)` after each create and update of a type that MiniStack has.

    What it returns is added to the resource's attributes.
    """
    handler = HANDLERS[resource_type]

    def finishing(original: Callable[..., tuple[str, Attributes]], position: int) -> Any:
        def handle(*arguments: Any) -> tuple[str, Attributes]:
            physical_id, attributes = original(*arguments)
            more = complete(physical_id, arguments[position]) or {}
            return physical_id, {**attributes, **more}

        return handle

    # create(logical id, properties, stack name); update(physical id, old, new, stack name[, logical id])
    for operation, position in (("create", 1), ("update", 2)):
        if operation in handler:
            handler[operation] = finishing(handler[operation], position)


def prepare(resource_type: str, adjust: Callable[[Properties], Properties]) -> None:
    """Pass `adjust(properties)` to the create and update handlers of a type that MiniStack has."""
    handler = HANDLERS[resource_type]
    create, update = handler["create"], handler["update"]
    handler["create"] = lambda logical_id, new, *rest: create(logical_id, adjust(new), *rest)
    handler["update"] = lambda physical_id, old, new, *rest: update(
        physical_id, adjust(old), adjust(new), *rest
    )


def guard_delete(resource_type: str, check: Callable[[str], None]) -> None:
    """Call `check(physical id)` before each delete of a type; what it raises fails the delete."""
    delete: Delete = HANDLERS[resource_type]["delete"]

    def guarded(physical_id: str, properties: Properties) -> None:
        check(physical_id)
        delete(physical_id, properties)

    HANDLERS[resource_type]["delete"] = guarded


def succeeded(response: tuple[int, Any, Any]) -> tuple[int, Any, Any]:
    """The response of one of MiniStack's API handlers.

    Raises:
        ValueError: it is an error; the message becomes the reason in the stack's events.
    """
    if response[0] >= 400:
        body = response[2]
        raise ValueError(body.decode() if isinstance(body, bytes) else str(body))
    return response


def new_id(prefix: str) -> str:
    """A physical id in EC2's form: `sgr-0123456789abcdef0`."""
    return f"{prefix}-{uuid.uuid4().hex[:17]}"


def true(value: object) -> bool:
    """A template's boolean, which may arrive as the string "true"."""
    return str(value).lower() == "true"


def camel_case(value: Any, *, keep: frozenset[str] = frozenset()) -> Any:
    """A template's value in its API's spelling: `HealthCheck` becomes `healthCheck`, at every depth.

    Args:
        keep: keys whose values are the user's own maps (log options, labels) and stay as they are.
    """
    if isinstance(value, dict):
        return {
            key[:1].lower() + key[1:]: item if key in keep else camel_case(item, keep=keep)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [camel_case(item, keep=keep) for item in value]
    return value
