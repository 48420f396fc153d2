"""Finding: what each way brings, which leads, and that it looks where it is told to and nowhere else."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_app.chat.lookup import most_tokens
from gradio_app.library.embeddings import Embedded
from gradio_app.library.finding import Answer, Finding, Place, Scope, fused
from gradio_app.library.ports import EmbeddingBusyError, EmbeddingRefusedError, Passage
from gradio_app.store import schema
from gradio_app.store.passages import Hit, Passages
from gradio_app.store.table import Table
from tests.gradio_app.in_process import InProcess

ANA, BERTA, ALL = "user-ana", "user-berta", "everybody"
MODEL = "a-model"
MEANINGS = {"cat": 0, "gato": 0, "dog": 1, "perro": 1, "tax": 2, "impuesto": 2}


class Model:
    """Knows what some words mean, in two languages; each other text means something of its own."""

    model = MODEL

    def vector(self, text: str) -> list[float]:
        about = {place for word, place in MEANINGS.items() if word in text.lower()} or {3 + hash(text) % 500}
        return [float(at in about) / len(about) ** 0.5 for at in range(schema.DIMENSIONS)]

    def of_question(self, text: str) -> Embedded:
        return Embedded([self.vector(text)], len(text.split()))


@pytest.fixture
def passages() -> Passages:
    client = InProcess(f"finding-{uuid4().hex}")
    return Passages(Table(client, client.table_name, sleep=lambda _: None))


@pytest.fixture
def finding(passages: Passages) -> Finding:
    model: Any = Model()
    return Finding(passages, model)


def put(passages: Passages, library: str, document: str, *texts: str) -> None:
    made = [Passage(number, text, 0, len(text)) for number, text in enumerate(texts)]
    passages.put(library, document, MODEL, made, [Model().vector(text) for text in texts])


def texts(answer: Answer) -> list[str]:
    return [each.passage.text for each in answer.found]


def test_what_is_meant_is_found_although_no_word_is_the_same(passages: Passages, finding: Finding) -> None:
    put(
        passages, ANA, "pets", "The dog sleeps in the kitchen.", "The cat sleeps on the roof, as it likes to."
    )
    assert texts(finding.find("¿Dónde duerme el gato?", [Scope(ANA)], 1)) == [
        "The cat sleeps on the roof, as it likes to."
    ]


def test_a_name_leads_over_what_it_might_mean(passages: Passages, finding: Finding) -> None:
    filler = [f"The tax on the {thing} is due in spring." for thing in ("house", "car", "boat", "dog")]
    put(passages, ANA, "codes", *filler, "E-4711: the valve is stuck.", "E-4712: no water in the boiler.")
    answer = finding.find("Which tax has E-4711?", [Scope(ANA)], 2)
    assert texts(answer)[0] == "E-4711: the valve is stuck."


def test_it_says_where_what_it_found_stands_and_what_the_question_cost(
    passages: Passages, finding: Finding
) -> None:
    put(passages, ANA, "pets", "The cat sleeps.")
    answer = finding.find("Where is the cat?", [Scope(ANA)], 5)
    [found] = answer.found
    assert (found.library_id, found.document_id, found.passage.number) == (ANA, "pets", 0)
    assert answer.tokens == 4


@pytest.mark.parametrize(
    ("scopes", "seen"),
    [
        ([], set()),
        ([Scope(ANA)], {"Ana's cat."}),
        ([Scope(BERTA)], {"Berta's cat."}),
        ([Scope(ANA), Scope(ALL)], {"Ana's cat.", "Everybody's cat.", "Another cat of everybody."}),
        ([Scope(ALL, frozenset({"second"}))], {"Another cat of everybody."}),
        ([Scope(ALL, frozenset())], set()),
        ([Scope(ANA, frozenset({"second"}))], set()),
    ],
)
def test_it_looks_where_it_is_told_to(
    passages: Passages, finding: Finding, scopes: Sequence[Scope], seen: set[str]
) -> None:
    """The same ids of documents in each library: a document is its content's hash."""
    put(passages, ANA, "first", "Ana's cat.")
    put(passages, BERTA, "first", "Berta's cat.")
    put(passages, ALL, "first", "Everybody's cat.")
    put(passages, ALL, "second", "Another cat of everybody.")
    assert set(texts(finding.find("cat everybody ana berta", scopes, 10))) == seen


class Former(Model):
    """The model before: for it other numbers mean the same."""

    model = "former"

    def vector(self, text: str) -> list[float]:
        return super().vector(text)[::-1]


@pytest.mark.parametrize("former", [None, Former()])
def test_what_only_the_former_model_has_embedded_is_found_by_its_meaning_while_it_serves(
    passages: Passages, former: Any
) -> None:
    new, old = Passage(0, "About a dog", 0, 11), Passage(0, "All about the dog and the cat", 0, 29)
    passages.put(ANA, "new", MODEL, [new], [Model().vector(new.text)])
    passages.put(ANA, "old", Former.model, [old], [Former().vector(old.text)])
    model: Any = Model()
    answer = Finding(passages, model, former).find("perro", [Scope(ANA)], 5)
    assert [each.document_id for each in answer.found] == (["new", "old"] if former else ["new"])
    assert answer.tokens == (2 if former else 1)


@pytest.mark.parametrize(
    ("question", "top", "expected"),
    [
        ("The cat purrs", 5, False),
        ("Where does the gato sleep?", 5, True),
        ("Where does the gato sleep?", 50, False),
        ("Where does the gato of model BT-204 sleep?", 5, False),
        ("Where is the perro of somebody else?", 5, True),
        ("猫在哪里睡觉", 5, False),
        ("Wo schläft der gato?", 5, False),
    ],
    ids=["agreed", "other words", "all is wanted anyway", "a name", "words of something else", "zh", "de"],
)
def test_an_answer_is_doubtful_where_meaning_and_words_agree_on_nothing(
    passages: Passages, finding: Finding, question: str, top: int, expected: bool
) -> None:
    put(passages, ANA, "cats", *(f"A cat purrs, {number}." for number in range(10)))
    put(passages, ANA, "dogs", *(f"The dog barks, {number}." for number in range(10)))
    put(passages, ANA, "else", "Somebody else is at home.", "The drill BT-204 is lent.")
    assert finding.find(question, [Scope(ANA)], top).is_doubtful is expected


@pytest.mark.parametrize("error", [EmbeddingBusyError("throttled"), EmbeddingRefusedError("gone")])
def test_a_former_model_that_is_gone_costs_no_answer(passages: Passages, error: Exception) -> None:
    class Gone(Former):
        def of_question(self, text: str) -> Embedded:  # noqa: ARG002
            raise error

    model: Any = Model()
    former: Any = Gone()
    passages.put(ANA, "new", MODEL, [Passage(0, "About a dog", 0, 11)], [Model().vector("dog")])
    finding = Finding(passages, model, former)
    answer = finding.find("perro", [Scope(ANA)], 5)
    assert [each.document_id for each in answer.found] == ["new"]
    assert 1 < answer.tokens <= finding.models * most_tokens("perro")


def test_what_was_deleted_a_moment_ago_makes_room(passages: Passages, finding: Finding) -> None:
    """The index lags behind the table: it still finds what cannot be read any more."""
    put(passages, ANA, "pets", "The cat sleeps.", "A cat eats.")
    passages._table.delete_all(schema.passages(ANA), [schema.passage("pets", 0)])
    assert texts(finding.find("cat", [Scope(ANA)], 1)) == ["A cat eats."]


@pytest.mark.parametrize("question", ["", " \n ", "¿?", "!", "a" * 10_000, "\x00", "猫はどこ", "🐈"])
def test_whatever_is_asked_is_answered(passages: Passages, finding: Finding, question: str) -> None:
    put(passages, ANA, "pets", "The cat sleeps.")
    answer = finding.find(question, [Scope(ANA)], 3)
    assert len(answer.found) <= 1
    assert (answer.tokens == 0) == (not question.strip())


def places(*numbers: int) -> list[Place]:
    return [(ANA, "doc", number) for number in numbers]


def hits(*numbers: int, language: str = "") -> dict[Place, Hit]:
    return {
        place: Hit("doc", place[2], 1 - rank / 100, language) for rank, place in enumerate(places(*numbers))
    }


def test_what_both_ways_find_comes_before_what_one_of_them_finds() -> None:
    ranked = fused("en", hits(1, 2, 3), places(4, 2, 5), [])
    assert ranked[0] == (ANA, "doc", 2)
    assert set(ranked) == set(places(1, 2, 3, 4, 5))


def test_what_has_the_name_comes_before_what_both_ways_find() -> None:
    assert fused("en", hits(1, 2, 3), places(1, 2, 4), places(4))[0] == (ANA, "doc", 4)
    assert fused("en", hits(1, 2, 3), places(1, 2, 4), [])[0] == (ANA, "doc", 1)


@pytest.mark.parametrize(
    ("spoken", "language", "first"),
    [("es", "en", 1), ("es", "es", 4), ("es", "", 4), ("", "en", 4), ("en", "es", 1)],
)
def test_a_passage_in_another_language_does_not_lose_by_words_that_it_cannot_have(
    spoken: str, language: str, first: int
) -> None:
    """4 stands third by meaning and third by word; 1 stands second by meaning, and has no word."""
    ranked = fused(spoken, hits(9, 1, language=language) | hits(4, language=spoken), places(7, 8, 4), [])
    assert ranked.index((ANA, "doc", first)) < ranked.index((ANA, "doc", 5 - first))


def test_words_in_common_with_another_language_count_for_less() -> None:
    """3 stands last by meaning and first by word."""
    found = {language: hits(1, 2, 3, language=language) for language in ("en", "es")}
    assert fused("en", found["en"], places(3, 7), [])[0] == (ANA, "doc", 3)
    meant = hits(*range(9), language="en")
    assert fused("es", meant, places(8, 20), [])[0] == (ANA, "doc", 0)
    assert fused("en", meant, places(8, 20), [])[0] == (ANA, "doc", 8)
    assert fused("es", {}, places(3, 7), []) == places(3, 7)


ranking = st.lists(st.integers(0, 60), unique=True)


@given(ranking, ranking, ranking, st.sampled_from(["en", "es", ""]))
def test_each_passage_is_ranked_once_and_none_is_made_up(
    meant: list[int], worded: list[int], named: list[int], spoken: str
) -> None:
    ranked = fused(spoken, hits(*meant), places(*worded), places(*named))
    assert sorted(ranked) == sorted(set(places(*meant, *worded, *named)))
