"""The words of a library's passages, so that what is asked for by name is found by it.

For each word and each segment of a document an item says in which passages the word stands and how much it
matters to each, as BM25 has it. Such items of a word are sorted by what it matters to most. So a question
reads for each of its words at most so many items, the best ones, however large the library is; a ranking in
memory, as libraries for BM25 have it, would read all of it first.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from gradio_app.library import words
from gradio_app.store import schema
from gradio_app.store.table import Attr, Condition, ConflictError, Delete, Put, Table, Update

PASSAGES = 16
"""Passages of a segment, by their numbers."""
READ = 64
"""Items that are read of a word: so many segments, of up to PASSAGES passages each."""
READ_OF_SOME = 512
"""The same where only some documents are asked, for theirs may stand behind many others."""
WORDS_BYTES = 300_000
"""Of one segment, so that they fit into the item of 400 KB that remembers them; of text that people wrote, a
segment has 20 KB. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
K1, B, USUAL_WORDS = 1.2, 0.75, 150
"""BM25's parameters, and how many words a passage of some 300 has without the small ones."""
MOST_RANK = 10**schema.RANK_DIGITS - 1
TRIES = 5
"""Of a change that meets others."""

Place = tuple[str, int]
"""A document and the number of a passage in it."""


@dataclass(frozen=True)
class Text:
    """A passage as far as its words go."""

    number: int
    text: str


class Words:
    """The store. Every method blocks, and raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def write(self, library_id: str, document_id: str, segment: int, texts: Sequence[Text]) -> None:
        """These are the passages of a segment: look their words up from now on, and no others of it.

        What is to be taken back one day is written down before it is written, whenever the task dies.
        """
        pk = schema.passages(library_id)
        places = _places(texts)

        def key(ranked: str) -> str:
            word, _, rank = ranked.rpartition("#")
            return schema.word(word, int(rank), document_id, segment)

        before = self._remember(pk, document_id, segment, places, len(texts))
        self._table.put_all({"pk": pk, "sk": key(each), "places": places[each]} for each in places)
        if stale := before - places.keys():
            self._table.delete_all(pk, map(key, stale))
            self._remember(pk, document_id, segment, places, len(texts), forget=True)

    def remove(self, library_id: str, document_id: str, first_segment: int = 0) -> None:
        """Take the words of a document back, those of its passages from a segment on."""
        pk = schema.passages(library_id)
        for key in self._table.sort_keys(pk, f"{schema.SEGMENT}{document_id}#"):
            segment = int(key.rpartition("#")[2])
            if segment >= first_segment:
                self.write(library_id, document_id, segment, ())
                self._table.write(Delete(pk, key))

    def find(
        self,
        library_id: str,
        asked: Sequence[Collection[str]],
        top: int,
        documents: Collection[str] | None = None,
    ) -> list[tuple[Place, float]]:
        """The passages to which the words matter most, with their scores; each word in any of its forms.

        Args:
            asked: see `gradio_app.library.words.asked`.
            documents: only in these.
        """
        pk = schema.passages(library_id)
        count = (self._table.get(pk, schema.PASSAGE_COUNT) or {}).get("passages", 0)
        scores: defaultdict[Place, float] = defaultdict(float)
        for forms in asked:
            best: defaultdict[Place, float] = defaultdict(float)
            for form in forms:
                places = self._read(pk, form, READ if documents is None else READ_OF_SOME)
                rarity = math.log(1 + (max(count - len(places), 0) + 0.5) / (len(places) + 0.5))
                for place, weight in places.items():
                    best[place] = max(best[place], rarity * weight)
            for place, score in best.items():
                scores[place] += score
        found = [each for each in scores.items() if documents is None or each[0][0] in documents]
        return sorted(found, key=lambda each: (-each[1], each[0]))[:top]

    def _read(self, pk: str, form: str, most: int) -> dict[Place, float]:
        """Where a word stands, in `most` segments, and how much it matters there: between 0 and 1."""
        places: dict[Place, float] = {}
        items = self._table.query(
            pk, prefix=f"{schema.WORD}{form}#", at_once=most, names=["sk", "places"], consistent=False
        )
        for item in islice(items, most):
            _, document_id, _ = schema.word_of(item["sk"])
            for each in item["places"].split():
                number, weight = each.split(":")
                places.setdefault((document_id, int(number)), int(weight) / (MOST_RANK + 1))
        return places

    def _remember(
        self,
        pk: str,
        document_id: str,
        segment: int,
        ranked: Iterable[str],
        passages: int,
        *,
        forget: bool = False,
    ) -> set[str]:
        """Write down which words a segment has, with those that it had unless they are gone; return these."""
        sk = schema.segment(document_id, segment)
        for _ in range(TRIES):
            old = self._table.get(pk, sk)
            before = set(old["words"].split()) if old else set()
            counted = old["passages"] if old else 0
            kept = set(ranked) if forget else before.union(ranked)
            same: Condition = Attr("passages").eq(counted) if old else Attr("pk").not_exists()
            item = {"pk": pk, "sk": sk, "passages": passages, "words": " ".join(sorted(kept)) or " "}
            counting = Update(pk, schema.PASSAGE_COUNT, add={"passages": passages - counted})
            try:
                self._table.transact([Put(item, same), counting])
            except ConflictError:
                continue  # somebody else, who takes us for dead, is at the same segment
            return before
        raise ConflictError(0)


def _places(texts: Sequence[Text]) -> dict[str, str]:
    """By `word#rank`, where each word stands: `number:weight number:weight`."""
    weights: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for each in texts:
        found = words.words(each.text, words.language(each.text))
        length = found.total()
        for word, times in found.items():
            weights[word].append((each.number, _weight(times, length)))
    places: dict[str, str] = {}
    size = 0
    for word in sorted(weights):
        ranked = f"{word}#{MOST_RANK - max(weight for _, weight in weights[word])}"
        size += len(ranked.encode()) + 1
        if size > WORDS_BYTES:
            break
        places[ranked] = " ".join(f"{number}:{weight}" for number, weight in weights[word])
    return places


def _weight(times: int, length: int) -> int:
    """How much a word matters to a passage of this length, as BM25 has it; from 1 to MOST_RANK."""
    weight = times / (times + K1 * (1 - B + B * length / USUAL_WORDS))
    return max(1, round(weight * MOST_RANK))
