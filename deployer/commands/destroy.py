"""Takes the product out of an account again: says what goes and what stays, asks, proves it."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from command_line import Parser, shown
from deployer.account import earlier, fate, insights_group, protection, tagged, unused
from deployer.account.existence import last_name
from deployer.account.fate import Fate
from deployer.account.unused import Kept
from deployer.cloudformation import imports, stack
from deployer.command import Command
from deployer.commands import recorded, teardown
from deployer.console import Ask, answered, say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, DeployError, UsageError, explain, explained
from deployer.options import Options
from deployer.session import Aws, connect, is_loopback

Sleep = Callable[[float], None]

LOOKS = 11
"""At what AWS lists by the tag: it takes minutes to notice that something is gone."""
PAUSE_SECONDS = 30.0


def run(
    options: Options, console: Console, ask: Ask | None, *, data: bool = False, sleep: Sleep = time.sleep
) -> None:
    """Delete the stack and its bootstrap stack; without `ask`, at once.

    With `data`, the table, the pool and the key go too, also those that earlier deletions have kept.
    Raises DeployError when the user does not confirm, or when something else is left than was announced.
    """
    with explained(EXIT_USAGE):
        aws = connect(options)
        present = _present(aws, options)
        for found in present:
            protection.require_none(aws, found)
        fates = [fate.of(aws, found) for found in present]
        unfinished = imports.standing(aws.cloudformation, options.stack)
        failed, before = _left_before(
            aws, options.stack, present, fates, console, must=not (present or unfinished)
        )
        if not present and not unfinished:
            also = "" if failed else ": nothing to destroy"
            say(console, f"There is no stack {options.stack} in region {aws.region}{also}.")
        fate.show(aws, fates, before, console, data=data)
        fate.show_failed(failed, console)
        for each in unfinished:
            say(console, f"{each['StackName']}: goes; what it was to take over stays.")
        data_goes = data and bool(before)
        if not (present or unfinished or failed or data_goes):
            _prove(aws, options.stack, before, console, sleep, looks=1)
            return
        if ask is not None:
            names = [*(each.name for each in fates), *(each["StackName"] for each in unfinished)]
            names += ["what a failed creation left"] if failed else []
            _confirm(options.stack, aws, names, ask, data=data)
    with explained(EXIT_FAILED):
        kept = list(before)
        for each in unfinished:
            imports.release(aws.cloudformation, each, console)
        with _same_command(options.stack):
            for found in present:
                kept += teardown.remove(aws, found, console, data_goes=data)
            kept += unused.remove(aws, failed, console)
        insights_group.remove(aws, (each for one in fates for each in one.resources), console)
        if data:
            kept = _remove_data(aws, kept, console)
        _prove(aws, options.stack, [*kept, *_announced(fates, data=data)], console, sleep)


@contextmanager
def _same_command(name: str) -> Iterator[None]:
    """Say what goes on with what a failed creation left and could not be removed."""
    try:
        yield
    except unused.NotRemoved as error:
        raise DeployError(
            f"{error} A creation left it that failed. Run this again: the same command goes on where it "
            f"stopped (`./deploy.sh destroy --stack {name}`)."
        ) from error


def _present(aws: Aws, options: Options) -> list[stack.Description]:
    """The stacks that there are; one whose deletion goes on already is taken up where it is."""
    names = (options.stack, options.bootstrap_stack)
    found = (_idle_or_going(aws, options, name) for name in names)
    return [each for each in found if each]


def _idle_or_going(aws: Aws, options: Options, name: str) -> stack.Description | None:
    try:
        return stack.find_idle(aws.cloudformation, name, options.stack)
    except stack.Busy as busy:
        if busy.stack["StackStatus"] == stack.DELETING:
            return busy.stack
        raise recorded.who_is_at_work(aws, options, busy) from None


def _left_before(
    aws: Aws,
    name: str,
    present: Sequence[stack.Description],
    fates: Sequence[Fate],
    console: Console,
    *,
    must: bool,
) -> tuple[list[Kept], list[Kept]]:
    """What is in none of the stacks: what failed creations left, and the data that earlier deletions kept.

    What cannot be looked up is said; where that `must` be known, because there is nothing else to go by, it
    raises UsageError.
    """
    try:
        found = earlier.left(aws, name, present, lambda sentence: say(console, sentence, "yellow"))
    except (BotoCoreError, ClientError) as error:
        unknown = f"What earlier ones left cannot be looked up by its tag: {explain(error)}"
        if must:
            raise UsageError(f"There is no stack {name} in region {aws.region}. {unknown}") from error
        say(console, unknown, "yellow")
        return [], []
    here = {last_name(each.physical_id) for one in fates for each in one.stays}
    failed = [each for each in found.failed if last_name(each.physical_id) not in here]
    kept = [each for each in tagged.data(found.kept) if last_name(each.physical_id) not in here]
    return failed, kept


def _confirm(name: str, aws: Aws, stacks: Sequence[str], ask: Ask, *, data: bool) -> None:
    names = " and ".join([*stacks, *(["the data named above, for good"] if data else [])])
    question = (
        f"This deletes {names} from account {aws.account}, region {aws.region}.\nType {name} to go on: "
    )
    answer = answered(ask, question)
    if answer != name:
        raise DeployError(f'"{shown(answer)}" is not {name}. Nothing was deleted.')


def _remove_data(aws: Aws, kept: Sequence[Kept], console: Console) -> list[Kept]:
    """Delete what holds data; return what was kept for another reason, and stays."""
    data = [each for each in dict.fromkeys(kept) if each.kind in unused.DATA]
    try:
        unused.delete(aws, data, console, "Removed with all that was in it")
    except unused.NotRemoved as error:
        raise DeployError(
            f"The stacks are gone, and not all of the data. {error} Run this again: the same command goes on "
            "where it stopped."
        ) from error
    return [each for each in kept if each not in data]


def _announced(fates: Sequence[Fate], *, data: bool) -> list[Kept]:
    """What was said to stay."""
    return [kept for each in fates for kept in each.stays if not (data and kept.kind in unused.DATA)]


def _prove(
    aws: Aws, name: str, announced: Sequence[Kept], console: Console, sleep: Sleep, *, looks: int = LOOKS
) -> None:
    """List what there is by the tag, and look again while that is more than was announced."""
    expected = {last_name(each.physical_id) for each in announced}
    unasked: dict[str, None] = {}
    try:
        left = tagged.existing(aws, name, unasked.setdefault)
        for _ in range(looks - 1):
            if not _unexpected(left, expected):
                break
            sleep(0 if is_loopback(aws.tagging) else PAUSE_SECONDS)
            left = tagged.existing(aws, name, unasked.setdefault)
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"The stacks are gone; what is left cannot be looked up by its tag: {explain(error)}"
        ) from error
    for sentence in unasked:
        say(console, sentence, "yellow")
    unexpected = _unexpected(left, expected)
    for arn in left:
        word = "Left behind" if arn in unexpected else "Still there, as announced"
        say(
            console,
            f"{word}, by the tag {tagged.TAG}={name}: {arn}",
            "red" if arn in unexpected else "yellow",
        )
    if unexpected:
        raise DeployError(
            f"The stacks are gone, and {len(unexpected)} named above should be too: look again in an hour "
            f"(`./deploy.sh destroy --stack {name}` lists them), and delete by hand what is still there."
        )
    but = ", but for what is named above" if left or announced else ""
    say(console, f"{name} is gone from account {aws.account}, region {aws.region}{but}.", "green")


def _unexpected(arns: Sequence[str], expected: Collection[str]) -> list[str]:
    return [arn for arn in arns if last_name(arn) not in expected]


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "--data",
        choices=("keep", "delete"),
        default="keep",
        help="whether the table, the user pool and the key go too (default: %(default)s what KeepData kept)",
    )
    parser.add_argument(
        "--accept-data-loss", action="store_true", help="what --data delete wants besides --yes"
    )
    parser.only_with("--data", "--accept-data-loss")


def _start(given: Namespace, options: Options, console: Console) -> None:
    data = given.data == "delete"
    if data and given.yes and not given.accept_data_loss:
        raise UsageError("--data delete with --yes deletes people's data unasked: add --accept-data-loss.")
    run(options, console, None if given.yes else input, data=data)


COMMAND = Command(
    name="destroy", summary="Delete the stacks, after asking", start=_start, arguments=_arguments
)
