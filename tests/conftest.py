"""Fixtures that several folders of tests share."""

from tests.browser.chromium import browser
from tests.emulator_fixture import emulator
from tests.model_fixture import bedrock

__all__ = ["bedrock", "browser", "emulator"]
