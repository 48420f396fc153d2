"""Scan every profile: `python -m tests.scan [--tools DIR]`.

Fails on a finding that is not waived with a reason, and on a waiver that nothing needs any more.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deployer.profiles import flat, load, rendered
from tests.scan.findings import Finding, ScannerFailed, scan

WAIVERS = Path(__file__).with_name("waivers.toml")
TOOLS = Path(__file__).parents[2] / ".venv-scan"


@dataclass(frozen=True)
class Waiver:
    """Why findings of one rule on some resources are as they should be."""

    tool: str
    rule: str
    resource: str
    """A regular expression for the whole logical ID."""
    reason: str

    def covers(self, finding: Finding) -> bool:
        same_rule = (self.tool, self.rule) == (finding.tool, finding.rule)
        return same_rule and re.fullmatch(self.resource, finding.resource) is not None


def waivers(path: Path = WAIVERS) -> list[Waiver]:
    """The waivers of the file. Raises TypeError for one that lacks a part, or has one too many."""
    return [Waiver(**entry) for entry in tomllib.loads(path.read_text("utf-8")).get("waiver", [])]


def verdict(found: Mapping[str, set[Finding]], waived: Sequence[Waiver]) -> list[str]:
    """What is wrong, as lines to print: findings that no waiver covers, waivers that cover none."""
    lines = [
        f"{profile}: {finding.tool} {finding.rule} on {finding.resource}"
        for profile, findings in found.items()
        for finding in sorted(findings)
        if not any(waiver.covers(finding) for waiver in waived)
    ]
    every = set().union(*found.values())
    lines += [
        f"needless waiver: {waiver.tool} {waiver.rule} on {waiver.resource}"
        for waiver in waived
        if not any(waiver.covers(finding) for finding in every)
    ]
    return lines


def main(arguments: Sequence[str]) -> int:
    """Scan and report; return the exit code: 0 clean, 1 not, 2 a scanner is missing."""
    parser = argparse.ArgumentParser(prog="make scan", description="Scan the templates of every profile.")
    parser.add_argument("--tools", type=Path, default=TOOLS, help="where the scanners are installed")
    tools = parser.parse_args(arguments).tools.absolute()
    templates = {name: flat(parameters)[0] for name, parameters in load().items()}
    templates["bootstrap"] = rendered()["bootstrap"]
    found: dict[str, set[Finding]] = {}
    waived = waivers()
    with TemporaryDirectory() as folder:
        for name, template in templates.items():
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(template), encoding="utf-8")
            try:
                found[name] = scan(path, tools)
            except ScannerFailed as error:
                print(error, file=sys.stderr)
                return 2
            count = len(template["Resources"])
            open_findings = sum(not any(w.covers(f) for w in waived) for f in found[name])
            print(f"{name}: {count} resources, {len(found[name])} findings, {open_findings} without a waiver")
    wrong = verdict(found, waived)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
