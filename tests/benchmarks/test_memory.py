"""The benchmark's table in memory finds what the emulator's finds."""

import random
from uuid import uuid4

import pytest

from benchmarks.retrieval.memory import MemoryTable
from gradio_app.library.ports import Passage
from gradio_app.library.words import asked
from gradio_app.store import schema
from gradio_app.store.passages import Passages
from gradio_app.store.table import Table
from tests.gradio_app.in_process import InProcess

WORDS = ["apt", "dpkg", "quota", "backup", "kernel", "server", "printer", "user-1", "user-2", "/etc/fstab"]
MODEL = "a-model"


def vector(source: random.Random) -> list[float]:
    return [source.uniform(-1, 1) for _ in range(schema.DIMENSIONS)]


def fill(passages: Passages) -> None:
    source = random.Random(7)  # noqa: S311 (the same for both tables)
    for library in ("en", "es"):
        for document, count in (("one", 20), ("two", 5)):
            made = [
                Passage(number, " ".join(source.choices(WORDS, k=12)), 0, 1, heading="Tools")
                for number in range(count)
            ]
            passages.put(library, document, MODEL, made, [vector(source) for _ in made])
    passages.put("en", "two", "another", [Passage(0, "apt", 0, 1)], [vector(source)])
    passages.keep_only("es", "one", MODEL, 18)
    passages.delete("es", "two")


@pytest.fixture(scope="module")
def both() -> tuple[Passages, Passages]:
    client = InProcess(f"memory-{uuid4().hex}")
    tables = Table(client, client.table_name, sleep=lambda _: None), MemoryTable()
    made = Passages(tables[0]), Passages(tables[1])
    for passages in made:
        fill(passages)
    return made


@pytest.mark.parametrize("library", ["en", "es", "nobody's"])
def test_it_finds_the_same(both: tuple[Passages, Passages], library: str) -> None:
    asking = vector(random.Random(8))  # noqa: S311
    meant = [passages.by_meaning(library, asking, 7, MODEL) for passages in both]
    assert [hit.place for hit in meant[0]] == [hit.place for hit in meant[1]]
    assert [hit.score for hit in meant[0]] == pytest.approx([hit.score for hit in meant[1]], abs=1e-4)
    question = asked("How do I back up the quota of user-1 with apt tools?")
    worded = [passages.by_word(library, question, 10) for passages in both]
    assert worded[0] == worded[1]
    assert bool(worded[0]) == bool(meant[0]) == (library != "nobody's")
    places = [("one", 0), ("one", 19), ("two", 0)]
    assert both[0].read(library, places) == both[1].read(library, places)
