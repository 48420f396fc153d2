"""What waits for what, and for how long: `python -m tests.templates.waiting [Key=Value ...]`.

The order is the templates' own: within a stack, a resource waits for what it refers to; a nested stack waits
for the whole of each that it takes something from. The durations are those of
deployer/cloudformation/durations.toml, typical and no promise.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from deployer.cloudformation.durations import durations
from deployer.cloudformation.intrinsics import evaluated
from deployer.cloudformation.parameters import parse_overrides
from deployer.offline.profiles import checked, rendered
from tests.templates.stacks import Json, siblings, walk


@dataclass(frozen=True)
class Step:
    """One resource: when it begins and ends, in seconds from the start, and what it waited for last."""

    name: str
    begins: int
    ends: int
    after: Step | None = None

    @property
    def stack(self) -> str:
        return self.name.partition("/")[0]


def steps(chosen: Mapping[str, str]) -> dict[str, Step]:
    """Every resource that a deployment with these parameters makes, by `Stack/Resource`."""
    values = checked(chosen)
    stacks, table = rendered(values["KeepData"]), durations()
    root = evaluated(stacks["root"], values)["Resources"]

    @cache
    def child(title: str) -> dict[str, Step]:
        waits_for = [child(other) for other in sorted(siblings(root[title]))]
        last = _last(step for steps in waits_for for step in steps.values())
        properties = root[title]["Properties"]
        template = stacks[Path(properties["TemplateURL"]).stem]
        return _within(title, evaluated(template, properties["Parameters"])["Resources"], last, table)

    return {name: step for title in root for name, step in child(title).items()}


def kind(resource: Json) -> str:
    """The resource's type as the table names it: of endpoints there are two kinds."""
    endpoint = resource.get("Properties", {}).get("VpcEndpointType")
    return f"{resource['Type']} {endpoint}" if endpoint else resource["Type"]


def path_to(step: Step) -> list[Step]:
    """The chain that a step waits at the end of, from the start; the step itself is its last."""
    return [*(path_to(step.after) if step.after else []), step]


def _within(title: str, resources: Json, last: Step | None, table: Mapping[str, Any]) -> dict[str, Step]:
    begins = table["stack"] + (last.ends if last else 0)

    @cache
    def step(name: str) -> Step:
        after = _last(step(other) for other in _references(resources[name]) if other in resources)
        start = after.ends if after else begins
        seconds = table.get(kind(resources[name]), {}).get("seconds", table["others"])
        return Step(f"{title}/{name}", start, start + seconds, after or last)

    return {f"{title}/{name}": step(name) for name in resources}


def _last(candidates: Iterator[Step]) -> Step | None:
    """The one that ends last; of several, the first by name, so that the answer is always the same."""
    return min(candidates, key=lambda step: (-step.ends, step.name), default=None)


def _references(resource: Json) -> set[str]:
    """What a resource refers to in its own stack, parameters among them."""
    found = resource.get("DependsOn", [])
    names = {found} if isinstance(found, str) else set(found)
    for value in walk(resource):
        match value:
            case {"Ref": str(name)}:
                names.add(name)
            case {"Fn::GetAtt": [str(name), *_]}:
                names.add(name)
    return names


def report(chosen: Mapping[str, str]) -> str:
    """The longest chain as a table, each line a resource that nothing else holds up longer."""
    made = steps(chosen)
    last = _last(iter(made.values()))
    assert last
    lines = [f"{'begins':>7} {'ends':>7}  what everything waits for"]
    lines += [f"{_clock(step.begins):>7} {_clock(step.ends):>7}  {step.name}" for step in path_to(last)]
    return "\n".join(lines)


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


if __name__ == "__main__":
    print(report(parse_overrides(sys.argv[1:])))
