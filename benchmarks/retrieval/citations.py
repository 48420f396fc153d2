"""The part `citations`: answers go the whole way from the question to the table, and every citation that is
stored and shown is looked for in its document.

The model is a script by itself: what it writes about the passages that it was given are true quotes, altered
ones, invented ones, and ones of other passages. With --model one of the local models answers instead.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from benchmarks.retrieval.asked import ShelfDocuments
from benchmarks.retrieval.bedrock import FOR_VECTORS, local_bedrock, runtime
from benchmarks.retrieval.given import Given
from benchmarks.retrieval.questions import IDENTIFIERS, SAME, Question, questions
from benchmarks.retrieval.shelf import filled
from benchmarks.retrieval.vectors import Remembering
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Models
from gradio_app.documents import kinds
from gradio_app.documents.extraction import extract
from local.bedrock.titan import MODEL_ID
from local.model import CATALOG
from tests.gradio_app.chatting import bedrock_client, make_chatting
from tests.gradio_app.fake_bedrock import FakeBedrock, citation, delta, ending
from tests.gradio_app.in_process import InProcess

ANSWERS = 64
SCRIPT = "script"
NUMBERED, CITING = "global.amazon.nova-2-lite-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
"""Models that are given passages in the two ways: as numbered texts, and as blocks that they cite."""
PASSAGE = re.compile(r'<passage number="(\d+)"[^>]*>\n(.*?)\n</passage>', re.DOTALL)
ANSWER_SECONDS = 900
TABLE = "citations"
TRUE = "true"


@dataclass
class Script:
    """Writes answers about the passages of a request; `wrote` counts quotes by what they are."""

    chance: random.Random = field(default_factory=lambda: random.Random(10))  # noqa: S311 (for quotes)
    wrote: Counter[str] = field(default_factory=Counter)

    def __call__(self, request: Mapping[str, Any]) -> list[bytes]:
        content = request["messages"][-1]["content"]
        blocks = [each["searchResult"] for each in content if "searchResult" in each]
        if blocks:
            passages = ["".join(part["text"] for part in each["content"]) for each in blocks]
            return [*self._beside(passages), ending(9)]
        passages = [text for _, text in PASSAGE.findall(content[-1]["text"])]
        text = " ".join(self._within(passages))
        return [*(delta(each) for each in re.findall(r".{1,12}", text, re.DOTALL)), ending(9)]

    def _quotes(self, passages: list[str]) -> Iterator[tuple[int, str]]:
        """Some quotes, each with the passage that it claims to be from."""
        for _ in range(6):
            at = self.chance.randrange(len(passages))
            words = self._run(passages[at])
            kind = self.chance.choice(
                (TRUE, TRUE, "other blanks", "altered", "invented", "torn", "of another")
            )
            if kind == "altered":
                place = self.chance.randrange(len(words))
                words[place] = str(int(words[place]) + 1) if words[place].isdigit() else f"un{words[place]}"
            elif kind == "invented":
                words = self.chance.sample([word for each in passages for word in each.split()], 7)
            elif kind == "torn":
                words[-1] = words[-1][: max(1, len(words[-1]) // 2)]
            elif kind == "of another":
                at = (at + 1) % len(passages)
            said = ("\n" if kind == "other blanks" else " ").join(words)
            self.wrote[kind] += 1
            yield at, said

    def _within(self, passages: list[str]) -> Iterator[str]:
        """Statements with citations in the form that models are asked for, and in some that they are not."""
        if not passages:
            yield "The documents do not say it."
        for at, said in self._quotes(passages) if passages else ():
            form = self.chance.randrange(4)
            if form == 0:
                yield f"As it says, {said} [{at + 1}](https://example.com)."
            elif form == 1:
                yield f"Something is so [{at + 1}] and [{len(passages) + 7}: \u201c{said}\u201d]."
            else:
                yield f'This is so [{at + 1}: "{said}"].'

    def _beside(self, passages: list[str]) -> Iterator[bytes]:
        """The same as models tell it that cite by themselves."""
        for at, said in self._quotes(passages):
            yield delta("Something is so. ") + citation(at, said)

    def _run(self, passage: str) -> list[str]:
        words = passage.split()
        length = min(len(words), self.chance.randint(4, 20))
        first = self.chance.randint(0, len(words) - length)
        return words[first : first + length]


@dataclass(frozen=True)
class Shown:
    """An answer's citations: how many there are, and those whose words are not in their document."""

    citations: int
    untrue: list[str]


def run(given: Given) -> dict[str, Any]:
    """Measure, and print. Raises CannotMeasure."""
    out, model = given.out, given.model
    asked = [each for each in questions() if each.kind in (SAME, IDENTIFIERS) and each.book in given.books]
    # By an odd step, so that every book, kind and model has its share of them.
    asked = [asked[5 * number % len(asked)] for number in range(ANSWERS)]
    script = Script()
    with ExitStack() as running:
        vectors = Remembering(
            lambda: runtime(running.enter_context(local_bedrock(FOR_VECTORS))),
            MODEL_ID,
            out / "vectors.sqlite",
        )
        documents = ShelfDocuments(filled(out, vectors, given.books), vectors)
        if model:
            url, ids = running.enter_context(local_bedrock(model)).endpoint_url, [CATALOG[model].model_id]
        else:
            fake = running.enter_context(FakeBedrock())
            fake.write, url, ids = script, fake.endpoint_url, [NUMBERED, CITING]
        clients = [bedrock_client(name, url, ANSWER_SECONDS) for name in ("bedrock-runtime", "bedrock")]
        models, table = Models(*clients), InProcess(TABLE)
        shown = []
        for number, question in enumerate(asked):
            chatting = make_chatting(
                table, TABLE, models, metrics=Metrics(TABLE, StringIO()), documents=documents
            )
            chatting.model_id = ids[number % len(ids)]
            started = chatting.start(question.text, asks=question.book)
            if not started.answer.done.wait(ANSWER_SECONDS):
                raise AssertionError("the answer did not end")
            chatting.settle()
            shown.append(_shown(out, question, chatting.last()))
            if given.each:
                print(f"{shown[-1].citations} citations: {question.text}")
    return _told(shown, script, model)


def _shown(out: Path, question: Question, answer: Any) -> Shown:
    """What the table has of an answer, which is what pages are made of."""
    backing = answer.backing
    if backing is None:
        raise AssertionError("the answer was made without documents")
    untrue = []
    for mark in backing.marks:
        words = backing.words(mark)
        if not _stands_in(words, _document(out, question.book, backing.sources[mark.source].document)):
            untrue.append(words)
    return Shown(len(backing.marks), untrue)


def _document(out: Path, book: str, page: str) -> str:
    """The whole text of a document, read anew."""
    if (book, page) not in _READ:
        _READ[book, page] = extract(dict(ShelfDocuments.pages(out, book))[page], kinds.HTML).text
    return _READ[book, page]


_READ: dict[tuple[str, str], str] = {}


def _stands_in(words: str, text: str) -> bool:
    """Whether a text has these words in this order, whole ones, whatever the blanks between them."""
    wanted = r"\s+".join(map(re.escape, words.split()))
    begins, ends = (r"\b" if re.fullmatch(r"\w", sign) else "" for sign in (words[:1], words[-1:]))
    return bool(wanted) and re.search(f"{begins}{wanted}{ends}", text) is not None


def _told(shown: list[Shown], script: Script, model: str) -> dict[str, Any]:
    citations, untrue = sum(each.citations for each in shown), [one for each in shown for one in each.untrue]
    with_some = sum(each.citations > 0 for each in shown)
    print(f"{len(shown)} answers, {with_some} of them with citations, {citations} in all.")
    print(f"{len(untrue)} of them have words that are not in their document.")
    for words in untrue:
        print(f"    {words!r}")
    if not model:
        print(f"The script wrote: {dict(script.wrote)}")
    return {
        "model": model or SCRIPT,
        "answers": len(shown),
        "with citations": with_some,
        "citations": citations,
        "untrue": untrue,
        "wrote": dict(script.wrote),
    }
