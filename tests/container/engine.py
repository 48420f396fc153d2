"""A container engine without a daemon: podman and buildah in their own mount namespace (see engine.sh)."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
DOCKERFILE = HERE.parents[1] / "Dockerfile"


def base_image() -> str:
    """What the Dockerfile starts from; a stand-in under its name takes its place (see stand_in_base.sh)."""
    (name,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", DOCKERFILE.read_text(), re.MULTILINE)
    return name


@dataclass(frozen=True)
class Engine:
    """A running namespace with its settings; `process` holds it open."""

    process: subprocess.Popen[str]
    environment: Mapping[str, str] = field(repr=False)

    def command(self, *arguments: str, folder: Path = HERE) -> list[str]:
        """The command line that runs `arguments` in the namespace and in `folder`."""
        inside = ["nsenter", "--mount", f"--target={self.process.pid}", "env", f"--chdir={folder}"]
        return [*inside, *arguments]

    def run(self, *arguments: str) -> str:
        """Run a command in the namespace and return what it printed; raises AssertionError when it fails."""
        done = subprocess.run(
            self.command(*arguments), env={**self.environment}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def ends_well(self, *arguments: str) -> bool:
        """Whether a command in the namespace exits with 0."""
        command = self.command(*arguments)
        return (
            subprocess.run(command, env={**self.environment}, capture_output=True, check=False).returncode
            == 0
        )


@contextmanager
def running_engine(store: Path) -> Iterator[Engine]:
    """An engine that keeps images in `store`; all else ends with it.

    The base image's stand-in is made when the store lacks it.
    """
    # Not one of pytest's folders: podman wants a path of at most 50 characters here, and waits 20 seconds for
    # the end of each container when it is longer.
    with TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as run_dir:
        yield from _run(store, Path(run_dir))


def _run(store: Path, run_dir: Path) -> Iterator[Engine]:
    # `cat` waits for the end of its input, which comes with the end of this process, however that ends.
    process = subprocess.Popen(
        [HERE / "engine.sh", store, run_dir, "sh", "-c", "echo ready && exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    (run_dir / "auth.json").write_text("{}")
    assert process.stdin
    assert process.stdout
    settings = {
        "CONTAINERS_CONF": str(run_dir / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(run_dir / "storage.conf"),
        "REGISTRY_AUTH_FILE": str(run_dir / "auth.json"),
    }
    engine = Engine(process, {**os.environ, **settings})
    try:
        assert process.stdout.readline() == "ready\n", "the engine's namespace did not open"
        if not engine.ends_well("buildah", "inspect", "--type=image", base_image()):
            engine.run(str(HERE / "stand_in_base.sh"), base_image())
        try:
            yield engine
        finally:
            engine.run("podman", "rm", "--all", "--force", "--time=0")
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()
