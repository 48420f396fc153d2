"""What an interrupted command left going on: the same command takes it up where it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.deployer.faults import cases
from tests.deployer.faults.cases import DATA, Destroy, First, Github, Stuck, World
from tests.deployer.faults.wire import Request
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def commands(emulator: RunningEmulator) -> Iterator[World]:
    """Commands against the emulator."""
    with cases.world(emulator) as here:
        yield here


@pytest.fixture
def world(commands: World) -> Iterator[World]:
    """The same, with nothing changed on its way."""
    yield commands
    commands.wire.rewrite = None


@pytest.fixture(scope="module")
def deployed(commands: World) -> Iterator[First]:
    """A deployment that is well."""
    case = First(commands)
    commands.must(*case.arguments())
    yield case
    case.clear()


def seen_at_work(world: World, name: str, status: str, happens: Callable[[], object] = lambda: None) -> None:
    """The first look at a stack finds it in that state; what goes on ends before the next one."""
    once = [name]

    def rewrite(request: Request, body: bytes) -> bytes:
        about = f"<StackName>{name}</StackName>".encode() in body
        if request.operation != "cloudformation:DescribeStacks" or not about or not once:
            return body
        once.clear()
        happens()
        world.at_rest(name)
        return re.sub(b"<StackStatus>[A-Z_]+<", f"<StackStatus>{status}<".encode(), body)

    world.wire.rewrite = rewrite


def test_a_deletion_is_taken_up_also_when_it_comes_to_nothing(world: World) -> None:
    """It fails here: nobody emptied the bucket before."""
    case = Destroy(world)
    case.prepare()
    cloudformation = world.client("cloudformation")
    seen_at_work(
        world, case.name, "DELETE_IN_PROGRESS", lambda: cloudformation.delete_stack(StackName=case.name)
    )
    ended = world.must(*case.arguments())
    assert "DELETE_FAILED" in ended.out
    assert f"{case.name} is gone" in ended.out
    case.require_done()
    world.must("destroy", *case.on, *DATA)


def test_a_rollback_that_goes_on_is_taken_up(world: World) -> None:
    case = Stuck(world)
    case.prepare()
    cloudformation = world.client("cloudformation")
    seen_at_work(
        world,
        case.name,
        "UPDATE_ROLLBACK_IN_PROGRESS",
        lambda: cloudformation.continue_update_rollback(StackName=case.name),
    )
    ended = world.must(*case.arguments())
    assert f"The rollback of {case.name} goes on already" in ended.out
    assert "is as it was before, and can be deployed again" in ended.out
    case.clear()


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_what_goes_on_with_the_bootstrap_stack_is_waited_for(
    world: World, deployed: First, status: str
) -> None:
    name = f"{deployed.name}-bootstrap"
    seen_at_work(world, name, status)
    ended = world.must(*deployed.arguments())
    assert f"Taking up what goes on with {name} ({status})." in ended.out
    deployed.require_done()


def test_a_bootstrap_stack_that_goes_is_not_waited_for(world: World, deployed: First) -> None:
    name = f"{deployed.name}-bootstrap"
    seen_at_work(world, name, "DELETE_IN_PROGRESS")
    # `finish` looks first, and the deployment after it: both are to see it.
    first = world.wire.rewrite
    assert first
    seen_at_work(world, name, "DELETE_IN_PROGRESS")
    second = world.wire.rewrite
    assert second

    def both(request: Request, body: bytes) -> bytes:
        changed = first(request, body)
        return changed if changed != body else second(request, body)

    world.wire.rewrite = both
    ended = world.run(*deployed.arguments())
    assert ended.code == 1
    assert f"{name} is in progress (DELETE_IN_PROGRESS): wait until it is over" in ended.err


def test_the_roles_of_a_repository_are_waited_for(world: World) -> None:
    case = Github(world)
    case.prepare()
    world.must(*case.arguments())
    name = f"github-{case.name}"
    seen_at_work(world, name, "UPDATE_IN_PROGRESS")
    ended = world.must(*case.arguments())
    assert f"Taking up what goes on with {name} (UPDATE_IN_PROGRESS)." in ended.out
    case.clear()
