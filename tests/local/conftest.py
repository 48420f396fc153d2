"""Lets failed assertions in the helpers of these tests explain themselves."""

import pytest

for module in ("cognito_cases", "emulator_kit", "nested_stack_cases", "pipeline_cases", "resource_cases"):
    pytest.register_assert_rewrite(f"tests.local.{module}")
