"""The template's parameters: read from the file and the command line, checked before anything is created."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployer import rules
from deployer.errors import UsageError

Value = str | int | float | bool | Sequence[str | int]

# The deployer knows these itself: the image's tag, what it uploaded and where, and what AWS told it.
OWN = ("ImageTag", "SourceKey", "ArtifactBucketName", "AvailabilityZones", "OriginFacingPrefixListId")

_FILE_KEYS = ("stack", "region", "parameters")


@dataclass(frozen=True, kw_only=True)
class FileSettings:
    """What the parameters file says; None where it does not."""

    stack: str | None = None
    region: str | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)


def read_file(path: Path) -> FileSettings:
    """Return what the parameters file at `path` says; raises UsageError when it is missing or malformed."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"The parameters file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"The parameters file {path} is not valid TOML: {error}.") from error
    for key in content:
        if key not in _FILE_KEYS:
            hint = _hint(key, _FILE_KEYS) or " The template's parameters belong under [parameters]."
            raise UsageError(f'{path.name} has an unknown key "{key}".{hint}')
    if not isinstance(content.get("parameters", {}), dict):
        raise UsageError(f"{path.name}: parameters must be a table, written [parameters].")
    for key in ("stack", "region"):
        if not isinstance(content.get(key, ""), str):
            raise UsageError(f"{path.name}: {key} must be a text in quotes.")
    return FileSettings(**content)


def parse_override(text: str) -> tuple[str, str]:
    """Split `Key=Value` as given on the command line; raises UsageError when there is no `=`."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f'"{text}" is not of the form Key=Value.')
    return name, value


def resolve(
    template: Mapping[str, Any], given: Mapping[str, Value], own: Mapping[str, str]
) -> dict[str, str]:
    """Return a value for each of the template's parameters.

    `given` comes from the user, `own` from the deployer; the others take the template's default, on an update
    too: what was deployed before plays no part. Raises UsageError with every mistake at once.
    """
    declared: Mapping[str, Mapping[str, Any]] = template.get("Parameters", {})
    mistakes = [_unknown(name, declared) for name in given if name not in declared or name in OWN]
    values: dict[str, str] = {}
    for name, declaration in declared.items():
        value = own.get(name, given.get(name, declaration.get("Default")))
        if value is None:
            mistakes.append(f"{name} needs a value: {declaration.get('Description', 'it has no default')}")
            continue
        values[name] = _text(value)
        mistakes.extend(_violations(name, values[name], declaration))
    # What belongs together is worth checking once each value by itself is right.
    if mistakes := mistakes or rules.violations(template.get("Rules", {}), values):
        raise UsageError("\n".join(mistakes))
    return values


def _unknown(name: str, declared: Iterable[str]) -> str:
    if name in OWN:
        return f"{name} is set by the deployment itself: leave it out."
    return f"There is no parameter {name}.{_hint(name, [known for known in declared if known not in OWN])}"


def _hint(name: str, known: Iterable[str]) -> str:
    # Compared in lower case: a wrong capital is the likeliest mistake.
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f" Did you mean {by_lower[close[0]]}?" if close else ""


def _text(value: Any) -> str:
    """A value as CloudFormation takes it: text, a list joined by commas."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(_text, value))
    return str(value)


def _violations(name: str, value: str, declaration: Mapping[str, Any]) -> list[str]:
    """The declaration's constraints that a value breaks, each as a sentence."""
    kind = declaration.get("Type", "String")
    items = [item.strip() for item in value.split(",")] if _is_list(kind) else [value]
    broken = [rule for item in items for rule in _item_violations(item, kind, declaration)]
    # One value may break several rules; the first says enough, and the template's own words say it best.
    return [f'{name} cannot be "{value}": {_constraint(declaration, broken[0])}.'] if broken else []


def _constraint(declaration: Mapping[str, Any], fallback: str) -> str:
    words = str(declaration.get("ConstraintDescription", "")).rstrip(".")
    return words or fallback


def _is_list(kind: str) -> bool:
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _item_violations(item: str, kind: str, declaration: Mapping[str, Any]) -> list[str]:
    broken = []
    allowed = [_text(choice) for choice in declaration.get("AllowedValues", [])]
    if allowed and item not in allowed:
        broken.append(f"it must be one of {', '.join(choice or '(empty)' for choice in allowed)}")
    if "Number" in kind:
        broken += _number_violations(item, declaration)
    elif not len(item) >= int(declaration.get("MinLength", 0)):
        broken.append(f"it must have at least {declaration['MinLength']} characters")
    elif "MaxLength" in declaration and len(item) > int(declaration["MaxLength"]):
        broken.append(f"it must have at most {declaration['MaxLength']} characters")
    pattern = declaration.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, item):
        broken.append(f"it must match {pattern}")
    return broken


def _number_violations(item: str, declaration: Mapping[str, Any]) -> list[str]:
    try:
        number = float(item)
    except ValueError:
        return ["it must be a number"]
    if "MinValue" in declaration and number < float(declaration["MinValue"]):
        return [f"it must be at least {declaration['MinValue']}"]
    if "MaxValue" in declaration and number > float(declaration["MaxValue"]):
        return [f"it must be at most {declaration['MaxValue']}"]
    return []
