"""Passages in the table: found by meaning and by word, in one library and no other, until deleted."""

import ast
import random
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import gradio_app
from gradio_app.library.ports import Passage
from gradio_app.library.words import ASKED, asked
from gradio_app.store import schema
from gradio_app.store.passages import CHARACTERS, EACH_DOCUMENT, IndexNotReadyError, Passages
from gradio_app.store.table import Table, TableUnreachable
from gradio_app.store.words import PASSAGES, READ, READ_OF_SOME
from tests.gradio_app.in_process import BUSY, TWICE, UNHEARD, InProcess

pytestmark = pytest.mark.slow

ANA, BERTA = "user-ana", "user-berta"
MODEL = "a-model"


@pytest.fixture
def client() -> InProcess:
    return InProcess(f"passages-{uuid4().hex}")


@pytest.fixture
def passages(client: InProcess) -> Passages:
    return of(client)


def of(client: InProcess, through: Any = None) -> Passages:
    return Passages(Table(through or client, client.table_name, sleep=lambda _: None))


def vector(place: int) -> list[float]:
    """One of length 1; each stands upright on every other."""
    return [float(at == place) for at in range(schema.DIMENSIONS)]


def passage(number: int, text: str) -> Passage:
    return Passage(number, text, number * 100, number * 100 + len(text), page=number + 1)


def put(
    passages: Passages, library: str, document: str, *texts: str, first: int = 0, model: str = MODEL
) -> None:
    made = [passage(first + at, text) for at, text in enumerate(texts)]
    passages.put(library, document, model, made, [vector(each.number) for each in made])


def by_word(passages: Passages, library: str, question: str, **more: Any) -> list[tuple[str, int]]:
    return [hit.place for hit in passages.by_word(library, asked(question), 10, **more)]


def by_meaning(passages: Passages, library: str, seed: int, **more: Any) -> list[tuple[str, int]]:
    given = {"top": 10, "model": MODEL, **more}
    return [hit.place for hit in passages.by_meaning(library, vector(seed), **given)]


def stored(client: InProcess, library: str) -> list[dict[str, Any]]:
    items = Table(client, client.table_name).query(schema.passages(library))
    return [item for item in items if item["sk"] != schema.PASSAGE_COUNT]


def count(client: InProcess, library: str) -> int:
    return (Table(client, client.table_name).get(schema.passages(library), schema.PASSAGE_COUNT) or {})[
        "passages"
    ]


def test_the_nearest_comes_first_and_what_was_put_away_is_read(passages: Passages) -> None:
    put(passages, ANA, "doc", "about cats", "about dogs")
    first, second = passages.by_meaning(ANA, vector(1), 10, MODEL)
    assert (first.place, second.place) == (("doc", 1), ("doc", 0))
    assert first.score == pytest.approx(1, abs=1e-4)
    assert second.score == pytest.approx(0, abs=1e-4)
    assert passages.read(ANA, [first.place]) == {("doc", 1): passage(1, "about dogs")}
    assert [hit.place for hit in passages.by_meaning(ANA, vector(1), 1, MODEL)] == [("doc", 1)]


def test_a_word_is_found_in_its_other_forms_and_an_identifier_as_a_whole(passages: Passages) -> None:
    texts = (
        "The installation of the packages ends with error ORA-00942.",
        "Another one ends with the error ORA-00943 and says that it was installed.",
        "Los informes terminan con éxito, y no hay que repetir la operación.",
    )
    put(passages, ANA, "doc", *texts)
    assert by_word(passages, ANA, "What does ORA-00943 mean?")[0] == ("doc", 1)
    assert by_word(passages, ANA, "ORA-00942") == [("doc", 0)]
    assert by_word(passages, ANA, "Which installations were there?") == [("doc", 0), ("doc", 1)]
    assert by_word(passages, ANA, "¿Qué informe fue?") == [("doc", 2)]
    assert by_word(passages, ANA, "operaciones") == by_word(passages, ANA, "operacion") == [("doc", 2)]
    assert by_word(passages, ANA, "ORA-0094") == []
    assert by_word(passages, ANA, "the of and") == []


def test_a_passage_is_found_by_the_words_of_its_heading(passages: Passages) -> None:
    under = Passage(0, "It takes one argument.", 0, 22, heading="Tools > The setquota command")
    passages.put(ANA, "doc", MODEL, [under], [vector(0)])
    assert by_word(passages, ANA, "setquota") == [("doc", 0)]
    assert passages.read(ANA, [("doc", 0)])["doc", 0].text == "It takes one argument."


def test_a_rare_word_counts_more_than_a_common_one(passages: Passages) -> None:
    texts = [f"The server answers requests of kind {name}." for name in ("alpha", "beta", "gamma", "delta")]
    put(passages, ANA, "doc", *texts, "The server, the server: requests and requests of the server.")
    assert by_word(passages, ANA, "server requests gamma")[0] == ("doc", 2)


@pytest.mark.parametrize(
    "other", [BERTA, "everybody", "group-0123456789abcdef0123456789abcdef", "user-an", ""]
)
def test_nothing_crosses_from_one_library_to_another(
    passages: Passages, client: InProcess, other: str
) -> None:
    put(passages, ANA, "doc", "the secret recipe", "ORA-00942")
    assert by_meaning(passages, other, 0) == [] if other else True
    assert by_word(passages, other, "secret ORA-00942") == []
    assert passages.read(other, [("doc", 0)]) == {}
    passages.delete(other, "doc")
    passages.keep_only(other, "doc", "another-model", 0)
    assert by_meaning(passages, ANA, 0) == [("doc", 0), ("doc", 1)]
    assert by_word(passages, ANA, "secret") == [("doc", 0)]
    assert count(client, ANA) == 2


def test_two_people_with_the_same_document_have_it_each(passages: Passages, client: InProcess) -> None:
    for library in (ANA, BERTA):
        put(passages, library, "doc", f"of {library}")
    passages.delete(ANA, "doc")
    assert stored(client, ANA) == []
    assert by_meaning(passages, BERTA, 0) == [("doc", 0)]
    assert passages.read(BERTA, [("doc", 0)])["doc", 0].text == "of user-berta"


def test_every_search_names_the_library_by_the_attribute_that_the_index_is_divided_by(
    passages: Passages, client: InProcess
) -> None:
    put(passages, ANA, "doc", "text")
    by_meaning(passages, ANA, 0)
    by_meaning(passages, ANA, 0, documents=["doc"])
    by_meaning(passages, ANA, 0, documents=[str(each) for each in range(EACH_DOCUMENT + 1)])
    requests = [request for operation, request in client.calls if operation == "search_vectors"]
    assert len(requests) == 2 + 1 + EACH_DOCUMENT + 1
    for request in requests:
        assert f"#{schema.LIBRARY} = :{schema.LIBRARY}" in request["SearchConditionExpression"].split(" AND ")
        assert request["ExpressionAttributeNames"][f"#{schema.LIBRARY}"] == schema.LIBRARY
        assert request["ExpressionAttributeValues"][f":{schema.LIBRARY}"] == {"S": ANA}


def test_no_other_module_searches() -> None:
    """IAM cannot hold whose passages are searched: so one module does; the table lends it the operation."""
    root = Path(str(gradio_app.__file__)).parent
    who = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr == "search_vectors")
        or (isinstance(node, ast.Constant) and node.value in ("search_vectors", "SearchVectors"))
    }
    assert who == {"store/table.py", "store/passages.py"}


@pytest.mark.parametrize(
    "documents", [["two"], ["two", "three"], ["gone"], [], [*map(str, range(30)), "two"]]
)
def test_a_search_in_some_documents_finds_in_these(passages: Passages, documents: list[str]) -> None:
    for document in ("one", "two", "three"):
        put(passages, ANA, document, "the same words")
    wanted = {(each, 0) for each in ("two", "three") if each in documents}
    assert set(by_meaning(passages, ANA, 0, documents=documents)) == wanted
    assert set(by_word(passages, ANA, "same words", documents=documents)) == wanted


def test_a_collection_is_searched_though_the_rest_of_the_library_is_large_and_nearer(
    passages: Passages, client: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a collection of some dozen documents among hundreds: what it says of the question is found."""
    monkeypatch.setattr("gradio_app.store.passages.TOP", 10)
    monkeypatch.setattr("gradio_app.store.passages.MOST_DOCUMENTS", 20)
    for number in range(12):
        put(passages, ANA, f"near{number}", "the same words")
    wanted = [f"far{number:02}" for number in range(EACH_DOCUMENT + 2)]
    for document in wanted:
        put(passages, ANA, document, "the same words as the rest and others besides", first=1)
    put(passages, BERTA, wanted[0], "the same words", first=1)
    calls = len(client.calls)
    found = by_meaning(passages, ANA, 0, documents=wanted, top=50)
    assert {document for document, _ in found} == set(wanted)
    assert len(client.calls) - calls == 1 + len(wanted)
    assert {document for document, _ in by_word(passages, ANA, "same words", documents=wanted)} <= set(wanted)
    assert len(by_word(passages, ANA, "same words", documents=wanted)) == 10
    calls = len(client.calls)
    many = [f"gone{number}" for number in range(2_000)]
    assert by_meaning(passages, ANA, 0, documents=many) == []
    assert len(client.calls) - calls == 1 + 20


def test_a_word_of_a_collection_is_found_behind_many_others(passages: Passages, client: InProcess) -> None:
    client.load(
        {"pk": schema.passages(ANA), "sk": schema.word("common", 1, f"d{number:03}", 0), "places": "0:99"}
        for number in range(4 * READ)
    )
    put(passages, ANA, "wanted", "something common among other things")
    items = client.items_read
    assert by_word(passages, ANA, "common", documents=["wanted"]) == [("wanted", 0)]
    assert client.items_read - items <= READ_OF_SOME + 1
    assert ("wanted", 0) not in by_word(passages, ANA, "common")


def test_where_the_nearest_are_in_the_collection_one_search_is_enough(
    passages: Passages, client: InProcess
) -> None:
    wanted = [f"near{number}" for number in range(EACH_DOCUMENT + 1)]
    for document in wanted:
        put(passages, ANA, document, "the same words")
    calls = len(client.calls)
    assert len(by_meaning(passages, ANA, 0, documents=wanted)) == 10
    assert len(client.calls) - calls == 1


def test_only_vectors_of_the_same_model_are_compared(passages: Passages) -> None:
    put(passages, ANA, "old", "text")
    put(passages, ANA, "both", "text")
    put(passages, ANA, "both", "text", model="b-model")
    assert set(by_meaning(passages, ANA, 0)) == {("old", 0), ("both", 0)}
    assert by_meaning(passages, ANA, 0, model="b-model") == [("both", 0)]
    passages.keep_only(ANA, "both", "b-model", 1)
    assert by_meaning(passages, ANA, 0) == [("old", 0)]
    assert by_meaning(passages, ANA, 0, model="b-model") == [("both", 0)]
    assert by_word(passages, ANA, "text") == [("both", 0), ("old", 0)]


@pytest.mark.parametrize("kept", [0, PASSAGES - 1, PASSAGES, PASSAGES + 1])
def test_what_a_shorter_text_no_longer_has_is_gone(passages: Passages, client: InProcess, kept: int) -> None:
    put(passages, ANA, "doc", *(f"word{number} text" for number in range(PASSAGES + 2)))
    passages.keep_only(ANA, "doc", MODEL, kept)
    assert {int(each["sk"].split("#")[2]) for each in stored(client, ANA) if each["sk"][0] == "P"} == set(
        range(kept)
    )
    assert len(by_meaning(passages, ANA, 0, top=100)) == kept
    for number in range(PASSAGES + 2):
        assert by_word(passages, ANA, f"word{number}") == ([("doc", number)] if number < kept else [])
    assert count(client, ANA) == kept


def test_another_text_takes_the_words_of_the_former_away(passages: Passages, client: InProcess) -> None:
    put(passages, ANA, "doc", "the former text", "stays")
    put(passages, ANA, "doc", "a newer wording")
    assert by_word(passages, ANA, "former") == []
    assert by_word(passages, ANA, "newer") == [("doc", 0)]
    assert by_word(passages, ANA, "stays") == [("doc", 1)]
    assert count(client, ANA) == 2
    passages.delete(ANA, "doc")
    assert (stored(client, ANA), count(client, ANA)) == ([], 0)


@settings(max_examples=40)
@given(st.data())
def test_whenever_a_task_dies_the_next_ones_work_is_as_if_it_had_not(data: st.DataObject) -> None:
    """After any call: the same is put away again, and at last all of it is deleted."""
    client = InProcess(f"passages-{uuid4().hex}")
    passages = of(client)
    texts = data.draw(
        st.lists(st.sampled_from(["red fox", "blue fox", "E-17", "¿Qué?"]), min_size=1, max_size=20)
    )
    put(passages, ANA, "doc", "what stood there before", *texts[:3])
    dies_at, dies_by = data.draw(st.integers(1, 12)), data.draw(st.sampled_from([UNHEARD, "lost"]))
    _with_fault(client, texts, dies_at, dies_by)
    put(passages, ANA, "doc", *texts)
    passages.keep_only(ANA, "doc", MODEL, len(texts))
    assert (
        sorted(by_word(passages, ANA, "fox"))[:10]
        == [("doc", at) for at, text in enumerate(texts) if "fox" in text][:10]
        or len(texts) > 10
    )
    assert by_word(passages, ANA, "stood") == []
    assert count(client, ANA) == len(texts)
    passages.delete(ANA, "doc")
    assert (stored(client, ANA), count(client, ANA)) == ([], 0)


def _with_fault(client: InProcess, texts: list[str], at: int, fault: str) -> None:
    before = len(client.calls)

    class Counting:
        def __getattr__(self, operation: str) -> Any:
            if len(client.calls) - before == at - 1:
                client.next_fault = fault
            return getattr(client, operation)

    try:
        put(of(client, Counting()), ANA, "doc", *texts)
    except TableUnreachable:
        return


@pytest.mark.parametrize("fault", [BUSY, TWICE])
def test_a_busy_table_is_waited_for(passages: Passages, client: InProcess, fault: str) -> None:
    client.next_fault = fault
    put(passages, ANA, "doc", "text")
    assert by_word(passages, ANA, "text") == [("doc", 0)]
    assert count(client, ANA) == 1


def test_a_question_costs_the_same_however_large_the_library(passages: Passages, client: InProcess) -> None:
    """Of a word that stands everywhere, the items are read to which it matters most; the rest is not."""
    pk = schema.passages(ANA)
    client.load(
        {"pk": pk, "sk": schema.word("common", rank, f"d{document}", 0), "places": f"0:{99 - rank}"}
        for rank in range(60, 80)
        for document in range(10)
    )
    question = " ".join(f"common{number}" for number in range(PASSAGES + 2)) + " common"
    before, items = len(client.calls), client.items_read
    found = passages.by_word(ANA, asked("common"), 10)
    assert client.items_read - items <= READ + 1
    assert all(hit.document_id in {f"d{number}" for number in range(10)} for hit in found)
    assert {hit.score for hit in found} == {max(hit.score for hit in found)}, "those with the best rank"
    passages.by_word(ANA, asked(question), 10)
    assert len(client.calls) - before <= 2 * (1 + 3 * ASKED)
    assert client.items_read - items <= 2 * (1 + 3 * ASKED * READ)


@pytest.mark.parametrize(
    "numbers",
    [[], [0.0] * 511, [0.0] * 513, [float("nan")] * 512, [*[0.1] * 511, float("inf")]],
    ids=["none", "short", "long", "nan", "infinite"],
)
def test_a_vector_that_is_none_is_refused(
    passages: Passages, client: InProcess, numbers: list[float]
) -> None:
    with pytest.raises(ValueError, match="512 finite numbers"):
        passages.put(ANA, "doc", MODEL, [passage(0, "text")], [numbers])
    with pytest.raises(ValueError, match="512 finite numbers"):
        passages.by_meaning(ANA, numbers, 10, MODEL)
    assert stored(client, ANA) == []


def test_a_passage_has_bounds(passages: Passages, client: InProcess) -> None:
    with pytest.raises(ValueError, match="more than is kept"):
        put(passages, ANA, "doc", "x" * (CHARACTERS + 1))
    with pytest.raises(ValueError, match="more than is kept"):
        put(passages, ANA, "doc", "x", first=10**schema.PASSAGE_DIGITS)
    assert stored(client, ANA) == []
    letters = random.Random(1)  # noqa: S311
    noise = ["".join(letters.choices("абвгдежзикл", k=60)) for _ in range(16 * 120)]
    put(passages, ANA, "noise", *(" ".join(noise[at * 120 : (at + 1) * 120]) for at in range(16)))
    assert by_word(passages, ANA, sorted(noise)[0]) != []


@pytest.mark.parametrize(
    "message",
    [
        "The table does not have the specified index: by-meaning",
        "Cannot search backfilling vector index: by-meaning",
    ],
)
def test_an_index_that_is_still_being_made_has_an_error_of_its_own(message: str) -> None:
    class NotYet:
        def search_vectors(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "SearchVectors")

    with pytest.raises(IndexNotReadyError):
        Passages(Table(NotYet(), "t")).by_meaning(ANA, vector(0), 10, MODEL)


def test_another_mistake_does_not_pass_for_it() -> None:
    class Wrong:
        def search_vectors(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "TopK"}}, "SearchVectors")

    with pytest.raises(TableUnreachable, match="ValidationException"):
        Passages(Table(Wrong(), "t")).by_meaning(ANA, vector(0), 10, MODEL)


@pytest.mark.parametrize(
    ("indexes", "ready"),
    [
        ([], False),
        ([{"IndexName": "by-meaning", "IndexStatus": "CREATING", "Backfilling": False}], False),
        ([{"IndexName": "by-meaning", "IndexStatus": "CREATING", "Backfilling": True}], False),
        ([{"IndexName": "by-meaning", "IndexStatus": "ACTIVE", "Backfilling": True}], False),
        ([{"IndexName": "another", "IndexStatus": "ACTIVE"}], False),
        ([{"IndexName": "by-meaning", "IndexStatus": "ACTIVE", "Backfilling": False}], True),
        ([{"IndexName": "by-meaning", "IndexStatus": "ACTIVE"}], True),
    ],
)
def test_it_is_ready_when_it_is_active_and_filled(indexes: list[dict[str, Any]], ready: bool) -> None:
    class Describing:
        def describe_table(self, **_: Any) -> Any:
            return {"Table": {"VectorIndexes": indexes} if indexes else {}}

    assert Passages(Table(Describing(), "t")).is_ready() is ready


def test_all_of_it_goes_over_the_wire(dynamodb: Any, table: str) -> None:
    """The same through boto3 and HTTP, and an index that is made while the table serves."""
    passages = Passages(Table(dynamodb, table))
    assert passages.is_ready()
    put(passages, ANA, "doc", "about cats", "ORA-00942")
    assert by_meaning(passages, ANA, 1)[0] == ("doc", 1)
    assert by_meaning(passages, BERTA, 1) == []
    assert by_word(passages, ANA, "cats") == [("doc", 0)]
    dynamodb.update_table(TableName=table, VectorIndexUpdates=[{"Delete": {"IndexName": schema.BY_MEANING}}])
    assert not passages.is_ready()
    with pytest.raises(IndexNotReadyError):
        by_meaning(passages, ANA, 1)
    assert by_word(passages, ANA, "ORA-00942") == [("doc", 1)], "all else works meanwhile"
    passages.delete(ANA, "doc")
    assert passages.read(ANA, [("doc", 0)]) == {}
