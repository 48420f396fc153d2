"""Lets failed assertions in the helpers of these tests explain themselves."""

import pytest

for subject in ("cognito", "hosted", "nested_stack", "pipeline", "resource", "task_role"):
    pytest.register_assert_rewrite(f"tests.local.{subject}_cases")
pytest.register_assert_rewrite("tests.local.emulator_kit")
