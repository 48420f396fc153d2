"""Takes the product out of an account again, after asking."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from deployer import stack, teardown
from deployer.errors import EXIT_FAILED, EXIT_USAGE, DeployError, UsageError, explained
from deployer.inventory import inventory
from deployer.options import Options
from deployer.progress import say
from deployer.session import Aws, connect

LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
PROTECTION = "deletion_protection.enabled"

# Puts a question to the user and returns the answer.
Ask = Callable[[str], str]


def run(options: Options, console: Console, ask: Ask | None) -> None:
    """Delete the stack and its bootstrap stack with all that they do not retain; without `ask`, at once.

    Raises DeployError when the user does not confirm or when something is left that should not be.
    """
    with explained(EXIT_USAGE):
        aws = connect(options)
        present = [
            found
            for name in (options.stack, options.bootstrap_stack)
            if (found := stack.find_idle(aws.cloudformation, name, options.stack))
        ]
        if not present:
            say(console, f"There is no stack {options.stack} in region {aws.region}: nothing to destroy.")
            return
        for found in present:
            _require_unprotected(found)
            _require_unprotected_load_balancers(aws, found)
        if ask is not None:
            _confirm(options.stack, aws, present, ask)
    with explained(EXIT_FAILED):
        for found in present:
            teardown.remove(aws, found, console)
        say(console, f"{options.stack} is gone from account {aws.account}, region {aws.region}.", "green")


def _require_unprotected(found: stack.Description) -> None:
    """Found out before anything is emptied."""
    if found.get("EnableTerminationProtection"):
        name = found["StackName"]
        raise UsageError(
            f"{name} is protected from deletion. To end that: `aws cloudformation "
            f"update-termination-protection --no-enable-termination-protection --stack-name {name}`."
        )


def _require_unprotected_load_balancers(aws: Aws, found: stack.Description) -> None:
    for resource in inventory(aws.cloudformation, found["StackId"]):
        if resource.kind == LOAD_BALANCER and _is_protected(aws, resource.physical_id):
            raise UsageError(
                f"{resource.path} is protected from deletion: deploy once more with ProtectFrontDoor=no. "
                "If that cannot be deployed: `aws elbv2 modify-load-balancer-attributes --attributes "
                f"Key={PROTECTION},Value=false --load-balancer-arn {resource.physical_id}`."
            )


def _is_protected(aws: Aws, load_balancer: str) -> bool:
    try:
        answer = aws.elb.describe_load_balancer_attributes(LoadBalancerArn=load_balancer)
    except aws.elb.exceptions.LoadBalancerNotFoundException:
        return False
    return {"Key": PROTECTION, "Value": "true"} in answer["Attributes"]


def _confirm(name: str, aws: Aws, present: Sequence[stack.Description], ask: Ask) -> None:
    names = " and ".join(found["StackName"] for found in present)
    try:
        answer = ask(
            f"This deletes {names} from account {aws.account}, region {aws.region}.\nType {name} to go on: "
        )
    except EOFError:
        raise UsageError("Nobody is there to confirm: give --yes to destroy without a question.") from None
    if answer.strip() != name:
        raise DeployError("Nothing was deleted: that is not the stack's name.")
