"""What passages and questions cost in the table, as the estimate says: on this project's own pages."""

from pathlib import Path
from uuid import uuid4

import pytest

from deployer.offline.cost import Traffic
from gradio_app.library.ports import Passage
from gradio_app.library.words import asked
from gradio_app.store import schema
from gradio_app.store.passages import Passages
from gradio_app.store.table import Table
from tests.gradio_app.metered import Metered

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
WORDS = 300
VECTOR = [0.123456, *[-0.044194] * (schema.DIMENSIONS - 1)]
QUESTIONS = [
    "How do I add an administrator who may look after people?",
    "What happens to the table when KeepData is no?",
    "Which headers does the application send to browsers?",
    "¿Cómo vuelvo a la versión anterior?",
]


@pytest.fixture(scope="module")
def library() -> tuple[Metered, Passages, int]:
    """The pages of docs/ as passages, put away in the batches of ingestion."""
    words = " ".join(path.read_text("utf-8") for path in sorted(ROOT.glob("docs/*.md"))).split()
    texts = [" ".join(words[at : at + WORDS]) for at in range(0, len(words), WORDS)][:64]
    client = Metered(f"cost-{uuid4().hex}")
    passages = Passages(Table(client, client.table_name))
    client.reset()
    for first in range(0, len(texts), 16):
        batch = [Passage(first + at, text, 0, len(text)) for at, text in enumerate(texts[first : first + 16])]
        passages.put("everybody", "d" * 64, "amazon.titan-embed-text-v2:0", batch, [VECTOR] * len(batch))
    return client, passages, len(texts)


def test_the_estimate_of_costs_says_what_a_passage_takes(library: tuple[Metered, Passages, int]) -> None:
    client, _, number = library
    per_passage = client.writes / number
    assert 0.7 * Traffic.writes_per_passage < per_passage < 1.3 * Traffic.writes_per_passage
    stored = client.stored_bytes() / number
    assert 0.7 * Traffic.stored_bytes < stored < 1.3 * Traffic.stored_bytes


def test_the_estimate_of_costs_says_what_a_question_takes(library: tuple[Metered, Passages, int]) -> None:
    client, passages, _ = library
    client.reset()
    for question in QUESTIONS:
        found = passages.by_word("everybody", asked(question), 50)
        passages.read("everybody", [hit.place for hit in found[:16]])
    assert client.reads / len(QUESTIONS) < Traffic.reads_per_question
