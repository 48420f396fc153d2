"""Looks at all that a deployment needs, before anything is made, and says what to do where it lacks."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from rich.console import Console

from command_line import Parser
from deployer.account import region
from deployer.account.checks import (
    domain,
    machine,
    models,
    permissions,
    quotas,
    resolver,
    services,
    stacks,
    user_pool,
)
from deployer.account.checks.findings import Check, Finding, Level, guarded, ok, wrong
from deployer.cloudformation import stack
from deployer.command import Command
from deployer.commands.intended import Write, deployed_parameters, intend
from deployer.console import say
from deployer.errors import EXIT_USAGE, UsageError, explained
from deployer.offline import policy
from deployer.options import Options
from deployer.session import Aws, connect

AT_ONCE = 8
_COLORS = {Level.OK: "green", Level.WARNING: "yellow", Level.WRONG: "red"}

Values = Mapping[str, str]


def run(options: Options, console: Console, write: Write | None = None, *, as_json: bool = False) -> int:
    """Print what is found, one line each; return the exit code: 0, or 2 when something must be set right.

    Raises DeployError where nothing can be asked at all, or not any more.
    """
    with explained(EXIT_USAGE):
        values = intend(options, write).values
        aws = connect(options)
        current = stack.find(aws.cloudformation, options.stack)
        found = [
            ok("account", aws.account, f"Region {aws.region}, as {aws.identity}."),
            *examine(aws, options, values, deployed_parameters(current)),
        ]
    (_print_json if as_json else _print_lines)(aws, options, found, console)
    return EXIT_USAGE if any(finding.level is Level.WRONG for finding in found) else 0


def require_well(
    aws: Aws, options: Options, values: Values, deployed: Values | None, console: Console
) -> None:
    """Before a deployment: print what is not well; raises UsageError when some of it must be set right."""
    found = [each for each in examine(aws, options, values, deployed) if each.level is not Level.OK]
    for finding in found:
        _print_line(finding, console)
    if count := sum(finding.level is Level.WRONG for finding in found):
        what = "What is in red above" if count > 1 else "The line in red above"
        raise UsageError(
            f"{what} must be set right first, and nothing was made. `./deploy.sh doctor` looks again; "
            "--unchecked deploys all the same."
        )


def examine(aws: Aws, options: Options, values: Values, deployed: Values | None) -> list[Finding]:
    """Return what every check finds, in their order; they ask AWS side by side.

    Args:
        aws: where to ask.
        options: what to deploy.
        values: the template's parameters.
        deployed: those of the running stack; None without one.

    Raises ClientError when the credentials are not accepted any more.
    """
    every = list(_checks(aws, options, values, deployed))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [pool.submit(guarded, name, check) for name, check in every]
        return [finding for answer in answers for finding in answer.result()]


def _checks(
    aws: Aws, options: Options, values: Values, deployed: Values | None
) -> Iterator[tuple[str, Check]]:
    """The checks with their names. Clients are made here: boto3's sessions are not for several threads."""
    cloudformation, ask = aws.asking("cloudformation"), aws.asking
    stack_names = (options.stack, options.bootstrap_stack)
    documents = policy.policies(options.stack, values.get(user_pool.PARAMETER, ""))
    forms = ask("bedrock", models.FORM_REGION)
    yield services.NAME, partial(services.check, ask("ssm"), aws.regions_of)
    yield models.NAME, partial(models.check, ask("bedrock"), forms, values)
    yield quotas.NAME, partial(quotas.check, _quota_clients(ask), values, deployed)
    world = (resolver.name_servers, resolver.certification)
    yield domain.NAME, partial(domain.check, ask("route53"), values, deployed, *world)
    yield (
        permissions.NAME,
        partial(permissions.check, ask("iam"), aws.identity, aws.account, aws.region, documents),
    )
    yield "network", partial(_network, ask("ec2"), values, deployed)
    yield stacks.NAMES, partial(stacks.names, cloudformation, *stack_names)
    yield stacks.NAMES, partial(stacks.prefix, ask("cognito-idp"), values, deployed)
    if deployed is None:
        _ = (
            aws.tagging,
            aws.global_tagging,
            aws.kms,
            aws.dynamodb,
            aws.cognito,
        )  # made now, for the reason above
        yield stacks.NAMES, partial(stacks.left_behind, aws, *stack_names)
    yield user_pool.NAME, partial(user_pool.check, ask("cognito-idp"), aws.region, options.stack, values)
    yield stacks.OPERATION, partial(stacks.operation, cloudformation, stack_names, options.stack)
    yield stacks.OPERATION, partial(stacks.nested, cloudformation, options.stack)
    yield machine.NAME, partial(machine.check, options.out)


def _quota_clients(ask: Callable[..., object]) -> quotas.Clients:
    return quotas.Clients(
        quotas=ask("service-quotas"),
        global_quotas=ask("service-quotas", quotas.GLOBAL_REGION),
        cloudwatch=ask("cloudwatch"),
        ec2=ask("ec2"),
        cloudfront=ask("cloudfront"),
    )


def _network(ec2: object, values: Values, deployed: Values | None) -> Iterator[Finding]:
    try:
        told = region.explore(ec2, values, deployed)
    except UsageError as error:
        yield wrong("network", values.get("Egress", ""), str(error))
        return
    zones = told["AvailabilityZones"].replace(",", " and ")
    yield ok("network", values.get("Egress", ""), f"Zones: {zones or 'those of the subnets'}.")


def _print_lines(aws: Aws, options: Options, found: Sequence[Finding], console: Console) -> None:
    say(console, f"{options.stack} in account {aws.account}, region {aws.region}:")
    for finding in found:
        _print_line(finding, console)


def _print_line(finding: Finding, console: Console) -> None:
    remedy = f" {finding.remedy}" if finding.remedy else ""
    subject = f" {finding.subject}:" if finding.subject else ""
    say(
        console,
        f"{finding.level:<7}  {finding.check}:{subject} {finding.message}{remedy}",
        _COLORS[finding.level],
    )


def _print_json(aws: Aws, options: Options, found: Sequence[Finding], console: Console) -> None:
    """The form is a promise: docs/deployments.md describes it."""
    page = {
        "account": aws.account,
        "region": aws.region,
        "stack": options.stack,
        "ok": not any(finding.level is Level.WRONG for finding in found),
        "findings": [
            {
                "check": finding.check,
                "subject": finding.subject,
                "level": str(finding.level),
                "message": finding.message,
                "remedy": finding.remedy,
            }
            for finding in found
        ],
    }
    say(console, json.dumps(page, ensure_ascii=False, indent=2))


def _arguments(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines")


def _start(given: Namespace, options: Options, console: Console) -> int:
    return run(options, console, as_json=given.json)


COMMAND = Command(
    name="doctor",
    summary="Look whether all is there that a deployment needs",
    start=_start,
    arguments=_arguments,
    takes_parameters=True,
)
