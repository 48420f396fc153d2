"""Fixtures that several folders of tests share, and how Hypothesis and Ctrl-C work everywhere."""

import re
import signal
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from hypothesis import HealthCheck, settings

import gradio_app.page  # noqa: F401 (before Gradio: without it, that writes type stubs in every process)
from tests.browser.chromium import browser, whole_browser
from tests.disks import full_disk, read_only_disk
from tests.emulator_fixture import emulator
from tests.model_fixture import bedrock
from tests.single_sign_on import provider

__all__ = ["bedrock", "browser", "emulator", "full_disk", "provider", "read_only_disk", "whole_browser"]

# No example has a time limit: a busy machine is not a bug. The same examples each time, to repeat a failure.
settings.register_profile(
    "asistente", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("asistente")

# Each command connects anew and would read the services' models again: half of the time that one takes here.
botocore.session.create_loader = cache(botocore.session.create_loader)

# A shell starts what runs in the background deaf to Ctrl-C, and children inherit that: the programs that the
# tests interrupt would never hear of it.
signal.signal(signal.SIGINT, signal.default_int_handler)


SLOW_AS_A_WHOLE = re.compile(r"^pytestmark = .*\bslow\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What `make check` takes nothing of it does not import either: that took half of its collection."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return True if SLOW_AS_A_WHOLE.search(collection_path.read_text("utf-8")) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes come first, then those with slow tests: what is begun last is waited for.

    The slow ones backwards, so that what a long file holds (a container engine) is free when its neighbour
    comes.
    """
    order = {path: number for number, path in enumerate(dict.fromkeys(item.path for item in items))}
    long, slow = ({item.path for item in items if item.get_closest_marker(each)} for each in ("long", "slow"))

    def place(item: pytest.Item) -> tuple[int, int]:
        number = order[item.path]
        if item.path in long:
            return 0, number
        return (1, -number) if item.path in slow else (2, number)

    items.sort(key=place)
