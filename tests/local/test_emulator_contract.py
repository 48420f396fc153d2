"""What the layer gives, one case for each gap in MiniStack.

Each case runs twice: with the layer it must pass; on MiniStack alone it must fail. A case that passes there
too says that MiniStack has learned it, and that its part of the layer can go.
"""

import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from local.emulator import PYTHON
from tests.emulator_fixture import REPOSITORY, RunningEmulator, run_emulator
from tests.local import (
    cognito_cases,
    hosted_cases,
    import_cases,
    nested_stack_cases,
    operations_cases,
    pipeline_cases,
    request_token_cases,
    resource_cases,
    task_role_cases,
)

pytestmark = pytest.mark.slow

Case = Callable[[RunningEmulator], None]
CASES: list[Case] = [
    *resource_cases.CASES,
    *operations_cases.CASES,
    *nested_stack_cases.CASES,
    *pipeline_cases.CASES,
    *request_token_cases.CASES,
    *cognito_cases.CASES,
    *hosted_cases.CASES,
    *import_cases.CASES,
    *task_role_cases.CASES,
]
by_gap = pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)


@pytest.fixture(scope="module")
def ministack_alone() -> Iterator[RunningEmulator]:
    with run_emulator("--play-builds", command=[str(PYTHON), "-m", "tests.local.plain_ministack"]) as running:
        yield running


def test_the_ministack_that_is_tried_is_the_locked_one() -> None:
    lines = (REPOSITORY / "requirements" / "emulator.txt").read_text("utf-8")
    locked = re.search(r"^ministack==(\S+)", lines, re.MULTILINE)
    script = "from importlib.metadata import version; print(version('ministack'))"
    tried = subprocess.run([PYTHON, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert locked
    assert tried == locked[1]


@by_gap
def test_the_layer_closes_the_gap(case: Case, emulator: RunningEmulator) -> None:
    case(emulator)


@by_gap
def test_ministack_alone_still_has_the_gap(case: Case, ministack_alone: RunningEmulator) -> None:
    try:
        case(ministack_alone)
    except (AssertionError, pytest.fail.Exception, BotoCoreError, ClientError, KeyError):
        return
    pytest.fail("MiniStack does this by itself now: take the part and this case out.")
