"""What the scanners find in one template, each in its own words, as one kind of finding."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployer.cloudformation.intrinsics import Json
from tests.scan.policies import policies
from tests.templates.stacks import walk

PROJECT = Path(__file__).parents[2]
GUARD_PACKAGE = Path("node_modules", "@cdklabs", "cdk-validator-cfnguard")
CONTROL = re.compile(r"\[(CT\.[A-Z0-9.]+)\]")


@dataclass(frozen=True, order=True)
class Finding:
    """One finding: which scanner, its rule, and the resource by its logical ID in the flattened template."""

    tool: str
    rule: str
    resource: str


class ScannerFailed(Exception):
    """A scanner is missing or did not do its work; the message says what to do."""


def scan(template: Path, tools: Path) -> set[Finding]:
    """Everything that the four scanners find in a template; `tools` is where two of them are installed.

    Raises ScannerFailed.
    """
    content = json.loads(template.read_text("utf-8"))
    return {
        *_cfn_lint(template),
        *_checkov(template, tools),
        *_control_tower(template, tools),
        *_parliament(content, tools),
    }


def _cfn_lint(template: Path) -> Iterator[Finding]:
    command = [Path(sys.executable).with_name("cfn-lint"), "--format", "json", template]
    for match in json.loads(_run(command, {0, 2, 4, 6, 8, 10, 12, 14}).stdout or "[]"):
        path = match["Location"]["Path"] or []
        yield Finding("cfn-lint", match["Rule"]["Id"], str(path[1]) if len(path) > 1 else "-")


def _checkov(template: Path, tools: Path) -> Iterator[Finding]:
    command = [tools / "bin" / "checkov", "--file", template, "--framework", "cloudformation"]
    command += ["--skip-download", "--quiet", "--compact", "--output", "json"]
    report = json.loads(_run(command, {0, 1}).stdout)
    if report["summary"]["parsing_errors"]:
        raise ScannerFailed(f"checkov cannot read {template}.")
    for check in report["results"]["failed_checks"]:
        yield Finding("checkov", check["check_id"], check["resource"].rsplit(".", 1)[1])


def _control_tower(template: Path, tools: Path) -> Iterator[Finding]:
    package = tools / GUARD_PACKAGE
    system = {"Linux": "ubuntu", "Darwin": "macos"}.get(platform.system(), platform.system())
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    command = [package / "bin" / system / machine / "cfn-guard", "validate", "--structured"]
    command += ["--show-summary", "none", "--output-format", "json", "--data", template]
    command += ["--rules", package / "rules" / "control-tower" / "cfn-guard"]
    (report,) = json.loads(_run(command, {0, 19}).stdout)
    for rule in report["not_compliant"]:
        values = [value for value in walk(rule) if isinstance(value, str)]
        controls = {match[1] for value in values if (match := CONTROL.search(value))}
        resources = {value.split("/")[2] for value in values if value.startswith("/Resources/")}
        yield from (Finding("control-tower", min(controls), resource) for resource in resources)


def _parliament(content: Json, tools: Path) -> Iterator[Finding]:
    for resource, policy in policies(content):
        command = [tools / "bin" / "parliament", "--json", "--string", json.dumps(policy)]
        for line in _run(command, {0, 1}).stdout.splitlines():
            yield Finding("parliament", json.loads(line)["issue"], resource)


def _run(command: list[Any], expected: set[int]) -> subprocess.CompletedProcess[str]:
    """Run a scanner, whose exit code says whether it found something, or failed."""
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            list(map(str, command)),
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise ScannerFailed(
            f"{command[0]} cannot be run ({error.strerror}): make scan installs it."
        ) from error
    if done.returncode not in expected:
        raise ScannerFailed(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-500:]}")
    return done
