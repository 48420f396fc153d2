"""The emulator as the AWS of this process: the environment says where it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from tests.emulator_fixture import RunningEmulator

_make = boto3.Session.client
_made: dict[Any, Any] = {}


@contextmanager
def as_aws(emulator: RunningEmulator, **variables: str) -> Iterator[RunningEmulator]:
    """Until it is left; other variables of the environment may be given besides."""
    with pytest.MonkeyPatch.context() as patch:
        for name in _variables():
            patch.delenv(name)
        for name, value in emulator.environment.items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr(boto3.Session, "client", _client)
        yield emulator


def _client(session: boto3.Session, service: str, **given: Any) -> Any:
    """A client, made once for all commands of this process: to make them was a quarter of their time.

    What a test writes into files of AWS's own is seen in a folder, or under a name, of its own only.
    """
    variables = tuple((name, os.environ[name]) for name in _variables())
    wanted = (variables, os.environ.get("HOME"), session.profile_name, service, *sorted(given.items()))
    if wanted not in _made:
        _made[wanted] = _make(session, service, **given)
    return _made[wanted]


def _variables() -> list[str]:
    return sorted(name for name in os.environ if name.startswith("AWS_"))
