"""What every release has stored is read by the code of today, and what it writes by the release before."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import pytest

from gradio_app.chat.assistant import OWN
from gradio_app.chat.conversation import COMPLETE, FAILED, STOPPED, WRITING, Conversation
from gradio_app.sessions.departures import Departures
from gradio_app.sessions.enrollments import Enrollments
from gradio_app.sessions.sessions import Sessions
from gradio_app.sessions.steps import Steps
from gradio_app.store import schema
from gradio_app.store.assistants import StoredAssistants
from gradio_app.store.conversations import Conversations
from gradio_app.store.drafts import Drafts
from gradio_app.store.files import AttachedFiles
from gradio_app.store.instructions import OwnInstructions
from gradio_app.store.library import Library
from gradio_app.store.table import AsyncTable, ConflictError, Table
from gradio_app.store.thumbs import Thumbs
from gradio_app.store.usage import BudgetSpentError, Usage
from tests.gradio_app.fake_s3 import fake_bucket
from tests.gradio_app.fakes import SETTINGS, FakeDirectory, User
from tests.gradio_app.store import release_before
from tests.gradio_app.store.releases import (
    ASKS,
    BACKING,
    COLLECTION,
    DEPARTURE,
    GUIDE,
    LAWYER,
    LAWYER_ID,
    LAWYERS,
    LIBRARY,
    ON_ITS_WAY,
    QUOTAS,
    REASONED,
    SAVED,
    SENT,
    SESSION_KEY,
    SIGNED_IN,
    STEP,
    THUMB,
    TOKENS,
    UNANSWERED,
    UNFINISHED,
    USER,
    WAITING,
    WHOLE,
    WRITER,
    Release,
    releases,
)
from tests.gradio_app.store.releases.__main__ import written
from tests.gradio_app.tables import create_table

pytestmark = pytest.mark.slow

ALL = list(releases())
BEFORE_DOCUMENTS = {"2026-11-22", "2026-11-28"}
BEFORE_REASONING = BEFORE_DOCUMENTS | {"2026-11-29"}
ARCHITECTURE = Path(__file__).parents[3] / "ARCHITECTURE.md"


@pytest.fixture
def today(dynamodb: Any) -> Release:
    """What the code of today writes."""
    name = f"today-{uuid4().hex}"
    create_table(dynamodb, name)
    return Release("today", **written(dynamodb, name))


@pytest.fixture(params=[*ALL, None], ids=[*(release.name for release in ALL), "today"])
def release(request: pytest.FixtureRequest) -> Release:
    return request.param or request.getfixturevalue("today")


@pytest.fixture
def stored(dynamodb: Any, release: Release) -> Table:
    """A table with what the release has stored."""
    name = f"release-{uuid4().hex}"
    create_table(dynamodb, name)
    for item in release.items:
        dynamodb.put_item(TableName=name, Item=item)
    return Table(dynamodb, name)


def test_nothing_that_is_written_down_has_expired(today: Release) -> None:
    """A table takes such an item away when it likes, and who reads the story finds it or not."""
    ends = [int(item["expires_at"]["N"]) for item in today.items if "expires_at" in item]
    assert min(ends) > today.written_at


def test_its_conversations_are_read(stored: Table, release: Release) -> None:
    store = Conversations(stored)
    headings = {heading.id: heading.title for heading in store.headings(USER, None, 10)}
    assert headings == {WHOLE: "Leases", UNFINISHED: "Tell me more", UNANSWERED: "Is anybody there?"}

    whole = store.page(USER, WHOLE)
    assert whole is not None
    assert [turn.question_text for turn in whole.turns] == [
        "What is a lease?",
        "And who holds it?",
        "¿Y después?\n  [fin] 😀",
    ]
    answers = [turn.answer for turn in whole.turns if turn.answer]
    assert [(a.text, a.status, a.reason, a.input_tokens, a.output_tokens) for a in answers] == [
        ("A promise with an end.", COMPLETE, "", 11, 5),
        ("Whoever", STOPPED, "", 20, 1),
        ("", FAILED, "throttled", 0, 0),
    ]
    assert (whole.summary, whole.summarized_to) == ("They ask what a lease is.", whole.turns[0].number)
    assert (whole.input_tokens, whole.output_tokens) == (31, 6)
    is_older = release.name in BEFORE_DOCUMENTS
    assert whole.asks == ("" if is_older else ASKS)
    assert answers[0].backing == (None if is_older else BACKING)
    if release.name not in BEFORE_REASONING:
        assert answers[1] == replace(REASONED, counted_from=whole.turns[0].number)
        assert whole.cache_saved_tokens == SAVED
    context = store.context(USER, WHOLE, 100_000)
    assert context is not None
    assert context.turns == tuple(replace(turn, versions=()) for turn in whole.turns[1:])

    unfinished = store.page(USER, UNFINISHED)
    assert unfinished is not None
    half = unfinished.turns[-1].answer
    assert half is not None
    assert (half.text, half.status) == ("So far", WRITING)
    assert half.is_being_written(release.written_at) == (half.lease_until > 0)
    unanswered = store.page(USER, UNANSWERED)
    assert unanswered is not None
    assert unanswered.turns[0].question_text == "Is anybody there?"
    assert unanswered.turns[0].answer is None
    assert unanswered.turns[0].files in ((), (SENT,))


def test_its_conversations_go_on(stored: Table) -> None:
    store = Conversations(stored)
    whole = store.page(USER, WHOLE)
    assert whole is not None
    first, second, third = whole.turns
    asked = store.ask(USER, whole, "And then?", holder=WRITER, lease_until=2**33)
    assert asked > third.number

    seen = store.page(USER, WHOLE)
    assert seen is not None
    left = store.undo(USER, seen, asked)
    other = store.ask(USER, left, "In other words?", replaces=second.number)
    now = store.page(USER, WHOLE)
    assert now is not None
    assert [turn.question_text for turn in now.turns] == ["What is a lease?", "In other words?"]
    assert now.turns[-1].parent == first.number
    assert now.turns[-1].versions == (second.number, other)
    assert now.title == "Leases"
    assert now.summary == "They ask what a lease is."
    store.choose(USER, now, other, second.number)
    again = store.page(USER, WHOLE)
    assert again is not None
    assert [turn.number for turn in again.turns] == [first.number, second.number, third.number]

    store.delete(USER, WHOLE)
    for prefix in schema.parts_of(WHOLE):
        assert stored.sort_keys(schema.person(USER), prefix) == []
    with pytest.raises(ConflictError):
        store.ask(USER, Conversation(WHOLE), "late")


def test_the_rest_of_a_person_is_read(stored: Table, release: Release) -> None:
    drafts = Drafts(stored, now=lambda: release.written_at)
    draft = drafts.find(USER, UNFINISHED, is_new=False)
    assert draft.text == "half a thought"
    files = AttachedFiles(stored, fake_bucket(), now=lambda: release.written_at)
    assert list(files.uploads(USER, draft.uploads)) == [WAITING] * len(draft.uploads)
    files.clear(USER)
    usage = Usage(stored, TOKENS + 10, now=lambda: release.counted_on)
    with pytest.raises(BudgetSpentError):
        usage.reserve(usage.reservation(USER, 11))
    usage.reserve(usage.reservation(USER, 10))


def test_its_instructions_and_assistants_are_read(stored: Table) -> None:
    """Those of the releases that had them."""
    store = StoredAssistants(stored)
    for found in (
        store.of_conversation(USER, UNANSWERED),
        store.find(USER, OWN, LAWYER_ID),
        store.find(USER, LAWYERS, LAWYER_ID),
    ):
        assert found is None or found.says == LAWYER
    head = Conversations(stored).head(USER, UNANSWERED)
    assert head
    assert head.assistant is None or (head.assistant.shelf, head.assistant.name) == (LAWYERS, "Lawyer")
    for turn in (Conversations(stored).page(USER, WHOLE) or Conversation(WHOLE)).turns[:2]:
        assert Thumbs(stored).find(USER, WHOLE, turn.number) in (None, THUMB)
    assert OwnInstructions(stored).find(USER) in ("", "Be brief.")


def test_its_library_is_read(stored: Table) -> None:
    library = Library(stored, QUOTAS)
    documents, _ = library.page(LIBRARY, 10)
    if not documents:
        return  # a release from before there were documents to ask
    on_its_way, guide = sorted(documents, key=lambda each: each.id, reverse=True)
    assert (guide.id, guide.name, guide.state, guide.pages) == (GUIDE.id, GUIDE.name, "ready", GUIDE.pages)
    assert (on_its_way.id, on_its_way.state) == (ON_ITS_WAY.id, "reading")
    (collection,) = library.collections(LIBRARY)
    assert (collection.name, library.ids_of(LIBRARY, collection.id)) == (COLLECTION, [GUIDE.id])
    assert library.counts(LIBRARY).files == 2


def test_its_sign_ins_are_read(stored: Table, release: Release) -> None:
    async def read() -> None:
        table, now = AsyncTable(stored), lambda: float(release.written_at)
        directory = FakeDirectory(users={"ana@example.com": User("unused")})
        sessions = Sessions(table, directory, SETTINGS, now=now)
        session = await sessions.find(release.tokens["session"])
        assert session is not None
        assert (session.identity, session.username) == (SIGNED_IN.identity, SIGNED_IN.username)
        assert (session.access_token, session.refresh_token, session.way) == (
            SIGNED_IN.access_token,
            SIGNED_IN.refresh_token,
            SIGNED_IN.way,
        )
        assert await Enrollments(table, now).find(session) == SESSION_KEY
        assert await Steps(table, now).take(release.tokens["step"]) == STEP
        assert await Departures(table, now).take(release.tokens["departure"], DEPARTURE.state) == DEPARTURE
        assert await sessions.end_all(USER) == [session]

    anyio.run(read)


def test_every_item_is_of_a_kind_of_the_schema(release: Release) -> None:
    for item in release.items:
        kind = kind_of(item)
        types = {name: next(iter(value)) for name, value in item.items() if name not in ("pk", "sk")}
        allowed = dict(attributes(kind))
        assert types == {name: allowed[name] for name in types}, kind.name
        required = {name for name, _ in attributes(replace(kind, attributes=_required(kind)))}
        assert required <= types.keys(), kind.name


def test_the_story_has_every_kind_that_is_written(today: Release) -> None:
    told = {kind_of(item).name for item in today.items}
    assert {kind.name for kind in schema.KINDS if "writes none" not in kind.used_by} == told


def test_the_architecture_shows_the_schema() -> None:
    assert "\n".join(schema.table_of_kinds()) in ARCHITECTURE.read_text(encoding="utf-8")


def test_the_release_before_reads_what_is_written_today(today: Release) -> None:
    for item in today.items:
        release_before.read(item)
    for kind in schema.KINDS:
        release_before.may_hold(kind)


def test_what_the_release_before_cannot_read_is_noticed() -> None:
    head = {"pk": {"S": "USER#u"}, "sk": {"S": "CONVERSATION#1"}, "title": {"S": "t"}, "version": {"N": "1"}}
    release_before.read(head)
    for name, value in (("folder", {"NULL": True}), ("pinned", {"BOOL": True}), ("parts", {"L": []})):
        with pytest.raises(AssertionError):
            release_before.read(head | {name: value})
    with pytest.raises(AssertionError):
        release_before.read({name: value for name, value in head.items() if name != "title"})


def kind_of(item: dict[str, Any]) -> schema.Kind:
    [kind] = [
        kind
        for kind in schema.KINDS
        if _pattern(kind.pk).fullmatch(item["pk"]["S"]) and _pattern(kind.sk).fullmatch(item["sk"]["S"])
    ]
    return kind


def attributes(kind: schema.Kind) -> Iterator[tuple[str, str]]:
    for attribute in kind.attributes.split():
        name, _, letters = attribute.rstrip("?").partition(":")
        yield name, letters


def _required(kind: schema.Kind) -> str:
    return " ".join(attribute for attribute in kind.attributes.split() if not attribute.endswith("?"))


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"<[^>]+>", "[^#]+", key))
