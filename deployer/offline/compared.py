"""What an update will do, computed from the templates themselves, old against new.

Expressions that only AWS can evaluate are compared as they are written: the same expression has the same
value, unless it takes something of a resource that is replaced. Which properties replace a resource is in
AWS's registry of types (createOnlyProperties). Changes by hand, and those of a stack's tags, are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deployer.cloudformation import schemas
from deployer.cloudformation.foreseen import RETAINING, Action, Change
from deployer.cloudformation.intrinsics import Json, Undecidable
from deployer.offline.flattened import flattened

SEPARATOR = "/"
ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy", "Metadata")
REPLACED = {Action.REPLACE, Action.PERHAPS_REPLACE}
VARIABLE = re.compile(r"\$\{([^!}.][^}.]*)[^}]*\}")

Stacks = Mapping[str, Json]


class Unforeseeable(Exception):
    """These templates cannot be evaluated here; the message says what about them."""


def whole(stacks: Stacks, values: Mapping[str, str]) -> Json:
    """The root and its children as one template whose names are paths; raises Unforeseeable."""
    try:
        return flattened(stacks, values, SEPARATOR)
    except Undecidable as error:
        raise Unforeseeable(f"only CloudFormation can decide {error}") from error
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Unforeseeable(f"a template does not have the form of ours ({error!r})") from error


def changes(old: Json, new: Json) -> list[Change]:
    """Return what happens to each resource that does not stay as it is, of two templates by `whole`."""
    before, after = old["Resources"], new["Resources"]
    common = {path: (before[path], after[path]) for path in after if path in before}
    found: dict[str, Change] = {}
    # Until nothing is added: what is replaced changes those that refer to it, which may replace them too.
    while True:
        replaced = {path for path, change in found.items() if change.action in REPLACED}
        again = {
            path: change
            for path, (left, right) in common.items()
            if (change := _compared(path, left, right, replaced))
        }
        if again == found:
            break
        found = again
    added = [
        Change(path=path, kind=resource["Type"], action=Action.ADD)
        for path, resource in after.items()
        if path not in before
    ]
    removed = [
        Change(
            path=path, kind=resource["Type"], action=Action.REMOVE, keeps=_keeps(resource, "DeletionPolicy")
        )
        for path, resource in before.items()
        if path not in after
    ]
    return [*added, *found.values(), *removed]


def _compared(path: str, old: Json, new: Json, replaced: set[str]) -> Change | None:
    """How one resource changes, given what else is replaced; None when it stays as it is."""
    left, right = old.get("Properties", {}), new.get("Properties", {})
    own = {name for name in left.keys() | right.keys() if _differ(left.get(name), right.get(name))}
    # Not certain: a replaced resource may have the same name or address again.
    passed_on = {name for name, value in right.items() if set(_references(value, path)) & replaced}
    attributes = {name for name in ATTRIBUTES if _differ(old.get(name), new.get(name))}
    if not (own or passed_on or attributes or old["Type"] != new["Type"]):
        return None
    action = Action.REPLACE if old["Type"] != new["Type"] else _action(path, old, new, replaced)
    keeps = _keeps(old, "UpdateReplacePolicy") and _keeps(new, "UpdateReplacePolicy")
    return Change(
        path=path,
        kind=new["Type"],
        action=action,
        because=tuple(sorted(own | passed_on | attributes)),
        keeps=keeps if action in REPLACED else None,
        is_certain=bool(own or attributes),
    )


def _action(path: str, old: Json, new: Json, replaced: set[str]) -> Action:
    surely, perhaps = schemas.create_only(new["Type"])
    found = Action.MODIFY
    for properties, is_sure in ((surely, True), (perhaps, False)):
        for where in properties:
            left, right = _at(old.get("Properties", {}), where), _at(new.get("Properties", {}), where)
            differs = _differ(left, right)
            if differs and is_sure and not (_has_function(left) or _has_function(right)):
                return Action.REPLACE
            if differs or set(_references(right, path)) & replaced:
                found = Action.PERHAPS_REPLACE
    return found


def _at(properties: Any, where: schemas.Path) -> Any:
    """The value at a path; a path through a list (`*`) has the list."""
    for name in where:
        if name == "*" or isinstance(properties, list):
            return properties
        properties = properties.get(name) if isinstance(properties, dict) else None
    return properties


def _differ(left: Any, right: Any) -> bool:
    return _plain(left) != _plain(right)


def _plain(value: Any) -> Any:
    """A value as CloudFormation compares it: numbers and booleans are text to it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value) if value is not None else None


def _has_function(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_function, value))
    if not isinstance(value, dict):
        return False
    return any(key == "Ref" or key.startswith("Fn::") or _has_function(item) for key, item in value.items())


def _references(value: Any, path: str) -> Iterator[str]:
    """The paths of the resources that an expression in the resource at `path` takes something of."""
    if isinstance(value, list):
        for item in value:
            yield from _references(item, path)
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        match key, item:
            case "Ref", str(name):
                yield name
            case "Fn::GetAtt", [str(name), *_]:
                yield name
            case "Fn::Sub", text:
                yield from _in_text(text if isinstance(text, str) else text[0], path)
                yield from _references([] if isinstance(text, str) else text[1:], path)
            case _:
                yield from _references(item, path)


def _in_text(text: str, path: str) -> Iterator[str]:
    """A text's variables name what is in the same stack."""
    stack = path.rpartition(SEPARATOR)[0]
    for name in VARIABLE.findall(text):
        yield f"{stack}{SEPARATOR}{name}" if stack else name


def _keeps(resource: Json, attribute: str) -> bool:
    return resource.get(attribute) in RETAINING
