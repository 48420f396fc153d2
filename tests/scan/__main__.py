"""Scan every profile and what stands beside it: `python -m tests.scan [--tools DIR]`.

Fails on a finding that is not waived with a reason, on a waiver that nothing needs any more, and on more
findings than the file of waivers allows a profile.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployer.offline import github
from deployer.offline.profiles import flat, load, rendered
from deployer.options import DEFAULT_STACK
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


def most(path: Path = WAIVERS) -> dict[str, dict[str, int]]:
    """How many findings there may be, waived ones included: by profile and tool."""
    return tomllib.loads(path.read_text("utf-8")).get("most", {})


def verdict(
    found: Mapping[str, set[Finding]], waived: Sequence[Waiver], allowed: Mapping[str, Mapping[str, int]]
) -> list[str]:
    """What is wrong, as lines to print.

    Findings that no waiver covers, waivers that cover none, and more findings than `allowed`, which is by
    profile and tool.
    """
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
    lines += [
        f"{profile}: {count} findings of {tool}, waived or not, and at most {number} are allowed"
        for profile, tools in allowed.items()
        for tool, number in tools.items()
        if (count := _by_tool(found[profile])[tool]) > number
    ]
    return lines


def _by_tool(findings: set[Finding]) -> Counter[str]:
    return Counter(finding.tool for finding in findings)


def main(arguments: Sequence[str]) -> int:
    """Scan and report; return the exit code: 0 clean, 1 not, 2 a scanner is missing."""
    parser = argparse.ArgumentParser(prog="make scan", description="Scan the templates of every profile.")
    parser.add_argument("--tools", type=Path, default=TOOLS, help="where the scanners are installed")
    tools = parser.parse_args(arguments).tools.absolute()
    templates = {name: flat(parameters)[0] for name, parameters in load().items()}
    templates["bootstrap"] = rendered()["bootstrap"]
    templates["github"] = github.template(DEFAULT_STACK)
    try:
        found = scan(templates, tools)
    except ScannerFailed as error:
        print(error, file=sys.stderr)
        return 2
    for name, template in templates.items():
        counts = ", ".join(f"{tool} {count}" for tool, count in sorted(_by_tool(found[name]).items()))
        print(f"{name}: {len(template['Resources'])} resources, findings: {counts}")
    wrong = verdict(found, waivers(), most())
    print("\n".join(wrong) or "Every finding is waived with a reason.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
