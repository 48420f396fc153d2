"""What a user can choose: the root's parameters, each declared in one place.

Names, units and limits are the product's public interface. A declaration holds all that is said of a
parameter: the form in the console, `parameters.toml` and docs/parameters.md are made of it. Prices are those
of us-east-1 in the first half of 2026, rounded; `make cost` calculates a choice.
"""

from __future__ import annotations

from typing import Any

from templates.parameters.address import Address, Firewall
from templates.parameters.capacity import Capacity, Sleep
from templates.parameters.conversations import Conversations
from templates.parameters.deployer import FilledIn
from templates.parameters.library import Library
from templates.parameters.network import Network
from templates.parameters.people import Models, People
from templates.parameters.single_sign_on import SingleSignOn
from templates.parameters.upkeep import Alarms, Data
from templates.wiring import same, seam


@seam
class Parameters(
    Address,
    Firewall,
    Models,
    Conversations,
    Library,
    People,
    SingleSignOn,
    Capacity,
    Sleep,
    Network,
    Data,
    Alarms,
    FilledIn,
):
    """All of them. Each base is a group of the form, named by its docstring, in this order."""


FILLED_IN = str(FilledIn.__doc__)
"""The group of what no person chooses."""


def handed_on(cfn_type: str = "String") -> Any:
    """Field of a child's Inputs: the parameter of the same name, described as the root describes it."""
    return same(Parameters, cfn_type)
