"""A command of `deploy.sh` in a process of its own, which can be killed: exit code and what it said."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import botocore.retries.standard
import botocore.session

import generate
from deployer import __main__ as deploy_sh
from deployer.commands import user_forget
from deployer.options import Options
from tests.deployer import tiny

DEADLINE_SECONDS = 120
BOOTSTRAP_DESCRIPTION = "TINY_BOOTSTRAP"
"""A variable that has the bootstrap stack change."""

SERVICES = (
    "cloudformation", "codepipeline", "cognito-idp", "dynamodb", "ec2", "ecr", "ecs", "elbv2", "iam", "kms",
    "logs", "resourcegroupstaggingapi", "s3", "sts",
)  # fmt: skip
# What the services' clients are made of is read once, for all processes that are forked from this one.
botocore.session.create_loader = cache(botocore.session.create_loader)
_warm = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none", region_name="us-east-1")
for _service in SERVICES:
    _warm.client(_service)


@dataclass(frozen=True)
class Ended:
    """How a command ended: -9 when it was killed."""

    code: int
    out: str
    err: str

    @property
    def is_explained(self) -> bool:
        """Whether it failed as it should: a sentence, and nothing of Python."""
        text = self.err.strip()
        return bool(text) and "Traceback" not in text and text.endswith((".", ")", ":", "`"))


class Running:
    """A command that goes on."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], out: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._folder = TemporaryDirectory()
        self._process = context.Process(
            target=_run, args=(list(arguments), dict(environment), str(out), self._folder.name)
        )
        self._process.start()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process.pid:
            os.kill(self._process.pid, signal.SIGKILL)

    def ended(self) -> Ended:
        """Wait for its end."""
        self._process.join(DEADLINE_SECONDS)
        code = self._process.exitcode
        if code is None:
            self.kill()
            self._process.join()
        out, err = (Path(self._folder.name, name).read_text() for name in ("out", "err"))
        self._folder.cleanup()
        assert code is not None, f"it does not end: {out}{err}"
        return Ended(code, out, err)


def _run(arguments: list[str], environment: dict[str, str], out: str, folder: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(Path(folder, name), os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
    sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115  (for the life of the process)
    _small(Path(out))
    sys.exit(deploy_sh.main(arguments))


def _small(out: Path) -> None:
    """The tiny product instead of the whole, no waiting between attempts, and an out folder for tests."""

    def write(folder: Path, tag: str, **_: str) -> None:
        tiny.write(folder, tag)
        _complete(folder)

    def load(*arguments: Any, **named: Any) -> Options:
        return replace(loaded(*arguments, **named), out=out)

    loaded = deploy_sh.load
    generate.write = write  # type: ignore[assignment]
    deploy_sh.load = load
    user_forget.SETTLE_SECONDS = 0
    botocore.retries.standard.ExponentialBackoff.delay_amount = lambda self, context: 0.0  # noqa: ARG005


def _complete(folder: Path) -> None:
    """Add what the deployer sees to beside the stacks: a network, a cluster, another bootstrap stack.

    What is kept is what the real product keeps.
    """
    store = tiny.store()
    del store["Resources"]["Queue"]["DeletionPolicy"]
    store["Resources"]["Network"] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    store["Resources"]["Cluster"] = {"Type": "AWS::ECS::Cluster"}
    (folder / "store.json").write_text(json.dumps(store))
    if description := os.environ.get(BOOTSTRAP_DESCRIPTION):
        bootstrap = json.loads((folder / "bootstrap.json").read_text())
        tags = bootstrap["Resources"]["Artifacts"]["Properties"].setdefault("Tags", [])
        tags.append({"Key": "Description", "Value": description})
        (folder / "bootstrap.json").write_text(json.dumps(bootstrap))
