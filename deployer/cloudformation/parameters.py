"""The template's parameters: read from the file and the command line, checked before anything is created."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from command_line import printable, shown
from deployer.cloudformation import intrinsics, meaning
from deployer.errors import UsageError

Value = str | int | float | bool | Sequence[str | int]

# The deployer knows these itself: the image's tag, what it uploaded and where, and what AWS told it.
OWN = ("ImageTag", "SourceKey", "ArtifactBucketName", "AvailabilityZones", "OriginFacingPrefixListId")

MOST_BYTES = 1_000_000
"""Of a parameters file: what has more is another file."""
MOST_BYTES_OF_A_VALUE = 4096
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
LARGEST = 10**30
WHOLE = re.compile(r"0|-?[1-9][0-9]{0,29}")

_FILE_KEYS = ("stack", "region", "parameters")


@dataclass(frozen=True, kw_only=True)
class FileSettings:
    """What the parameters file says; None where it does not."""

    stack: str | None = None
    region: str | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)


def read_file(path: Path) -> FileSettings:
    """Return what the parameters file at `path` says; raises UsageError when it is missing or malformed."""
    name = printable(path.name)
    try:
        content = tomllib.loads(_text_of(path))
    except OSError as error:
        raise UsageError(
            f"The parameters file {printable(str(path))} cannot be read: {error.strerror}."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"The parameters file {name} is not UTF-8 text: save it as that.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The parameters file {name} is not valid TOML: {error}.") from error
    for key in content:
        if key not in _FILE_KEYS:
            hint = _hint(key, _FILE_KEYS) or " The template's parameters belong under [parameters]."
            raise UsageError(f'{name} has an unknown key "{shown(key)}".{hint}')
    if not isinstance(content.get("parameters", {}), dict):
        raise UsageError(f"{name}: parameters must be a table, written [parameters].")
    for key in ("stack", "region"):
        value = content.get(key)
        if value is not None and not isinstance(value, str):
            raise UsageError(f"{name}: {key} must be a text in quotes.")
        if value is not None and not value.strip():
            raise UsageError(f"{name}: {key} is empty: give one, or leave the line out.")
    for key, value in content.get("parameters", {}).items():
        if not _is_value(value):
            raise UsageError(f"{name}: {shown(key)} must be a text in quotes or a number.")
    return FileSettings(**content)


def _text_of(path: Path) -> str:
    """A file's text; a byte order mark, which some editors put before it, is no part of it."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES} bytes")
    return content.decode("utf-8-sig")


def _is_value(value: Any) -> bool:
    """Whether it is a Value; TOML also has tables, dates and times."""
    if isinstance(value, list):
        return all(isinstance(item, str | int) for item in value)
    return isinstance(value, str | int | float)


def parse_override(text: str) -> tuple[str, str]:
    """Split `Key=Value` as given on the command line; raises UsageError where one of the two is missing.

    A shell variable that is not set leaves no value. What shall be empty is written into the file: an empty
    list of allowed addresses lets everybody in.
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f'"{shown(text)}" is not of the form Key=Value.')
    if not value.strip():
        raise UsageError(
            f'{shown(name)} is empty: give a value, leave it out, or write {shown(name)} = "" into the '
            "parameters file."
        )
    return name, value


def parse_overrides(texts: Iterable[str]) -> dict[str, str]:
    """The same for each of several; raises UsageError also where one parameter is given twice."""
    found: dict[str, str] = {}
    for name, value in map(parse_override, texts):
        if name in found:
            both = f"as {shown(found[name])} and as {shown(value)}"
            raise UsageError(f"{shown(name)} is given twice, {both}: leave one of the two out.")
        found[name] = value
    return found


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
    if mistakes := mistakes or list(intrinsics.violations(template, values)):
        raise UsageError("\n".join(mistakes))
    return values


def keeps_data(given: Mapping[str, Value]) -> str:
    """For which KeepData, yes or no, the templates are to be written; what is neither, `resolve` refuses."""
    return "no" if given.get("KeepData") == "no" else "yes"


def _unknown(name: str, declared: Iterable[str]) -> str:
    if name in OWN:
        return f"{name} is set by the deployment itself: leave it out."
    hint = _hint(name, [known for known in declared if known not in OWN])
    return f"There is no parameter {shown(name)}.{hint}"


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
    if isinstance(value, int) and abs(value) >= LARGEST:
        return "a number of more than 30 digits"  # Python writes none of thousands, and nobody means one
    return str(value)


def _violations(name: str, value: str, declaration: Mapping[str, Any]) -> list[str]:
    """What is wrong with a value by its declaration's constraints and by its meaning, as a sentence."""
    kind = declaration.get("Type", "String")
    items = [item.strip() for item in value.split(",")] if _is_list(kind) else [value]
    # One value may break several rules; the first says enough, and the template's own words say it best.
    if broken := [rule for item in items for rule in _item_violations(item, declaration)]:
        return [f'{name} cannot be "{shown(value)}": {_constraint(declaration, broken[0])}.']
    if value != value.encode("utf-8", "replace").decode():
        return [f'{name} cannot be "{shown(value)}": half a character stands in it.']
    if len(value.encode()) > MOST_BYTES_OF_A_VALUE:
        return [f"{name} cannot be that long: CloudFormation takes {MOST_BYTES_OF_A_VALUE} bytes at most."]
    if value and (why := meaning.doubt(name, value)):
        return [f'{name} cannot be "{shown(value)}": {why}.']
    return []


def _constraint(declaration: Mapping[str, Any], fallback: str) -> str:
    words = str(declaration.get("ConstraintDescription", "")).rstrip(".")
    return words or fallback


def _is_list(kind: str) -> bool:
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _item_violations(item: str, declaration: Mapping[str, Any]) -> list[str]:
    broken = []
    allowed = [_text(choice) for choice in declaration.get("AllowedValues", [])]
    if allowed and item not in allowed:
        broken.append(f"it must be one of {', '.join(choice or '(empty)' for choice in allowed)}")
    if "Number" in declaration.get("Type", ""):
        broken += _number_violations(item, declaration)
    elif not len(item) >= int(declaration.get("MinLength", 0)):
        broken.append(f"it must have at least {declaration['MinLength']} characters")
    elif "MaxLength" in declaration and len(item) > int(declaration["MaxLength"]):
        broken.append(f"it must have at most {declaration['MaxLength']} characters")
    pattern = declaration.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, item, re.ASCII):
        broken.append(f"it must match {pattern}")
    return broken


def _number_violations(item: str, declaration: Mapping[str, Any]) -> list[str]:
    # CloudFormation takes fractions too, and what the number is for then does not.
    if not WHOLE.fullmatch(item):
        return ["it must be a whole number"]
    if "MinValue" in declaration and int(item) < int(declaration["MinValue"]):
        return [f"it must be at least {declaration['MinValue']}"]
    if "MaxValue" in declaration and int(item) > int(declaration["MaxValue"]):
        return [f"it must be at most {declaration['MaxValue']}"]
    return []
