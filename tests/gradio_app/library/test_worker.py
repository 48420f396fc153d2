"""The thread in which documents are worked on: woken at once, behind everything else, put down when asked."""

import os
import threading

import pytest

from gradio_app.library import worker as module
from gradio_app.library.worker import NICENESS, Worker
from gradio_app.store.table import TableUnreachable

LONG = 3600.0
SOON = 20


class Work:
    """Things to do, and what was done by whom."""

    def __init__(self) -> None:
        self.left: list[BaseException | str] = []
        self.done = threading.Semaphore(0)
        self.looked = threading.Semaphore(0)
        self.niceness = 0

    def __call__(self) -> bool:
        self.niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        if not self.left:
            self.looked.release()
            return False
        thing = self.left.pop(0)
        if isinstance(thing, BaseException):
            self.looked.release()
            raise thing
        self.done.release()
        return True


def running(work: Work, look_seconds: float = LONG) -> Worker:
    made = Worker(work, threading.Event(), threading.Event(), look_seconds)
    made.start()
    return made


def test_it_looks_when_it_starts_and_works_at_once_when_it_is_woken() -> None:
    work = Work()
    worker = running(work)
    assert work.looked.acquire(timeout=SOON)
    work.left = ["one", "two"]
    worker.wake()
    assert work.done.acquire(timeout=SOON)
    assert work.done.acquire(timeout=SOON)
    worker.stop()
    assert not any(thread.name == "ingestion" for thread in threading.enumerate())


def test_it_looks_now_and_then_by_itself() -> None:
    work = Work()
    worker = running(work, look_seconds=0.01)
    for _ in range(3):
        assert work.looked.acquire(timeout=SOON)
    worker.stop()


@pytest.mark.parametrize("failure", [TableUnreachable("out"), RuntimeError("a bug")])
def test_it_outlives_what_fails(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AFTER_FAILURE_SECONDS", 0.01)
    work = Work()
    work.left = [failure, "next"]
    worker = running(work)
    assert work.done.acquire(timeout=SOON)
    worker.stop()


def test_it_stands_behind_everything_else() -> None:
    work = Work()
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    worker = running(work)
    assert work.looked.acquire(timeout=SOON)
    worker.stop()
    assert work.niceness == max(before, NICENESS)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_one_that_was_never_started_can_be_stopped() -> None:
    Worker(Work(), threading.Event(), threading.Event()).stop()
