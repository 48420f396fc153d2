"""What takes turns in a run: this tree, that of another revision, and other products."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers.crowd import Crowd, People
from benchmarks.answers.person import Person
from benchmarks.answers.rivals import RIVALS, Rival
from benchmarks.answers.rivals.away import Away
from benchmarks.answers.rivals.running import running
from benchmarks.answers.running import World, world
from benchmarks.errors import CannotMeasure
from benchmarks.serving.task import REPOSITORY

HERE = "this tree"


@dataclass(frozen=True)
class Contender:
    """A process that serves."""

    pid: int
    crowd: Callable[[str, int], Crowd]
    """So many people at its pages, whose names begin so."""


@contextmanager
def contenders(against: str, beside: Sequence[str]) -> Iterator[dict[str, Contender]]:
    """All of them, until the block ends. Raises CannotMeasure."""
    rivals = {name: RIVALS[name] for name in beside}
    for rival in rivals.values():
        _ = rival.python  # before anything is started
    with ExitStack() as stack:
        trees = stack.enter_context(_trees(against))
        around = stack.enter_context(world())
        ours = {name: stack.enter_context(_ours(around, tree)) for name, tree in trees.items()}
        theirs = {name: stack.enter_context(_theirs(around, rival)) for name, rival in rivals.items()}
        yield theirs | ours


@contextmanager
def _ours(around: World, tree: Path) -> Iterator[Contender]:
    with around.application(tree) as (address, pid):
        yield Contender(
            pid,
            lambda name, count: People(
                [Person(address, around.signed_in(f"{name}-{number}")) for number in range(count)]
            ),
        )


@contextmanager
def _theirs(around: World, rival: Rival) -> Iterator[Contender]:
    with running(rival, around.emulator.environment, around.model_url) as (address, pid):
        yield Contender(pid, lambda _, count: Away(rival, address, count))


@contextmanager
def _trees(against: str) -> Iterator[dict[str, Path]]:
    """This tree by its name, and that of a revision until the block ends."""
    if not against:
        yield {HERE: REPOSITORY}
        return
    git = ("git", "-C", str(REPOSITORY))
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        # "--" keeps a revision from being taken for an option.
        made = subprocess.run(  # noqa: S603
            [*git, "worktree", "add", "--quiet", "--detach", "--", str(tree), against], check=False
        )
        if made.returncode:
            raise CannotMeasure(f"Git has no revision of that name: {against!r}.")
        try:
            yield {against: tree, HERE: REPOSITORY}
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(tree)], check=False)  # noqa: S603
