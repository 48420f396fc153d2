"""A task of the deployed service: the container run as Fargate runs it, on this machine's loopback."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.container.engine import Engine

DEADLINE_SECONDS = 120
"""For a cold start on a busy machine; a start takes some ten seconds."""

RESTRICTIONS = (
    "--read-only",
    # Or podman would lend /tmp, /run and /var/tmp: here only what the image declares can be written to.
    "--read-only-tmpfs=false",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
)


@dataclass(frozen=True)
class Task:
    """A running container; `url` is where the application in it answers."""

    engine: Engine
    name: str
    url: str

    def run(self, *command: str) -> str:
        """Run a command in the container and return what it printed; raises AssertionError if it fails."""
        return self.engine.run("podman", "exec", self.name, *command)

    def is_healthy(self) -> bool:
        """Run the image's HEALTHCHECK, as Docker does at intervals; say whether it counts as healthy."""
        self.engine.ends_well("podman", "healthcheck", "run", self.name)
        return self._inspect("{{.State.Health.Status}}") == "healthy"

    def signal(self, name: str) -> None:
        """Send a signal to the container's first process."""
        self.engine.run("podman", "kill", f"--signal={name}", self.name)

    def exit_code_at_its_end(self) -> int:
        """How it ended, once it did; raises AssertionError when it is still running long after."""
        self._wait(lambda: not self._is_running())
        return int(self._inspect("{{.State.ExitCode}}"))

    def log(self) -> str:
        """What the application printed."""
        return self.engine.run("sh", "-c", f"podman logs {self.name} 2>&1")

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition; raises AssertionError with the log when the task ends or time runs out."""
        self._wait(lambda: condition() or not self._is_running())
        assert self._is_running(), f"the task ended: {self.log()}"

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not within {DEADLINE_SECONDS} s: {self.log()}"
            time.sleep(0.2)

    def _is_running(self) -> bool:
        return self._inspect("{{.State.Running}}") == "true"

    def _inspect(self, template: str) -> str:
        return self.engine.run("podman", "container", "inspect", "--format", template, self.name)


@contextmanager
def running_task(
    engine: Engine, image: str, environment: Mapping[str, str], port: int, folder: Path
) -> Iterator[Task]:
    """Start `image` with this environment and the service's restrictions; it is killed on leaving.

    `folder` keeps the environment, which holds a secret, out of the command line.
    """
    name = f"task-{port}"
    variables = folder / f"{name}.env"
    lines = {**environment, "BIND_HOST": "127.0.0.1", "PORT": str(port)}
    variables.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
    engine.run("podman", "run", "--detach", f"--name={name}", f"--env-file={variables}", *RESTRICTIONS, image)
    try:
        yield Task(engine, name, f"http://127.0.0.1:{port}")
    finally:
        engine.run("podman", "rm", "--force", "--time=0", "--volumes", name)
