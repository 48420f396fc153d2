"""The part `lag`: how long others wait while somebody says "hi" beneath hostile messages."""

import threading
import time
from statistics import median
from typing import Any

from benchmarks.serving.task import Task
from benchmarks.serving.turns import new_conversation, turn, view

TURNS = 15
HOSTILE = ">" * 20 + "a\n" + "b\n" * 15980 + "<b>"
"""Once 0.65 s of Markdown on the event loop, for each message of the page."""
PLAIN = ("words of an answer " * 1700)[: len(HOSTILE)]
LOOK_SECONDS = 0.005


def run(task: Task, pairs: int) -> dict[str, Any]:
    """Say "hi" beneath both kinds by turns; the longest answer of /healthz meanwhile, in seconds."""
    tab = task.tab()
    texts = {"plain": PLAIN, "hostile": HOSTILE}
    talks = {kind: _talk(task, text) for kind, text in texts.items()}
    waits: dict[str, list[float]] = {kind: [] for kind in texts}
    used: dict[str, list[float]] = {kind: [] for kind in texts}
    for _ in range(pairs):
        for kind, (conversation_id, version) in talks.items():
            before = task.processor_seconds()
            with _Watch(task) as watch:
                view(tab, conversation_id)
                talks[kind] = conversation_id, turn(tab, conversation_id, "answer: hi", version)
            waits[kind].append(watch.longest)
            used[kind].append(task.processor_seconds() - before)
    for kind in texts:
        print(
            f"beneath {TURNS} {kind} turns of {len(texts[kind])} characters: /healthz answered in "
            f"{max(waits[kind]):.3f} s at most, {median(waits[kind]):.3f} s the median of {pairs} tries; "
            f"{median(used[kind]):.2f} processor seconds"
        )
    ratio = median(waits["hostile"]) / median(waits["plain"])
    print(f"others wait {ratio:.2f} times as long beneath hostile ones")
    return {"pairs": pairs, "longest seconds": waits, "processor seconds": used, "ratio": ratio}


def _talk(task: Task, text: str) -> tuple[str, int]:
    """A conversation with so many such questions and answers: its id and version."""
    conversation_id, version, tab = new_conversation(), 0, task.tab()
    for _ in range(TURNS):
        version = turn(tab, conversation_id, f"answer: {text}"[: len(text)], version)
    return conversation_id, version


class _Watch:
    """Asks after the task's health again and again, on a connection of its own."""

    def __init__(self, task: Task) -> None:
        self.longest = 0.0
        self._http = task.browser()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "_Watch":
        self._http.get("/healthz")  # the connection stands
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._http.close()

    def _look(self) -> None:
        while not self._is_over.wait(LOOK_SECONDS):
            begun = time.monotonic()
            self._http.get("/healthz").raise_for_status()
            self.longest = max(self.longest, time.monotonic() - begun)
