"""A stack as CloudFormation would see it for given parameters, and what its rules refuse."""

from __future__ import annotations

from deployer.profiles import OWN
from deployer.rendition import decide, defaults
from deployer.rendition import rendition as rendered
from tests.templates.stacks import Json


def rendition(template: Json, **parameters: str) -> Json:
    """`template` with these parameters (defaults for the others), without what would not exist."""
    return rendered(template, parameters)


def refusals(template: Json, **parameters: str) -> list[str]:
    """The descriptions of the rules' assertions that these parameters break.

    The others are what deploy.sh fills in, or have their defaults.
    """
    values = defaults(template) | OWN | parameters
    return [
        assertion["AssertDescription"]
        for rule in template["Rules"].values()
        if "RuleCondition" not in rule or decide(template, rule["RuleCondition"], values)
        for assertion in rule["Assertions"]
        if not decide(template, assertion["Assert"], values)
    ]
