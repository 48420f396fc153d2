"""The part `length`: the processor's time for a turn in a new conversation and in one of 300 turns."""

from statistics import median
from typing import Any

from benchmarks.serving.task import Task
from benchmarks.serving.turns import laid_down, new_conversation, turn

LONG = 300
WORDS = 250
WORD_SECONDS = 0.02
"""Between two words of an answer, which then takes five seconds."""
QUESTION, STORED = "a question " * 10, "words of an answer " * 160
"""Of a turn of 3 kB, as people write them."""
ASKED = "answer: " + " ".join(["word"] * WORDS)


def run(task: Task, pairs: int) -> dict[str, Any]:
    """Ask in both by turns, and tell the medians in seconds and their ratio."""
    tab = task.tab()
    long, version = laid_down(task, LONG, QUESTION, STORED)
    turn(tab, new_conversation(), "answer: yes", 0)
    version = turn(tab, long, "answer: yes", version)
    task.model.word_seconds = WORD_SECONDS
    seconds: dict[int, list[float]] = {0: [], LONG: []}
    for _ in range(pairs):
        before = task.processor_seconds()
        turn(tab, new_conversation(), ASKED, 0)
        between = task.processor_seconds()
        version = turn(tab, long, ASKED, version)
        seconds[0].append(between - before)
        seconds[LONG].append(task.processor_seconds() - between)
    task.model.word_seconds = 0
    short, longer = median(seconds[0]), median(seconds[LONG])
    print(
        f"processor seconds of a turn of {WORDS} words, median of {pairs}: {short:.2f} in a new conversation,"
    )
    print(f"{longer:.2f} in one of {LONG} turns: {longer / short:.2f} times as much")
    return {"pairs": pairs, "seconds": seconds, "ratio": longer / short}
