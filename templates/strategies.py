"""How a new version takes the place of the one before: the choices, and what they have in common."""

from __future__ import annotations

from troposphere import Equals, Not, Template

from templates.wiring import Value

STRATEGIES = {"rolling": "ROLLING", "blue-green": "BLUE_GREEN", "canary": "CANARY"}
"""The choices, and what ECS calls them."""

SHIFTS = "ShiftsTraffic"


def shifts_traffic(t: Template, strategy: Value) -> str:
    """Add the condition that two versions run side by side in two target groups, and return its name."""
    if SHIFTS not in t.conditions:
        t.add_condition(SHIFTS, Not(Equals(strategy, "rolling")))
    return SHIFTS
