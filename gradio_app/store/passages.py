"""Passages of documents: put away, found by meaning and by word, read.

This is the one module that searches the vector index. DynamoDB's own permissions end at the index, so that a
search stays in one library is this module's doing: every method names the library, and none takes two.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal

from botocore.exceptions import ClientError

from gradio_app.library import words
from gradio_app.library.ports import Passage
from gradio_app.store import schema
from gradio_app.store.table import Item, Table, TableUnreachable
from gradio_app.store.words import PASSAGES, Place, Text, Words

CHARACTERS = 8_000
"""Of one passage; one that can be cited has some 2,000."""
MOST = 10**schema.PASSAGE_DIGITS
"""Passages of one document."""
DECIMALS = 6
"""Of a vector's numbers. More changes no ranking, and each digit is stored and paid for."""
TOP = 100
"""Most that one search finds: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"""
EACH_DOCUMENT = 16
"""Up to so many documents are searched one by one; of more, the nearest of the library are looked through
first, where one search may be enough."""
MOST_DOCUMENTS = 200
"""Most that one question searches one by one, when the rest of the library is nearer; as many as a library
has unless that is chosen. Each is charged as 1 KB at least."""
OF_EACH = 16
"""Passages of one of so many documents."""
AT_ONCE = 8
"""Such searches of one task."""
ENOUGH = 16
"""So many of the library's nearest passages, in the documents that are asked, are what an answer needs."""
NOT_THERE_YET = ("does not have the specified index", "Cannot search backfilling vector index")
"""Parts of DynamoDB's messages while an index is being made, and for a moment after."""


class IndexNotReadyError(Exception):
    """The vector index is still being made: minutes after an upgrade. Try again."""


@dataclass(frozen=True)
class Hit:
    """A passage that was found; a higher score is nearer. Scores of two ways of finding do not compare.

    `language` is the passage's, where it was found by meaning and is known.
    """

    document_id: str
    number: int
    score: float
    language: str = ""

    @property
    def place(self) -> Place:
        return self.document_id, self.number


class Passages:
    """The store. Every method blocks, and raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._words = Words(table)
        self._searches = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="search")

    def put(
        self,
        library_id: str,
        document_id: str,
        model: str,
        passages: Sequence[Passage],
        vectors: Sequence[Sequence[float]],
    ) -> None:
        """Put some away, in place of those with the same numbers. Raises ValueError for what is too long."""
        pk = schema.passages(library_id)
        pairs = list(zip(passages, vectors, strict=True))
        self._table.put_all(
            [
                *(_passage_item(pk, document_id, passage) for passage in passages),
                *(_vector_item(library_id, document_id, model, passage, vector) for passage, vector in pairs),
            ]
        )
        for segment in sorted({passage.number // PASSAGES for passage in passages}):
            self._index(library_id, document_id, segment)

    def keep_only(self, library_id: str, document_id: str, model: str, count: int | None = None) -> None:
        """Delete vectors of other models; with `count`, also all that has a number from there on."""
        pk = schema.passages(library_id)
        most = MOST if count is None else count
        vectors = self._table.sort_keys(pk, f"{schema.VECTOR_OF}{document_id}#")
        stale = [key for key in vectors if _is_stale(key, model, most)]
        self._table.delete_all(pk, stale)
        if count is None:
            return
        passages = self._table.sort_keys(pk, f"{schema.PASSAGE}{document_id}#")
        self._table.delete_all(pk, [key for key in passages if key >= schema.passage(document_id, count)])
        self._words.remove(library_id, document_id, -(-count // PASSAGES))
        if count % PASSAGES:
            self._index(library_id, document_id, count // PASSAGES)

    def delete(self, library_id: str, document_id: str) -> None:
        """Delete all of a document."""
        pk = schema.passages(library_id)
        self._words.remove(library_id, document_id)
        for prefix in (schema.VECTOR_OF, schema.PASSAGE):
            self._table.delete_all(pk, self._table.sort_keys(pk, f"{prefix}{document_id}#"))

    def is_ready(self) -> bool:
        """Whether the vector index is there and filled; in the moment after, a search may still say no."""
        index = self._table.vector_indexes().get(schema.BY_MEANING, {})
        return index.get("IndexStatus") == "ACTIVE" and not index.get("Backfilling")

    def by_meaning(
        self,
        library_id: str,
        vector: Sequence[float],
        top: int,
        model: str,
        documents: Collection[str] | None = None,
    ) -> list[Hit]:
        """The passages nearest to a vector among those with vectors of its model; with `documents`, in these.

        Raises IndexNotReadyError.
        """
        if documents is None:
            return self._search(library_id, vector, top, {"model": model})
        if len(documents) <= EACH_DOCUMENT:
            return self._in_each(library_id, vector, documents, top, top, model)
        nearest = self._search(library_id, vector, TOP, {"model": model})
        found = [hit for hit in nearest if hit.document_id in documents]
        if len(found) >= min(top, ENOUGH):
            return found[:top]
        return self._in_each(library_id, vector, sorted(documents)[:MOST_DOCUMENTS], top, OF_EACH, model)

    def _in_each(
        self,
        library_id: str,
        vector: Sequence[float],
        documents: Collection[str],
        top: int,
        of_each: int,
        model: str,
    ) -> list[Hit]:
        """The nearest passages of these documents, each of which is searched by itself."""

        def search(document: str) -> list[Hit]:
            narrowed = {"model": model, "document": document}
            return self._search(library_id, vector, min(of_each, top), narrowed)

        found = [hit for hits in self._searches.map(search, documents) for hit in hits]
        return sorted(found, key=lambda hit: -hit.score)[:top]

    def by_word(
        self,
        library_id: str,
        asked: Sequence[Collection[str]],
        top: int,
        documents: Collection[str] | None = None,
    ) -> list[Hit]:
        """The passages to which the words matter most; see `gradio_app.library.words.asked`."""
        return [Hit(*place, score) for place, score in self._words.find(library_id, asked, top, documents)]

    def read(self, library_id: str, places: Iterable[Place]) -> dict[Place, Passage]:
        """Those that are there: what was deleted a moment ago may still be found, but not read."""
        keys = {schema.passage(*place): place for place in places}
        found = self._table.get_many(schema.passages(library_id), list(keys))
        return {place: _passage(found[key], place[1]) for key, place in keys.items() if key in found}

    def _search(
        self, library_id: str, vector: Sequence[float], top: int, narrowed: dict[str, str]
    ) -> list[Hit]:
        equal = {schema.LIBRARY: library_id, **narrowed}
        try:
            found = self._table.search_vectors(
                IndexName=schema.BY_MEANING,
                SearchVector=[{"N": str(number)} for number in _numbers(vector)],
                TopK=min(top, TOP),
                SearchConditionExpression=" AND ".join(f"#{name} = :{name}" for name in equal),
                ProjectionExpression="#pk, #sk, #language",
                ExpressionAttributeNames={f"#{name}": name for name in (*equal, "pk", "sk", "language")},
                ExpressionAttributeValues={f":{name}": {"S": value} for name, value in equal.items()},
            )
        except TableUnreachable as error:
            if _is_not_there_yet(error.__cause__):
                raise IndexNotReadyError from error
            raise
        pk = schema.passages(library_id)
        return [_hit(item, distance) for item, distance in found if item["pk"] == pk]

    def _index(self, library_id: str, document_id: str, segment: int) -> None:
        """Look up the words of a segment's passages as they are in the table."""
        first = segment * PASSAGES
        places = [(document_id, number) for number in range(first, first + PASSAGES)]
        found = self.read(library_id, places)
        texts = [Text(place[1], found[place].in_context) for place in places if place in found]
        self._words.write(library_id, document_id, segment, texts)


def _passage_item(pk: str, document_id: str, passage: Passage) -> Item:
    if len(passage.text) > CHARACTERS or not 0 <= passage.number < MOST:
        raise ValueError(f"passage {passage.number} of {len(passage.text)} characters is more than is kept")
    optional = {"page": passage.page, "heading": passage.heading}
    return {
        "pk": pk,
        "sk": schema.passage(document_id, passage.number),
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _vector_item(
    library_id: str, document_id: str, model: str, passage: Passage, vector: Sequence[float]
) -> Item:
    language = words.language(passage.text)
    return {
        "pk": schema.passages(library_id),
        "sk": schema.vector(document_id, passage.number, model),
        schema.LIBRARY: library_id,
        "document": document_id,
        "model": model,
        **({"language": language} if language else {}),
        schema.VECTOR: _numbers(vector),
    }


def _hit(item: Item, distance: float) -> Hit:
    document_id, number, _ = schema.vector_of(item["sk"])
    return Hit(document_id, number, 1 - distance, item.get("language", ""))


def _passage(item: Item, number: int) -> Passage:
    return Passage(number, item["text"], item["start"], item["end"], item.get("page"), item.get("heading"))


def _numbers(vector: Sequence[float]) -> list[Decimal]:
    """As DynamoDB takes them. Raises ValueError for a vector of another length, or with what is no number."""
    if len(vector) != schema.DIMENSIONS or not all(map(math.isfinite, vector)):
        raise ValueError(f"a vector has {schema.DIMENSIONS} finite numbers")
    # An addition makes 0 of -0, which DynamoDB has no form for.
    return [Decimal(f"{round(number, DECIMALS) + 0.0:.{DECIMALS}f}") for number in vector]


def _is_stale(vector_key: str, model: str, most: int) -> bool:
    _, number, made_by = schema.vector_of(vector_key)
    return made_by != model or number >= most


def _is_not_there_yet(error: BaseException | None) -> bool:
    message = error.response["Error"].get("Message", "") if isinstance(error, ClientError) else ""
    return any(part in message for part in NOT_THERE_YET)
