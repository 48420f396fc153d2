"""buildspec.yml, unmodified: builds, pushes and signals, skips what is there, and says why it failed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.container import codebuild
from tests.container.conftest import REPOSITORY, SHIMS, Built, Workshop, unpack_source
from tests.container.engine import base_image
from tests.container.registry import PASSWORD
from tests.container.wait_handle import WaitHandle, waiting_stack

pytestmark = pytest.mark.long
BUILDSPEC = REPOSITORY / "buildspec.yml"
SHELLCHECK = Path(sys.executable).parent / "shellcheck"

BUILDKIT_LOG = """\
#9 [packages 4/6] RUN python -m pip install --requirement /tmp/app.txt
#9 2.713 ERROR: Could not find a version that satisfies the requirement gradio==0.0.1
#9 ERROR: process "/bin/sh -c python -m pip install" did not complete successfully: exit code: 1
"""


REFUSAL = "Error response from daemon: toomanyrequests: Rate exceeded"
BY_HAND = {
    "aws": """[ "$2" = get-login-password ] && echo token || echo 0""",
    "sleep": """echo "sleep $1" >>calls.txt""",
    "docker": f"""echo "$*" >>calls.txt
case $1 in
  login) cat >/dev/null ;;
  pull) if [ "$(grep -c ^pull calls.txt)" -le "$REFUSED_PULLS" ]; then echo "{REFUSAL}" >&2; exit 1; fi
    echo "Digest: sha256:0123" ;;
  build) [ -z "${{BUILD_ENDS:-}}" ] || {{ echo "$BUILD_ENDS" >&2; exit 1; }} ;;
esac""",
}
"""What buildspec.yml calls, where neither registry nor engine is needed: docker and sleep write down how."""


def build_by_hand(folder: Path, handle: WaitHandle, **settings: str) -> codebuild.Build:
    """Run the whole buildspec with tools that answer as told."""
    for name in ("buildspec.yml", "Dockerfile"):
        (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    tools = folder / "tools"
    tools.mkdir()
    for name, script in BY_HAND.items():
        (tools / name).write_text(f"#!/bin/bash\n{script}\n")
        (tools / name).chmod(0o755)
    return codebuild.run(folder, environment(handle) | {"PATH": f"{tools}:{os.environ['PATH']}"} | settings)


def calls(folder: Path) -> list[str]:
    return (folder / "calls.txt").read_text().splitlines()


def environment(handle: WaitHandle) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "REPOSITORY_URI": "registry.example/asistente",
        "IMAGE_TAG": "0123456789abcdef",
        "WAIT_HANDLE_URL": handle.url,
    }


def signal(folder: Path, log: str, handle: WaitHandle, *, succeeding: bool) -> codebuild.Build:
    """Run only the phase that signals, after a build phase that left this log."""
    (folder / "buildspec.yml").write_bytes(BUILDSPEC.read_bytes())
    (folder / "build.log").write_text(log)
    return codebuild.run(folder, environment(handle), only=("post_build",), succeeding=succeeding)


def test_its_shell_is_clean() -> None:
    scripts = [script for phase in codebuild.commands(BUILDSPEC).values() for script in phase]
    scripts += [shim.read_text() for shim in SHIMS.iterdir()]
    for script in scripts:
        done = subprocess.run(
            [SHELLCHECK, "--shell=bash", "-"], input=script, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.usefixtures("signal_tools")
@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (BUILDKIT_LOG, "ERROR: Could not find a version that satisfies the requirement gradio==0.0.1"),
        ("Login Succeeded\ndenied: the token has expired\nand more\n", "denied: the token has expired"),
        ('failed to solve: "quoted" \\ and ñ\n', 'failed to solve: "quoted" \\ and ñ'),
        ("step one\nkilled\n\n", "killed"),
        ("error: " + "x" * 5000, "error: " + "x" * 393),
    ],
)
def test_a_failure_is_signaled_with_its_first_useful_line(tmp_path: Path, log: str, reason: str) -> None:
    with waiting_stack() as handle:
        signal(tmp_path, log, handle, succeeding=False)
    assert handle.signals == [
        {
            "Status": "FAILURE",
            "UniqueId": "0123456789abcdef",
            "Data": "registry.example/asistente:0123456789abcdef",
            "Reason": reason,
        }
    ]


@pytest.mark.usefixtures("signal_tools")
@pytest.mark.parametrize(("answer", "succeeded"), [(200, True), (403, True), (400, False)])
def test_a_signal_that_nobody_waits_for_is_no_failure_but_a_lost_one_is(
    tmp_path: Path, answer: int, succeeded: bool
) -> None:
    with waiting_stack(answer) as handle:
        build = signal(tmp_path, "The image was there already.\n", handle, succeeding=True)
    assert build.succeeded is succeeded
    assert [sent["Status"] for sent in handle.signals] == ["SUCCESS"]
    assert "Signature" not in build.log


@pytest.mark.usefixtures("signal_tools")
@pytest.mark.parametrize(("refused", "pauses"), [(0, []), (1, ["5"]), (3, ["5", "15", "45"])])
def test_a_base_image_that_is_refused_is_asked_for_again(
    tmp_path: Path, refused: int, pauses: list[str]
) -> None:
    with waiting_stack() as handle:
        build = build_by_hand(tmp_path, handle, REFUSED_PULLS=str(refused))
    assert build.succeeded
    asked = [line for line in calls(tmp_path) if line.startswith(("pull", "sleep"))]
    again = [line for pause in pauses for line in (f"sleep {pause}", f"pull {base_image()}")]
    assert asked == [f"pull {base_image()}", *again]
    assert "Digest: sha256:0123" in build.log
    assert [sent["Reason"] for sent in handle.signals] == ["The image was built and pushed."]


@pytest.mark.usefixtures("signal_tools")
def test_a_base_image_that_never_comes_is_the_reason(tmp_path: Path) -> None:
    with waiting_stack() as handle:
        build = build_by_hand(tmp_path, handle, REFUSED_PULLS="99")
    assert not build.succeeded
    assert not [line for line in calls(tmp_path) if line.startswith(("build", "push"))]
    assert [sent["Reason"] for sent in handle.signals] == [REFUSAL]


@pytest.mark.usefixtures("signal_tools")
def test_a_pull_that_was_repeated_is_not_the_reason_of_what_fails_later(tmp_path: Path) -> None:
    with waiting_stack() as handle:
        build_by_hand(tmp_path, handle, REFUSED_PULLS="2", BUILD_ENDS="ERROR: no such wheel")
    assert [sent["Reason"] for sent in handle.signals] == ["ERROR: no such wheel"]


@pytest.mark.slow
def test_it_builds_pushes_and_signals(workshop: Workshop, built: Built) -> None:
    assert built.tag in workshop.registry.tags("asistente")
    assert built.signals == [
        {
            "Status": "SUCCESS",
            "UniqueId": built.tag,
            "Data": built.image,
            "Reason": "The image was built and pushed.",
        }
    ]
    assert "not-to-be-printed" not in built.build.log
    assert PASSWORD not in built.build.log


@pytest.mark.slow
def test_a_tag_that_is_there_is_not_built_again(workshop: Workshop, built: Built, tmp_path: Path) -> None:
    workshop.calls.write_text("")
    with waiting_stack() as handle:
        build = workshop.build(unpack_source(tmp_path), workshop.environment(built.tag, handle.url))
    assert build.succeeded
    assert workshop.calls.read_text().startswith("login ")
    assert workshop.calls.read_text().count("\n") == 1
    assert [sent["Reason"] for sent in handle.signals] == ["The image was there already."]


@pytest.mark.slow
def test_a_package_with_another_hash_fails_the_build_and_says_so(workshop: Workshop, tmp_path: Path) -> None:
    source = unpack_source(tmp_path)
    tampered = f"six==1.17.0 --hash=sha256:{'0' * 64}\n"
    (source / "requirements" / "app.txt").write_text(tampered)
    with waiting_stack() as handle:
        build = workshop.build(source, workshop.environment("tampered", handle.url))
    assert not build.succeeded
    assert "not-to-be-printed" not in build.log
    assert [sent["Status"] for sent in handle.signals] == ["FAILURE"]
    assert "DO NOT MATCH THE HASHES" in handle.signals[0]["Reason"]
    assert "tampered" not in workshop.registry.tags("asistente")


@pytest.mark.slow
def test_a_refused_sign_in_to_the_registry_is_the_reason(workshop: Workshop, tmp_path: Path) -> None:
    with waiting_stack() as handle:
        environment = workshop.environment("refused", handle.url) | {"REGISTRY_PASSWORD": "wrong"}
        build = workshop.build(unpack_source(tmp_path), environment)
    assert not build.succeeded
    assert [sent["Status"] for sent in handle.signals] == ["FAILURE"]
    assert "invalid username/password" in handle.signals[0]["Reason"]


@pytest.mark.slow
def test_every_package_has_a_wheel_for_the_processor_it_runs_on(tmp_path: Path) -> None:
    """The build runs on ARM in AWS, where none of these tests run."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--target", str(tmp_path)]
    target = [
        "--python-version=3.13",
        "--platform=manylinux_2_28_aarch64",
        "--platform=manylinux2014_aarch64",
    ]
    wheels = [
        "--only-binary=:all:",
        "--require-hashes",
        f"--requirement={REPOSITORY / 'requirements/app.txt'}",
    ]
    done = subprocess.run([*command, *target, *wheels], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
