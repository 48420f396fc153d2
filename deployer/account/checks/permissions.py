"""Whether who deploys may do what a deployment takes, as IAM itself evaluates the policies.

The simulation knows identity policies, boundaries and the organization's policies, not policies of resources:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
What AWS's registry of types lists for a resource is more than each choice of parameters needs. So what is
missing is a warning, but for what no deployment does without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from botocore.exceptions import ClientError

from deployer.account.checks.findings import Finding, ok, warning, wrong
from deployer.errors import error_code

NAME = "permissions"
INDISPENSABLE = {
    "cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet", "cloudformation:DescribeStacks",
    "cloudformation:ExecuteChangeSet", "iam:CreateRole", "iam:PassRole", "s3:CreateBucket", "s3:PutObject",
}  # fmt: skip
AT_ONCE = 100
"""Actions in one question: each answer has one result for each action and resource, at most 1,000."""
MOST_UNKNOWN = 10
"""Of actions that IAM does not know: where there are more, something else is wrong with the question."""
SHOWN = 12
EXAMPLE = "x"
"""Stands for the part of a name that AWS makes: the simulation takes resources, not patterns."""
REMEDY = "`make policy` writes all permissions that a deployer needs: have the newest ones attached."

Document = Mapping[str, Any]


def check(
    iam: Any, identity: str, account: str, region: str, documents: Sequence[Document]
) -> Iterator[Finding]:
    """Yield what is found of the permissions of `identity`, an ARN, against the policies of `documents`."""
    principal = _principal(iam, identity)
    if identity.endswith(":root"):
        yield warning(
            NAME,
            identity,
            "These are the keys of the account's root user, who may do everything.",
            "Make a user or role with the policies of `make policy`, and delete the root user's keys.",
        )
        return
    if not principal:
        yield warning(NAME, identity, "Not checked: only those of users and roles can be simulated.")
        return
    needed: set[str] = set()
    allowed: set[str] = set()
    unknown: set[str] = set()
    here = {"{account}": account, "{region}": region}
    for statement in (statement for document in documents for statement in document["Statement"]):
        needed |= set(statement["Action"])
        allowed |= _allowed(iam, principal, statement, here, unknown)
    if unknown:
        message = f"{len(unknown)} of {len(needed)} permissions of a deployer were not checked"
        yield warning(NAME, identity, f"{message}: IAM does not simulate {_named(unknown)}.")
    missing = needed - allowed - unknown
    if missing:
        message = f"{len(missing)} of {len(needed)} permissions of a deployer are missing: {_named(missing)}."
        grave = INDISPENSABLE & missing
        yield wrong(NAME, identity, message, REMEDY) if grave else warning(NAME, identity, message, REMEDY)
    elif checked := needed - unknown:
        other = " other" if unknown else ""
        yield ok(NAME, identity, f"All {len(checked)}{other} permissions of a deployer are there.")


def _named(actions: set[str]) -> str:
    """The first of them, those that no deployment does without before all others."""
    shown = sorted(actions, key=lambda name: (name not in INDISPENSABLE, name))[:SHOWN]
    more = f" and {len(actions) - SHOWN} more" if len(actions) > SHOWN else ""
    return f"{', '.join(shown)}{more}"


def _principal(iam: Any, identity: str) -> str:
    """The user's or role's ARN behind an identity; empty for another kind.

    A session of a role bears the role's name and not its path.
    """
    kind, _, rest = identity.split(":", 5)[5].partition("/")
    if kind == "user":
        return identity
    if kind != "assumed-role":
        return ""
    return iam.get_role(RoleName=rest.split("/")[0])["Role"]["Arn"]


def _allowed(
    iam: Any, principal: str, statement: Mapping[str, Any], here: Mapping[str, str], unknown: set[str]
) -> set[str]:
    """The actions of a statement that are allowed for one of its resources at least.

    Those that IAM does not simulate are added to the `unknown` ones.
    """
    request: dict[str, Any] = {"PolicySourceArn": principal}
    resources = [_concrete(resource, here) for resource in statement["Resource"]]
    if resources != ["*"]:
        request["ResourceArns"] = resources
    found = set(statement["Action"])
    for context in _contexts(statement.get("Condition", {}).get("StringEquals", {}), here):
        by_context: set[str] = set()
        for start in range(0, len(statement["Action"]), AT_ONCE):
            actions = list(statement["Action"][start : start + AT_ONCE])
            by_context |= _asked(iam, request | {"ActionNames": actions, "ContextEntries": context}, unknown)
        found &= by_context
    return found


def _contexts(condition: Mapping[str, Any], here: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """What a request may bring along: one context for each value, since it brings one value of a key."""
    choices = [
        [(key, _filled(value, here)) for value in _listed(values)] for key, values in condition.items()
    ]
    return [
        [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in chosen
        ]
        for chosen in product(*choices)
    ]


def _asked(iam: Any, request: Mapping[str, Any], unknown: set[str]) -> set[str]:
    pages = iam.get_paginator("simulate_principal_policy").paginate(**request)
    try:
        results = [result for page in pages for result in page["EvaluationResults"]]
    except ClientError as error:
        if error_code(error) != "InvalidInput":
            raise
        return _asked_in_halves(iam, request, unknown)
    # Where a key of the policy is missing from our context, the simulation cannot tell.
    return {
        result["EvalActionName"]
        for result in results
        if result["EvalDecision"] == "allowed" or result.get("MissingContextValues") or _for_some(result)
    }


def _asked_in_halves(iam: Any, request: Mapping[str, Any], unknown: set[str]) -> set[str]:
    """For one action that IAM does not know, yet or no more, it refuses the whole question."""
    actions = request["ActionNames"]
    if len(actions) == 1 or len(unknown) >= MOST_UNKNOWN:
        unknown.update(actions)
        return set()
    middle = len(actions) // 2
    halves = [actions[:middle], actions[middle:]]
    return {name for half in halves for name in _asked(iam, {**request, "ActionNames": half}, unknown)}


def _for_some(result: Mapping[str, Any]) -> bool:
    specific = result.get("ResourceSpecificResults", [])
    return any(each["EvalResourceDecision"] == "allowed" for each in specific)


def _concrete(resource: str, here: Mapping[str, str]) -> str:
    filled = _filled(resource, here)
    return filled if filled == "*" else filled.replace("*", EXAMPLE)


def _filled(text: str, here: Mapping[str, str]) -> str:
    for name, value in here.items():
        text = text.replace(name, value)
    return text


def _listed(values: Any) -> list[str]:
    return [values] if isinstance(values, str) else list(values)
