"""A stack as CloudFormation would see it for given parameters, and what its rules refuse."""

from __future__ import annotations

from deployer.cloudformation.intrinsics import defaults, evaluated, violations
from deployer.offline.profiles import OWN
from tests.templates.stacks import Json


def rendition(template: Json, **parameters: str) -> Json:
    """`template` with these parameters (defaults for the others), without what would not exist."""
    return evaluated(template, parameters)


def refusals(template: Json, **parameters: str) -> list[str]:
    """The descriptions of the rules' assertions that these parameters break.

    The others are what deploy.sh fills in, or have their defaults.
    """
    return list(violations(template, defaults(template) | OWN | parameters))
