"""A plan: what a deployment will do, to resources, data and the bill, and how that was found out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from deployer.cloudformation import changes, deployed, foreseen, package
from deployer.cloudformation.foreseen import Action, Change
from deployer.cloudformation.intrinsics import Json, defaults
from deployer.cloudformation.package import STACK_TYPE
from deployer.console import say
from deployer.offline import compared, consequences
from deployer.offline.compared import Unforeseeable
from deployer.offline.consequences import Costs, Loss

NAMES_SHOWN = 8
REASONS_SHOWN = 4
RISKY = {Action.REPLACE, Action.PERHAPS_REPLACE}
_COLORS = {
    Action.ADD: "green",
    Action.TAKE_OVER: "green",
    Action.PERHAPS_REPLACE: "yellow",
    Action.REPLACE: "yellow",
    Action.REMOVE: "yellow",
}

Values = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will happen.

    Attributes:
        source: how it was found out, for people.
        changes: what happens to each resource.
        passed_on: how many resources CloudFormation looks at again only because of values yet to come.
        losses: what happens to data that nobody gets back.
        before: what the running deployment costs; None without one, or where it cannot be told.
        after: what the new one costs; None where it cannot be told.
    """

    source: str
    changes: Sequence[Change]
    passed_on: int = 0
    losses: Sequence[Loss] = ()
    before: Costs | None = None
    after: Costs | None = None


@dataclass(frozen=True)
class Templates:
    """Old and new templates, each as one whole, and what they cost; a side is None where there is none."""

    changes: Sequence[Change]
    before: Costs | None
    after: Costs | None


def written(root: Path) -> dict[str, Json]:
    """The written templates by their files' stems, `root` among them."""
    template = package.read(root)
    return {"root": template} | {
        Path(name).stem: package.read(root.parent / name) for _, name in package.children(template)
    }


def by_templates(root: Path, values: Values, running: deployed.Templates | None) -> Templates:
    """Compare the written templates with the running ones; raises Unforeseeable."""
    wanted = written(root)
    template = wanted["root"]
    new = compared.whole(wanted, values)
    old: Json = {"Resources": {}}
    before = None
    if running:
        old = compared.whole(running.stacks, running.values)
        # An older version may lack a parameter of today: what it did is what the default does, if anything.
        before = consequences.costs(old, defaults(template) | dict(running.values))
    return Templates(compared.changes(old, new), before, consequences.costs(new, values))


def of_templates(found: Templates, source: str) -> Plan:
    """The plan that is computed from the templates alone."""
    return Plan(
        source=source,
        changes=found.changes,
        losses=list(consequences.losses(found.changes)),
        before=found.before,
        after=found.after,
    )


def of_change_set(
    cloudformation: Any, change_set: changes.ChangeSet, found: Templates | Unforeseeable
) -> Plan:
    """The plan that a change set is, with what the templates say where CloudFormation is not sure."""
    told = list(foreseen.of_change_set(cloudformation, change_set["ChangeSetId"]))
    why = change_set.get(changes.REFUSED)
    if isinstance(found, Unforeseeable):
        return _without_templates(told, found, why)
    if why:
        return of_templates(
            found, "the templates, old against new: CloudFormation refuses the preview of nested stacks"
        )
    by_path = {change.path: change for change in found.changes}
    sure = [better for change in told for better in _surer(change, by_path, found.changes)]
    kept = [change for change in sure if change.is_certain or change.path in by_path]
    return Plan(
        source="CloudFormation's change set",
        changes=kept,
        passed_on=len(sure) - len(kept),
        losses=list(consequences.losses(kept)),
        before=found.before,
        after=found.after,
    )


def _surer(change: Change, by_path: dict[str, Change], every: Iterable[Change]) -> list[Change]:
    """A change with what the templates add to it; a removed nested stack as what is in it."""
    if change.kind == STACK_TYPE and change.action is Action.REMOVE:
        inside = [each for each in every if each.stack == change.path and each.action is Action.REMOVE]
        return inside or [change]
    own = by_path.get(change.path)
    if change.action is Action.PERHAPS_REPLACE and not (own and own.action in RISKY):
        change = replace(change, action=Action.MODIFY)
    if change.keeps is None and own and change.action in {*RISKY, Action.REMOVE}:
        change = replace(change, keeps=own.keeps)
    return [change]


def _without_templates(told: Sequence[Change], unforeseeable: Unforeseeable, why: str | None) -> Plan:
    """What CloudFormation says, and nothing more: what is nested and not told may be anything."""
    hidden = [change for change in told if change.kind == STACK_TYPE and change.action is not Action.ADD]
    unknown = [
        Loss(change.path, f"{change.path}: what happens inside cannot be foreseen.")
        for change in hidden
        if why or change.action is Action.REMOVE
    ]
    return Plan(
        source=f"CloudFormation's change set alone, for {unforeseeable}",
        changes=told,
        losses=[*consequences.losses(told), *unknown],
    )


# --- the page ---


def show(plan: Plan, title: str, console: Console) -> None:
    """Print a plan: per stack, then the bill, then the data."""
    say(console, f"{title}: {changes.summary(plan.changes, with_names=False)}.", "bold")
    say(console, f"By {plan.source}.")
    by_stack: dict[str, list[Change]] = defaultdict(list)
    for change in plan.changes:
        by_stack[change.stack].append(change)
    width = max((len(stack) for stack in by_stack), default=0)
    for stack, found in by_stack.items():
        for action in Action:
            if some := [change for change in found if change.action is action]:
                say(
                    console,
                    f"  {stack:<{width}}  {len(some)} to {action}{_names(some)}",
                    _COLORS.get(action, ""),
                )
    if any(change.action not in (Action.ADD, Action.TAKE_OVER, Action.MODIFY) for change in plan.changes):
        say(console, "CHANGELOG.md says what an upgrade makes again, and what one has to do.")
    if plan.passed_on:
        say(
            console,
            f"CloudFormation looks at {plan.passed_on} more because of values that other stacks give; by the "
            "templates they stay as they are.",
        )
    say(console, _bill(plan))
    lost = {loss.path for loss in plan.losses}
    for change in plan.changes:
        if change.keeps and change.path not in lost:
            say(
                console,
                f"Kept by its deletion policy, and paid for until you delete it: {change.path}",
                "yellow",
            )
    for loss in plan.losses:
        say(console, f"DATA IS LOST: {loss.message}", "bold red")


def _names(some: Sequence[Change]) -> str:
    if len(some) > NAMES_SHOWN and some[0].action is Action.ADD:
        return ""
    return f": {', '.join(map(_name, some))}"


def _name(change: Change) -> str:
    if not change.because or change.action in (Action.ADD, Action.REMOVE):
        return change.title
    more = ", …" if len(change.because) > REASONS_SHOWN else ""
    return f"{change.title} ({', '.join(change.because[:REASONS_SHOWN])}{more})"


def _bill(plan: Plan) -> str:
    if plan.after is None:
        return "What it costs a month cannot be told for these templates."
    idle, busy = plan.after.idle, plan.after.busy
    if plan.before is None:
        return f"It costs about {idle:.2f} USD a month, {busy:.2f} with traffic (`make cost` says how)."
    if (was := plan.before) == plan.after:
        return f"It costs what it cost, about {idle:.2f} USD a month, {busy:.2f} with traffic."
    return (
        f"It costs about {idle:.2f} USD a month instead of {was.idle:.2f} ({idle - was.idle:+.2f}), "
        f"with traffic {busy:.2f} instead of {was.busy:.2f} ({busy - was.busy:+.2f})."
    )
