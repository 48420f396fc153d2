"""The part `beside`: how much longer an answer takes while a document is worked on in the same task.

Answers are written in one process with the work on documents, as in a task: the thread that is nice, the
child that reads, the calls for vectors. The models are in another process, and take as long for a word and
for a vector as may be on Bedrock. Rounds with and without a document take turns, so that what else the
machine does falls on both; only the ratio says something.
"""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from typing import Any
from uuid import uuid4

from benchmarks.retrieval.given import Given
from benchmarks.retrieval.memory import MemoryTable
from gradio_app.chat.conversation import new_id
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Models
from gradio_app.library import ingestion
from gradio_app.library.adding import Adding
from gradio_app.library.cutting import cut
from gradio_app.library.document import Document, Quotas, State
from gradio_app.library.embeddings import Embeddings
from gradio_app.library.ingestion import Ingestion
from gradio_app.library.worker import Worker
from gradio_app.store import schema
from gradio_app.store.bucket import Bucket
from gradio_app.store.ingesting import Ingesting
from gradio_app.store.library import Library
from gradio_app.store.passages import Passages
from gradio_app.store.table import Table
from tests.emulator_fixture import run_emulator
from tests.gradio_app.chatting import Chatting, bedrock_client, make_chatting, until
from tests.gradio_app.documents import samples
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.tables import create_table

ROUNDS, ANSWERS = 8, 4
"""Rounds of each kind, and answers of one."""
WORDS, WORD_SECONDS, VECTOR_SECONDS = 120, 0.01, 0.05
"""An answer of 1.2 seconds; a Bedrock model that is quick."""
PAGES = 500
QUOTAS = Quotas(files=100, bytes=10**9, pages=10**6)
QUESTION = "answer: " + " ".join(f"word{number}" for number in range(WORDS))
OWN = schema.own_library("somebody")


def run(given: Given) -> dict[str, Any]:
    """Measure, and print."""
    with ExitStack() as running:
        place = running.enter_context(_place())
        took: dict[bool, list[float]] = {False: [], True: []}
        for number in range(2 * ROUNDS):
            is_beside = number % 2 == 1
            with place.document() if is_beside else ExitStack():
                took[is_beside] += [place.answer() for _ in range(ANSWERS)]
            if given.each:
                print(f"{'beside' if is_beside else 'alone':8}{took[is_beside][-ANSWERS:]}")
    alone, beside = (_shares(took[is_beside]) for is_beside in (False, True))
    ratios = {name: beside[name] / alone[name] for name in alone}
    for name, ratio in ratios.items():
        print(f"{name:12} alone {alone[name]:6.3f} s, beside {beside[name]:6.3f} s: {ratio:.3f} times")
    print(f"{2 * ROUNDS * ANSWERS} answers; {place.put} passages were made beside half of them.")
    return {"alone": alone, "beside": beside, "ratios": ratios, "passages": place.put}


class _Place:
    """A task with somebody who asks, and documents."""

    def __init__(self, dynamodb: Any, table: str, endpoint_url: str) -> None:
        runtime, bedrock = (bedrock_client(name, endpoint_url) for name in ("bedrock-runtime", "bedrock"))
        core, bucket = Table(dynamodb, table), Bucket(FakeS3(), "files")
        self.put = 0
        self._chatting: Chatting = make_chatting(
            dynamodb, table, Models(runtime, bedrock), metrics=Metrics(table, StringIO())
        )
        self._library = Library(core, QUOTAS)
        wake, stopping = threading.Event(), threading.Event()
        parts = ingestion.Parts(
            store=Ingesting(core, QUOTAS.pages),
            bucket=bucket,
            passages=Passages(MemoryTable()),
            embedder=Embeddings(runtime, "amazon.titan-embed-text-v2:0"),
            read=ingestion.read,
            cut=cut,
            follow_on=lambda *_: False,
        )
        self._worker = Worker(Ingestion(parts, wake, stopping).work_on_one, wake, stopping, look_seconds=1)
        self._adding = Adding(self._library, bucket, self._worker.wake)
        self._worker.start()
        self.stop = self._worker.stop

    def answer(self) -> float:
        """Seconds from a question to its stored answer."""
        self._chatting.conversation_id = new_id()  # as long as all others
        begun = time.monotonic()
        started = self._chatting.start(QUESTION)
        if not started.answer.done.wait(120):
            raise AssertionError("the answer did not end")
        took = time.monotonic() - begun
        until(lambda: self._chatting.running.is_idle)
        return took

    @contextmanager
    def document(self) -> Iterator[None]:
        """Meanwhile vectors of a document are made and put away, which takes longer than that."""
        name = uuid4().hex
        pages = (f"{name} {page}\n" + "words of a page " * 75 for page in range(PAGES))
        added = self._adding.add(OWN, "somebody", f"{name}.pdf", samples.pdf(*pages))
        while self._state(added) in (State.WAITING, State.READING):
            time.sleep(0.05)
        yield
        found = self._library.get(OWN, added.id)
        if found is None or found.state is not State.EMBEDDING:
            raise AssertionError("the document was done before the answers were: make it longer")
        self.put += found.done
        self._library.delete(OWN, added.id)
        self._worker.wake()
        while self._state(added) is not None:
            time.sleep(0.05)

    def _state(self, added: Document) -> State | None:
        found = self._library.get(OWN, added.id)
        return found and found.state


@contextmanager
def _place() -> Iterator[_Place]:
    command = [sys.executable, "-m", "benchmarks.retrieval.elsewhere", str(WORD_SECONDS), str(VECTOR_SECONDS)]
    with run_emulator() as emulator:
        models = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        try:
            if models.stdout is None:
                raise AssertionError("it was asked for")
            dynamodb, table = emulator.client("dynamodb"), f"beside-{uuid4().hex}"
            create_table(dynamodb, table)
            place = _Place(dynamodb, table, models.stdout.readline().strip())
            yield place
            place.stop()
        finally:
            models.communicate()


def _shares(took: list[float]) -> dict[str, float]:
    in_order = sorted(took)
    return {"half in": statistics.median(in_order), "90 % in": in_order[int(0.9 * len(in_order))]}
