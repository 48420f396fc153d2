"""The deployment that a day-by-day command is about: it has to be there, and to have what is asked for."""

from __future__ import annotations

from deployer.cloudformation import stack
from deployer.errors import UsageError
from deployer.options import Options
from deployer.session import Aws

EXISTING_POOL = "ExistingUserPoolId"


def existing_pool(aws: Aws, options: Options) -> str:
    """The pool that was there before the deployment, which works with it; empty where it has its own."""
    found = stack.find(aws.cloudformation, options.stack) or {}
    values = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
    return values.get(EXISTING_POOL, "")


def present(aws: Aws, options: Options) -> stack.Description:
    """Return the root stack, whatever its state; raises UsageError where there is none."""
    found = stack.find(aws.cloudformation, options.stack)
    if found is None:
        raise UsageError(
            f"There is no stack {options.stack} in account {aws.account}, region {aws.region}: deploy it "
            "first (`make deploy`), or name another with --stack and --region."
        )
    return found


def outputs(aws: Aws, options: Options, *names: str) -> list[str]:
    """Return these outputs of the root stack; raises UsageError where there is no such deployment."""
    found = present(aws, options)
    given = stack.outputs(found)
    if missing := [name for name in names if not given.get(name)]:
        raise UsageError(
            f"The stack {options.stack} is in {found['StackStatus']} and does not say its {missing[0]}: "
            "`make status` shows it, `make deploy` brings it up to date."
        )
    return [given[name] for name in names]
