"""Makes the roles with which a GitHub repository's workflows plan and deploy, or takes them away.

Once, by somebody who may make roles: what deploys afterwards can neither change nor delete them.
"""

from __future__ import annotations

import json
from argparse import Namespace

from rich.console import Console

from command_line import Parser, text
from deployer.account import github_provider
from deployer.account.deployment import EXISTING_POOL
from deployer.cloudformation import package, parameters, stack
from deployer.command import Command
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, DeployError, UsageError, explained
from deployer.offline import github
from deployer.offline.profiles import checked
from deployer.options import Options
from deployer.session import Aws, connect

PREFIX = "github-"
"""Before the deployment's name: what a deployer may change begins with that name."""
BRANCH = "main"


def stack_name(deployment: str) -> str:
    """The name of the stack with the roles; raises UsageError where the deployer's rights would reach it."""
    name = PREFIX + deployment
    if name.lower().startswith(f"{deployment.lower()}-"):
        raise UsageError(
            f"A deployment named {deployment} could change its own roles, whose stack would be {name}: give "
            "the deployment another name."
        )
    return name


def run(options: Options, console: Console, repository: str, branch: str = BRANCH) -> dict[str, str]:
    """Make the roles, or bring them up to date, for that repository and branch; return the stack's outputs.

    Raises DeployError: exit code 2 with nothing changed, 1 when the operation failed.
    """
    from templates.stacks.github import AUDIENCE, ISSUER

    with explained(EXIT_USAGE):
        name = stack_name(options.stack)
        # The pool's id goes into what the role may do.
        template = github.template(options.stack, checked(options.parameters)[EXISTING_POOL])
        chosen = {"Repository": repository, "Branch": branch}
        unknown = f"arn:aws:iam::{'0' * 12}:oidc-provider/{ISSUER}"
        parameters.resolve(template, chosen, {"ProviderArn": unknown})
        aws = connect(options)
        stack.finish(aws.cloudformation, name, console)
        current = _present(aws, name, options.stack)
        say(console, f"{name}: roles for {repository} in account {aws.account}, region {aws.region}.")
        provider = github_provider.ensure(aws.iam, aws.account, ISSUER, AUDIENCE, console)
    wanted = stack.Wanted(
        name=name,
        template=template,
        body=json.dumps(template, separators=(",", ":")),
        parameters=parameters.resolve(template, chosen, {"ProviderArn": provider}),
        capabilities=package.capabilities([template]),
        tags={},  # the deployment's own would have `destroy` miss them among what is gone
    )
    with explained(EXIT_FAILED):
        if current and current["StackStatus"] in stack.LEFTOVER:
            stack.delete(aws.cloudformation, current, console)
            current = None
        outputs = stack.apply(aws.cloudformation, current, wanted, console)
    _say_what_to_set(outputs, aws.region, repository, console)
    return outputs


def remove(options: Options, console: Console) -> None:
    """Delete the stack with the roles. The provider stays: others may trust it, and it costs nothing."""
    with explained(EXIT_USAGE):
        name = stack_name(options.stack)
        aws = connect(options)
        stack.finish(aws.cloudformation, name, console)
        current = stack.find(aws.cloudformation, name)
    if current is None:
        say(console, f"There is no stack {name} in region {aws.region}: nothing to delete.")
        return
    with explained(EXIT_FAILED):
        outcome = stack.delete(aws.cloudformation, current, console)
        if outcome.status != "DELETE_COMPLETE":
            raise DeployError(f"{name} is not gone: {stack.failure(outcome)}")
    say(console, f"{name} is gone; the account's provider for GitHub's tokens stays.", "green")


def _present(aws: Aws, name: str, root: str) -> stack.Description | None:
    found = stack.find_idle(aws.cloudformation, name, name)
    if found and found["StackStatus"] not in stack.WELL | stack.LEFTOVER:
        raise UsageError(
            f"The stack {name} is in {found['StackStatus']}, from which it cannot be updated: "
            f"`./deploy.sh github --remove --stack {root}` deletes it, and the next try makes it anew."
        )
    return found


def _say_what_to_set(outputs: dict[str, str], region: str, repository: str, console: Console) -> None:
    names = "/".join(part.partition("@")[0] for part in repository.split("/"))
    variables = {
        "AWS_ROLE_ARN": outputs["DeployRoleArn"],
        "AWS_PLAN_ROLE_ARN": outputs["PlanRoleArn"],
        "AWS_REGION": region,
    }
    say(console, f"The variables of {names}, none of them secret, which make its workflow work:")
    for variable, value in variables.items():
        say(console, f"gh variable set {variable} --repo {names} --body {value}")


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "--repository", type=text, metavar="OWNER/NAME", help="or OWNER@ID/NAME@ID, as its tokens say"
    )
    parser.add_argument("--branch", type=text, help=f"that deploys (default: {BRANCH})")
    parser.add_argument("--remove", action="store_true", help="delete the roles")
    parser.never_with("--remove", "--repository", "--branch")


def _start(given: Namespace, options: Options, console: Console) -> None:
    if given.remove:
        remove(options, console)
        return
    if given.repository is None:
        raise UsageError("Which repository? `--repository owner/name`, or REPOSITORY=owner/name for make.")
    run(options, console, given.repository, given.branch or BRANCH)


COMMAND = Command(
    name="github",
    summary="Make the roles with which a GitHub repository's workflow plans and deploys",
    start=_start,
    arguments=_arguments,
)
