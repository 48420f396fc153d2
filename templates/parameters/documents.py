"""What people read of the parameters: the commented `parameters.toml`, and the page docs/parameters.md."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from templates.parameters import FILLED_IN, Parameters
from templates.wiring import Shown, groups

WIDTH = 110
INTRODUCTION = """\
# What `make deploy` puts into your AWS account. A line with a parameter shows its default, or an example
# where that is empty: remove the # to set it. Key=Value on the command line goes over this file, once:
# ./deploy.sh deploy TaskCount=3
#
# This file and the command line are the whole truth, on an update too: what is not written here has its
# default again, whatever was deployed before. docs/parameters.md has the same as a table.

# The name of the stack, of 32 characters at most. Another name is another, independent deployment.
{stack}

# The AWS region. Without it: AWS_REGION, or the region of your AWS profile.
{region}

[parameters]
"""
TABLE = """\
# Parameters

What `parameters.toml`, the command line (`make deploy ARGS="TaskCount=3"`) and the form of the CloudFormation
console take. Prices are those of us-east-1, rounded; `make cost` calculates a choice. This page is made of
`templates/parameters/` by `make golden`.
"""


def as_toml(settings: Mapping[str, Any]) -> str:
    """The parameters file, every parameter commented out but for those that `settings`, such a file, sets."""
    stack = _line("stack", settings.get("stack", "asistente"), is_set=True)
    region = _line("region", settings.get("region", "eu-west-1"), is_set="region" in settings)
    chosen = settings.get("parameters", {})
    parts = [INTRODUCTION.format(stack=stack, region=region)]
    for title, members in _chosen_by_people().items():
        parts.append(f"# --- {title} ".ljust(WIDTH - 1, "-") + "\n")
        parts += [_commented(each, chosen) for each in members]
    return "\n".join(parts)


def as_table() -> str:
    """The page of documentation."""
    parts = [TABLE]
    for title, members in _chosen_by_people().items():
        rows = [f"| `{each.name}` | {_default(each)} | {_meaning(each)} |" for each in members]
        parts.append("\n".join([f"## {title}", "", "| parameter | default | |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def _chosen_by_people() -> dict[str, Sequence[Shown]]:
    """The groups without what the deployer fills in."""
    return {title: members for title, members in groups(Parameters).items() if title != FILLED_IN}


def _commented(each: Shown, chosen: Mapping[str, Any]) -> str:
    text = f"{each.form.label}. {each.declaration['Description']}"
    if each.form.see:
        text += f" See {each.form.see}."
    comment = textwrap.fill(
        text,
        WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    value = chosen.get(each.name, _toml_value(each))
    return f"{comment}\n{_line(each.name, value, is_set=each.name in chosen)}\n"


def _toml_value(each: Shown) -> str | int:
    default = each.declaration["Default"]
    return int(default) if default.isdigit() else default or each.form.example


def _line(name: str, value: Any, *, is_set: bool) -> str:
    # What JSON writes of texts, whole numbers, lists and yes or no, TOML reads.
    return f"{'' if is_set else '# '}{name} = {json.dumps(value, ensure_ascii=False)}"


def _default(each: Shown) -> str:
    default = each.declaration["Default"]
    if default:
        return f"`{default}`"
    return f"empty; such as `{each.form.example}`" if each.form.example else "empty"


def _meaning(each: Shown) -> str:
    declared = each.declaration
    said = declared["Description"]
    if "AllowedValues" in declared:
        values = ", ".join(f"`{value}`" for value in declared["AllowedValues"])
        said += f" One of {values}."
    elif "ConstraintDescription" in declared:
        said += f" {declared['ConstraintDescription']}"
    if each.form.see:
        said += f" See [{each.form.see}]({each.form.see.removeprefix('docs/')})."
    return said.replace("|", "\\|")
