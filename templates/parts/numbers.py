"""Whole numbers as parameters: a pattern that matches those of a range and nothing else.

CloudFormation's own type Number takes fractions, exponents and more, which a rule that compares text does not
see and the resource refuses half-way.
"""

from __future__ import annotations

from typing import Any

from templates.wiring import parameter


def whole_number(description: str, low: int, high: int, default: int, **form: str) -> Any:
    """Field of an Inputs class: a number from `low` to `high`, written with digits alone."""
    return parameter(
        "String",
        description,
        AllowedPattern=f"^({'|'.join(_patterns(low, high))})$",
        ConstraintDescription=f"A whole number from {low} to {high}.",
        Default=str(default),
        **form,
    )


def chosen_number(description: str, choices: list[int], default: int, **form: str) -> Any:
    """Field of an Inputs class: one of these numbers."""
    return parameter(
        "String", description, AllowedValues=[str(each) for each in choices], Default=str(default), **form
    )


def _patterns(low: int, high: int) -> list[str]:
    """Patterns that together match exactly the numbers from `low` to `high`: each of one length of digits."""
    found = []
    while low <= high:
        # As many trailing digits as can be anything without leaving the range.
        free = 0
        while low % 10 ** (free + 1) == 0 and low + 10 ** (free + 1) - 1 <= high and len(str(low)) > free + 1:
            free += 1
        step = 10**free
        head, last = divmod(low // step, 10)
        # The digit before them goes as far as it can.
        most = min(9, last + (high - low + 1) // step - 1)
        digit = str(last) if most == last else f"[{last}-{most}]"
        rest = "" if not free else "[0-9]" if free == 1 else f"[0-9]{{{free}}}"
        found.append(f"{head or ''}{digit}{rest}")
        low += (most - last + 1) * step
    return found
