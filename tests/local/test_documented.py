"""What the README says of the running local mode is what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.emulator.environment import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from local.run import EMULATOR_PORT, REGION, STACK

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["README.md", "LEEME.md"])
def test_the_commands_of_a_deployment_find_the_emulator(name: str) -> None:
    text = (PROJECT / name).read_text("utf-8")
    for words in (
        f"AWS_ENDPOINT_URL=http://127.0.0.1:{EMULATOR_PORT} ",
        f"AWS_REGION={REGION} ",
        f"AWS_ACCESS_KEY_ID={ACCESS_KEY_ID} ",
        f"AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY}\n",
        f'"--stack {STACK}"',
    ):
        assert words in text, words
