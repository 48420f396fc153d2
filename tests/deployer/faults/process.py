"""A command of `deploy.sh` in a process of its own, which can be killed: exit code and what it said.

One process has everything imported and forks another for each command: this module as a program reads what
to run from its standard input, a line of JSON each, and answers with the new process's id and, when that has
ended, its exit code.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

BOOTSTRAP_DESCRIPTION = "TINY_BOOTSTRAP"
"""A variable that has the bootstrap stack change."""
HURRIED = "TINY_HURRIED"
"""A variable that has the clients wait for an answer for a moment only, and ask again twice."""
READ_TIMEOUT_SECONDS = 0.7
ATTEMPTS = 3
SERVICES = (
    "cloudformation", "codepipeline", "cognito-idp", "dynamodb", "ec2", "ecr", "ecs", "elbv2", "iam", "kms",
    "logs", "resourcegroupstaggingapi", "s3", "sts",
)  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a command ended: -9 when it was killed."""

    code: int
    out: str
    err: str

    @property
    def is_explained(self) -> bool:
        """Whether it failed as it should: sentences, and nothing of Python."""
        text = self.err.strip()
        return bool(text) and "Traceback" not in text and text.endswith((".", ")", ":", "`"))


@dataclass(frozen=True)
class Running:
    """A command that goes on."""

    pid: int
    _answers: IO[str]
    _folder: TemporaryDirectory[str]

    def kill(self) -> None:
        """End it as `kill -9` does."""
        os.kill(self.pid, signal.SIGKILL)

    def ended(self) -> Ended:
        """Wait for its end."""
        code = int(self._answers.readline())
        with self._folder as folder:
            out, err = (Path(folder, name).read_text("utf-8") for name in ("out", "err"))
        return Ended(code, out, err)


class Commands:
    """Starts commands, one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], out: Path) -> Running:
        """Start a command in this environment, with that out folder."""
        assert self._process.stdin
        assert self._process.stdout
        folder = TemporaryDirectory()
        line = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "out": str(out),
            "folder": folder.name,
        }
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        return Running(int(self._process.stdout.readline()), self._process.stdout, folder)


@contextmanager
def commands() -> Iterator[Commands]:
    """The process that forks others."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Commands(process)


# --- within that process ---


def _serve() -> None:
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            os._exit(_run(**json.loads(line)))
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _run(arguments: list[str], environment: dict[str, str], out: str, folder: str) -> int:
    from deployer import __main__ as deploy_sh

    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((0, os.devnull), (1, f"{folder}/out"), (2, f"{folder}/err")):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), number)
    _small(Path(out))
    try:
        return deploy_sh.main(arguments)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _warm() -> None:
    """Import everything, and read once what the services' clients are made of."""
    import boto3
    import botocore.session

    from deployer.cloudformation import schemas
    from tests.deployer import tiny

    for name in ("generate", "deployer.__main__", "deployer.proof.steps", "templates.stacks.github"):
        import_module(name)
    for template in (tiny.store(), tiny.gate()):
        for resource in template["Resources"].values():
            schemas.create_only(resource["Type"])
    botocore.session.create_loader = cache(botocore.session.create_loader)
    session = boto3.Session("none", "none", region_name="us-east-1")
    for service in SERVICES:
        session.client(service)


def _small(out: Path) -> None:
    """The tiny product instead of the whole, no waiting between attempts, and an out folder for tests."""
    import botocore.retries.standard

    import generate
    from deployer import __main__ as deploy_sh
    from deployer.commands import user_forget
    from deployer.options import Options
    from tests.deployer import tiny

    def write(folder: Path, tag: str, **_: str) -> None:
        tiny.write(folder, tag)
        _complete(folder, tiny.store())

    def load(*arguments: Any, **named: Any) -> Options:
        return replace(loaded(*arguments, **named), out=out)

    loaded = deploy_sh.load
    generate.write = write  # type: ignore[assignment]
    deploy_sh.load = load
    user_forget.SETTLE_SECONDS = 0
    botocore.retries.standard.ExponentialBackoff.delay_amount = lambda self, context: 0.0  # noqa: ARG005
    if HURRIED in os.environ:
        _hurry()


def _hurry() -> None:
    """Shorten what the clients wait for, whichever of the deployer's ways of asking they are made for."""
    from botocore.config import Config

    from deployer import session

    retries = {"mode": "standard", "total_max_attempts": ATTEMPTS}
    soon = Config(read_timeout=READ_TIMEOUT_SECONDS, retries=retries)  # type: ignore[arg-type]
    for name, config in list(vars(session).items()):
        if isinstance(config, Config):
            setattr(session, name, config.merge(soon))


def _complete(folder: Path, store: dict[str, Any]) -> None:
    """Add what the deployer sees to beside the stacks: a network, a cluster, another bootstrap stack.

    What is kept is what the real product keeps.
    """
    del store["Resources"]["Queue"]["DeletionPolicy"]
    store["Resources"]["Network"] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    store["Resources"]["Cluster"] = {"Type": "AWS::ECS::Cluster"}
    (folder / "store.json").write_text(json.dumps(store))
    if description := os.environ.get(BOOTSTRAP_DESCRIPTION):
        bootstrap = json.loads((folder / "bootstrap.json").read_text())
        tags = bootstrap["Resources"]["Artifacts"]["Properties"].setdefault("Tags", [])
        tags.append({"Key": "Description", "Value": description})
        (folder / "bootstrap.json").write_text(json.dumps(bootstrap))


if __name__ == "__main__":
    _warm()
    _serve()
