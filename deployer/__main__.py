"""The command line: `python -m deployer COMMAND`, as `deploy.sh` calls it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence

from rich.console import Console

from command_line import Parser, path, sentences, text
from deployer.cloudformation.parameters import parse_override
from deployer.commands import deploy, destroy, doctor, plan, status
from deployer.commands.consent import FLAG, Consent
from deployer.commands.intended import write_templates
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_INTERRUPTED, DeployError, UsageError, explain_os
from deployer.options import PARAMETERS_FILE, Options, load

COMMANDS = ("deploy", "destroy", "doctor", "plan", "status", "template")
TAKE_PARAMETERS = ("deploy", "doctor", "plan")


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit code: 0 done, 1 failed, 2 to be set right first, 130 interrupted."""
    # Intermixed: options may stand before, between and after Key=Value.
    given = _parser().parse_intermixed_args(arguments)
    try:
        if given.overrides and given.command not in TAKE_PARAMETERS:
            raise UsageError(f"{given.command} takes no parameters: leave {given.overrides[0]} out.")
        options = load(
            given.parameters,
            stack=given.stack,
            region=given.region,
            profile=given.profile,
            overrides=dict(map(parse_override, given.overrides)),
        )
        code = _run(given.command, options, Console(), given)
        sys.stdout.flush()
    except DeployError as error:
        return _end(str(error), error.exit_code)
    except OSError as error:  # such as a full disk behind a log
        return _end(explain_os(error), EXIT_FAILED)
    except KeyboardInterrupt:
        return _end("Interrupted.", EXIT_INTERRUPTED)
    return code


def _end(sentence: str, code: int) -> int:
    say(Console(stderr=True), sentences(sentence), "red")
    return code


def _run(command: str, options: Options, console: Console, given: Namespace) -> int:
    if command == "doctor":
        return doctor.run(options, console, as_json=given.json)
    if command == "plan":
        plan.run(options, console, with_drift=given.drift)
    elif command == "deploy":
        is_there = sys.stdin is not None and sys.stdin.isatty()
        consent = Consent(None if given.yes else input, given.accept_data_loss, is_there)
        outputs = deploy.run(options, console, consent=consent, unchecked=given.unchecked)
        status.show_outputs(outputs, console)
    elif command == "destroy":
        destroy.run(options, console, None if given.yes else input)
    elif command == "status":
        status.run(options, console)
    else:
        write_templates(options)
        for path in sorted(options.out.glob("*.json")):
            say(console, str(path))
    return 0


def _parser() -> Parser:
    parser = Parser(prog="deploy.sh", description="Deploys Asistente to an AWS account.")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("overrides", nargs="*", metavar="Key=Value", help="a template parameter")
    parser.add_argument("--stack", type=text, metavar="NAME", help="the stack's name (default: the file's)")
    parser.add_argument(
        "--region", type=text, help="the AWS region (default: the file's, AWS_REGION, the profile's)"
    )
    parser.add_argument("--profile", type=text, help="the profile in ~/.aws/config to use")
    parser.add_argument(
        "--parameters",
        type=path,
        default=PARAMETERS_FILE,
        metavar="FILE",
        help="the parameters file (default: %(default)s)",
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument(FLAG, action="store_true", help="deploy: also where data is lost")
    parser.add_argument("--unchecked", action="store_true", help="deploy: without what doctor looks at")
    parser.add_argument("--drift", action="store_true", help="plan: also what was changed by hand (minutes)")
    parser.add_argument("--json", action="store_true", help="doctor: for machines")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
