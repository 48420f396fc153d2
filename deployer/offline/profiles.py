"""Named choices of parameters (profiles.toml), and any choice as one flat template."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from deployer.cloudformation import parameters
from deployer.cloudformation.intrinsics import Json
from deployer.offline.flattened import flattened

PROFILES = Path(__file__).with_name("profiles.toml")
# Any source will do for a template that nobody deploys.
TAG = "0123456789abcdef"
OWN = {
    "ImageTag": TAG,
    "SourceKey": f"source-{TAG}.zip",
    "ArtifactBucketName": "artifacts-of-the-bootstrap-stack",
    "OriginFacingPrefixListId": "pl-0123456789abcdef0",
}


def load() -> dict[str, dict[str, parameters.Value]]:
    """The profiles: parameters by name."""
    return tomllib.loads(PROFILES.read_text("utf-8"))


def flat(chosen: Mapping[str, parameters.Value]) -> tuple[Json, dict[str, str]]:
    """The flattened template for these parameters, and the value of every parameter.

    Raises UsageError when the templates refuse them.
    """
    values = checked(chosen)
    return flattened(rendered(values["KeepData"]), values), values


def checked(chosen: Mapping[str, parameters.Value]) -> dict[str, str]:
    """The value of every parameter; raises UsageError when the templates refuse a chosen one."""
    return parameters.resolve(rendered(parameters.keeps_data(chosen))["root"], chosen, OWN)


@cache
def rendered(keep_data: str = "yes") -> dict[str, Json]:
    """Every stack by its name, written for this value of KeepData."""
    # Imported late: it takes troposphere along.
    from generate import render

    return {name.removesuffix(".json"): json.loads(text) for name, text in render(TAG, keep_data).items()}
