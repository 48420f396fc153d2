"""The part `memory`: what page views and turns leave in the process."""

from typing import Any

from benchmarks.serving.task import Task
from benchmarks.serving.turns import delete, new_conversation, turn, view

MIB = 1024 * 1024
TURNS_EACH = 20
"""Turns of one conversation."""
WARM_VIEWS, WARM_TURNS = 200, 40
"""After which whatever is made once is made."""
STEPS = 10
ANSWER = "answer: " + "words of an answer " * 50


def run(task: Task, views: int, turns: int) -> dict[str, Any]:
    """View and ask so often, and tell what the process held meanwhile, in bytes."""
    tab = task.tab()
    conversation_id = _asked(task, WARM_TURNS)
    for _ in range(WARM_VIEWS):
        view(tab, conversation_id)
    held = {"views": [task.resident_bytes()]}
    for step in range(STEPS):
        for _ in range(_part(views, step)):
            view(tab, conversation_id)
        held["views"].append(task.resident_bytes())
        print(f"after {views * (step + 1) // STEPS:6} views  {_mib(held['views'][-1])}", flush=True)
    held["turns"] = [task.resident_bytes()]
    for step in range(STEPS):
        _asked(task, _part(turns, step))
        held["turns"].append(task.resident_bytes())
        print(f"after {turns * (step + 1) // STEPS:6} turns  {_mib(held['turns'][-1])}", flush=True)
    found: dict[str, Any] = {"views": views, "turns": turns, "resident bytes": held}
    for name, count in (("views", views), ("turns", turns)):
        grown = (held[name][-1] - held[name][0]) / max(1, count)
        found[f"bytes left by one of the {name}"] = round(grown)
        first, last = _mib(held[name][0]), _mib(held[name][-1])
        print(f"{count} {name} left {grown:.0f} bytes each; {first} before, {last} after")
    return found


def _asked(task: Task, turns: int) -> str:
    """So many turns in new conversations; the id of the last one, the others are deleted."""
    conversation_id, version, tab = new_conversation(), 0, task.tab()
    for number in range(turns):
        if number and number % TURNS_EACH == 0:
            delete(tab, conversation_id)  # the emulator searches a long table slowly
            conversation_id, version, tab = new_conversation(), 0, task.tab()
        version = turn(tab, conversation_id, ANSWER, version)
    return conversation_id


def _part(count: int, step: int) -> int:
    return count * (step + 1) // STEPS - count * step // STEPS


def _mib(size: int) -> str:
    return f"{size / MIB:.1f} MiB"
