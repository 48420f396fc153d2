"""CodeBuild, as far as buildspec.yml sees it: runs the phases' commands in their order on this machine.

Each command gets a shell of its own, which is stricter than CodeBuild: only files pass from one to the next.
"""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

PHASES = ("install", "pre_build", "build", "post_build")


@dataclass(frozen=True)
class Build:
    """How a build ended: whether every phase succeeded, and what it printed."""

    succeeded: bool
    log: str


def commands(buildspec: Path) -> dict[str, list[str]]:
    """The commands of each phase that a buildspec has, in the order in which the phases run."""
    phases = yaml.safe_load(buildspec.read_text())["phases"]
    return {name: phases[name]["commands"] for name in PHASES if name in phases}


def run(
    source: Path,
    environment: Mapping[str, str],
    *,
    only: tuple[str, ...] = PHASES,
    succeeding: bool = True,
    wrap: Callable[[list[str]], list[str]] = lambda command: command,
) -> Build:
    """Run `source`/buildspec.yml, or only some of its phases, after phases that were `succeeding`.

    A failed command ends its phase, and the build too, except that post_build follows the build phase in any
    case. `wrap` turns a command line into the one that is run.
    """
    log = ""
    for phase, scripts in commands(source / "buildspec.yml").items():
        for script in scripts if phase in only else []:
            done = subprocess.run(
                wrap(["bash", "-c", script]),
                cwd=source,
                env={**environment, "CODEBUILD_BUILD_SUCCEEDING": "1" if succeeding else "0"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            log += done.stdout
            succeeding = succeeding and done.returncode == 0
            if done.returncode:
                break
        if not succeeding and phase != "build":
            break
    return Build(succeeding, log)
