"""What the scanners find in templates, each in its own words, as one kind of finding."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
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


def scan(templates: Mapping[str, Json], tools: Path) -> dict[str, set[Finding]]:
    """Everything that the four scanners find in each template, by its name.

    Each scanner runs once over all of them, for each takes long to begin. `tools` is where three of them are
    installed. Raises ScannerFailed.
    """
    found: dict[str, set[Finding]] = {name: set() for name in templates}
    with TemporaryDirectory() as folder:
        paths = [Path(folder, f"{name}.json") for name in templates]
        for path, template in zip(paths, templates.values(), strict=True):
            path.write_text(json.dumps(template), encoding="utf-8")
        for scanned in (_cfn_lint(paths), _checkov(paths, tools), _control_tower(paths, tools)):
            for path, finding in scanned:
                found[Path(path).stem].add(finding)
        for path, finding in _parliament(templates, Path(folder, "policies"), tools):
            found[Path(path).parent.name].add(finding)
    return found


def _cfn_lint(templates: Sequence[Path]) -> Iterator[tuple[str, Finding]]:
    command = [Path(sys.executable).with_name("cfn-lint"), "--format", "json", *templates]
    for match in json.loads(_run(command, {0, 2, 4, 6, 8, 10, 12, 14}).stdout or "[]"):
        path = match["Location"]["Path"] or []
        resource = str(path[1]) if len(path) > 1 else "-"
        yield match["Filename"], Finding("cfn-lint", match["Rule"]["Id"], resource)


def _checkov(templates: Sequence[Path], tools: Path) -> Iterator[tuple[str, Finding]]:
    command = [tools / "bin" / "checkov", "--file", *templates, "--framework", "cloudformation"]
    command += ["--skip-download", "--compact", "--output", "json"]
    report = json.loads(_run(command, {0, 1}).stdout)
    if report["summary"]["parsing_errors"]:
        raise ScannerFailed(f"checkov cannot read {', '.join(report['results']['parsing_errors'])}.")
    every = [*report["results"]["passed_checks"], *report["results"]["failed_checks"]]
    _require_all("checkov", templates, {check["file_abs_path"] for check in every})
    for check in report["results"]["failed_checks"]:
        finding = Finding("checkov", check["check_id"], check["resource"].rsplit(".", 1)[1])
        yield check["file_abs_path"], finding


def _control_tower(templates: Sequence[Path], tools: Path) -> Iterator[tuple[str, Finding]]:
    package = tools / GUARD_PACKAGE
    system = {"Linux": "ubuntu", "Darwin": "macos"}.get(platform.system(), platform.system())
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    command = [package / "bin" / system / machine / "cfn-guard", "validate", "--structured"]
    command += ["--show-summary", "none", "--output-format", "json", "--data", *templates]
    command += ["--rules", package / "rules" / "control-tower" / "cfn-guard"]
    reports = json.loads(_run(command, {0, 19}).stdout)
    _require_all("cfn-guard", templates, {report["name"] for report in reports})
    for report in reports:
        for rule in report["not_compliant"]:
            values = [value for value in walk(rule) if isinstance(value, str)]
            controls = {match[1] for value in values if (match := CONTROL.search(value))}
            resources = {value.split("/")[2] for value in values if value.startswith("/Resources/")}
            for resource in resources:
                yield report["name"], Finding("control-tower", min(controls), resource)


def _parliament(templates: Mapping[str, Json], folder: Path, tools: Path) -> Iterator[tuple[str, Finding]]:
    for name, template in templates.items():
        (folder / name).mkdir(parents=True)
        for resource, policy in policies(template):
            with (folder / name / f"{resource}.json").open("x", encoding="utf-8") as file:
                json.dump(policy, file)
    command = [tools / "bin" / "parliament", "--json", "--include_policy_extension", ".json"]
    done = _run([*command, "--directory", folder], {0, 1})
    # 1 is a finding, and also what an error of its own ends with.
    if "Traceback" in done.stderr:
        raise ScannerFailed(f"parliament failed: {done.stderr.strip()[-500:]}")
    for line in done.stdout.splitlines():
        issue = json.loads(line)
        path = Path(issue["location"]["filepath"])
        yield str(path), Finding("parliament", issue["issue"], path.stem)


def _require_all(tool: str, templates: Sequence[Path], seen: set[str]) -> None:
    """Whoever looks at nothing finds nothing, and that would look clean."""
    if missing := [path.stem for path in templates if str(path) not in seen]:
        raise ScannerFailed(f"{tool} did not look at {', '.join(missing)}.")


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
