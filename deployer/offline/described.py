"""An existing resource in the words of a template: what CloudFormation is told of it when it imports one.

CloudFormation compares an update with what it was told last, never with the resource itself, and an import
changes nothing. So a resource is described as it is: in the new template's words where it is what that says,
so that the update has nothing to do there; in its own where it is not, so that the update does something.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from deployer.cloudformation.intrinsics import Json

FIXED = {"AWS::Cognito::UserPool": ("UsernameAttributes", "AliasAttributes", "UsernameConfiguration")}
"""By type, what nothing changes once it is made, though AWS's registry does not say so.
https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-aws-apis.html"""


def described(names: Collection[str], wanted: Json, actual: Json) -> Json:
    """The properties of an existing resource.

    Args:
        names: what the template can say of such a resource, whatever its parameters.
        wanted: what it does say, functions evaluated as far as possible.
        actual: what is; what a resource never tells is not in it, and the update sets it.
    """
    there = {name: actual[name] for name in names if name in actual and not _is_empty(actual[name])}
    return {name: _fitted(value, wanted.get(name)) for name, value in there.items()}


def substituted(value: Any, known: Mapping[tuple[str, str], str]) -> Any:
    """`value` with what is known of existing resources: by path and attribute, Ref's being empty."""
    if isinstance(value, list):
        return [substituted(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": str(path)}:
            return known.get((path, ""), value)
        case {"Fn::GetAtt": [str(path), str(attribute)]}:
            return known.get((path, attribute), value)
    return {key: substituted(item, known) for key, item in value.items()}


def _fitted(actual: Any, wanted: Any) -> Any:
    if _contains(actual, wanted):
        return wanted
    if isinstance(actual, list) and isinstance(wanted, list):
        return [next((each for each in wanted if _contains(item, each)), item) for item in actual]
    return actual


def _contains(actual: Any, wanted: Any) -> bool:
    """Whether what is wanted is there, besides what AWS has filled in; the order of lists tells nothing."""
    if isinstance(actual, dict) and isinstance(wanted, dict):
        return all(_contains(actual.get(key), value) for key, value in wanted.items())
    if isinstance(actual, list) and isinstance(wanted, list):
        left = list(actual)
        for item in wanted:
            fit = next((each for each in left if _contains(each, item)), None)
            if fit is None:
                return False
            left.remove(fit)
        return not left
    return actual is not None and wanted is not None and str(actual).lower() == str(wanted).lower()


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
