"""Fixtures that several folders of tests share, and how Hypothesis and Ctrl-C work everywhere."""

import signal

from hypothesis import HealthCheck, settings

from tests.browser.chromium import browser
from tests.disks import full_disk, read_only_disk
from tests.emulator_fixture import emulator
from tests.model_fixture import bedrock
from tests.single_sign_on import provider

__all__ = ["bedrock", "browser", "emulator", "full_disk", "provider", "read_only_disk"]

# No example has a time limit: a busy machine is not a bug. The same examples each time, to repeat a failure.
settings.register_profile(
    "asistente", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("asistente")

# A shell starts what runs in the background deaf to Ctrl-C, and children inherit that: the programs that the
# tests interrupt would never hear of it.
signal.signal(signal.SIGINT, signal.default_int_handler)
