"""One of every kind of item, told as one story that each release writes with its own code."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gradio_app.chat.assistant import OWN, Says
from gradio_app.chat.attachments import File
from gradio_app.chat.conversation import FAILED, STOPPED, Answer, Conversation, Part, Turn, plain
from gradio_app.chat.filling import Filling, to_json
from gradio_app.chat.sources import Backing, Mark, Source
from gradio_app.cognito.directory import Challenge
from gradio_app.cognito.single_sign_on import Departure
from gradio_app.cognito.tokens import SignedIn
from gradio_app.identity import Identity
from gradio_app.library.document import Document, Quotas
from gradio_app.library.ports import Passage
from gradio_app.sessions.departures import Departures
from gradio_app.sessions.enrollments import Enrollments
from gradio_app.sessions.known import Known
from gradio_app.sessions.sessions import Sessions
from gradio_app.sessions.steps import Step, Steps
from gradio_app.sessions.throttle import Throttle, at_address
from gradio_app.store import schema
from gradio_app.store.assistants import StoredAssistants
from gradio_app.store.conversations import Conversations
from gradio_app.store.drafts import Drafts
from gradio_app.store.expiring import Expiring
from gradio_app.store.files import AttachedFiles
from gradio_app.store.importing import Importing
from gradio_app.store.ingesting import Ingesting
from gradio_app.store.instructions import OwnInstructions
from gradio_app.store.library import Library
from gradio_app.store.passages import Passages
from gradio_app.store.preferences import Preferences, Preferred
from gradio_app.store.retention import Retention
from gradio_app.store.said import Said, changed
from gradio_app.store.shared import SharedLibraries
from gradio_app.store.sharing import Sharing
from gradio_app.store.table import AsyncTable, Table
from gradio_app.store.thumbs import Thumb, Thumbs
from gradio_app.store.usage import Usage
from tests.gradio_app.fake_s3 import fake_bucket
from tests.gradio_app.fakes import SETTINGS, FakeDirectory, User

FOLDER = Path(__file__).parent
USER = "ana"
WHOLE, UNFINISHED, UNANSWERED, DELETED, DRAFTED = (f"{number:032x}" for number in range(1, 6))
"""Conversations; DELETED and DRAFTED are not in what the first release stored."""
SENT, WAITING, TAKEN = (
    File(f"{number:032x}", f"{name}.pdf", "pdf", 9, 5, 5, 1)
    for number, name in enumerate(("sent", "waiting", "taken"), 1)
)
"""Files, which the first releases did not have."""
LIBRARY, QUOTAS = f"user-{USER}", Quotas(files=10, bytes=10**6, pages=100)
GUIDE = Document("1" * 64, "guide.pdf", "pdf", 9, USER, 0, pages=3)
ON_ITS_WAY = Document("2" * 64, "notes.txt", "txt", 5, USER, 0)
"""Documents to ask: one that is ready and in a collection, and one that somebody works on."""
COLLECTION = "Handbooks"
ASKS = "own"
BACKING = Backing(
    (Source(LIBRARY, GUIDE.id, 0, GUIDE.name, GUIDE.kind, "A lease is a promise with an end.", page=1),),
    (Mark(21, 0, 11, 32),),
)
"""What a conversation is put to, and what backs an answer of it; the first releases had neither."""
REASONED = replace(
    Answer(plain("Whoever"), STOPPED, "", 20, 1),
    model_id="us.amazon.nova-2-lite-v1:0",
    effort="low",
    service_tier="flex",
    thought="They ask who holds a lease.",
    thought_ms=1_200,
    made_of=to_json(Filling(turns=15, filled=15, limit=4_000)),
    is_imported=True,
)
SAVED = 7
"""What the prompt cache saved in WHOLE; the first releases had neither that nor such answers."""
LAWYERS, LAWYER_ID = "group-" + "1" * 32, "2" * 32
LAWYER = Says("Lawyer", "Speak of leases alone.", "a-model", 0.5, 100, ("What is a lease?",), ASKS)
"""An assistant, of its person's own and of a group's, with whom UNANSWERED was begun."""
THUMB = Thumb(up=False, reason="Too short.", agreed=True)
"""On the first answer of WHOLE, and on the second, which nobody is told of."""
TOKENS = 37
SESSION_KEY = "AN7SECRET7KEY"
STEP = Step(
    Challenge("MFA_SETUP", "ana-in-the-pool", "a-session-of-the-pool", SESSION_KEY, True),
    "ana@example.com",
    True,
)
DEPARTURE = Departure("https://chat.example/return", "a-state", "a-nonce", "a-verifier")
SIGNED_IN = SignedIn(
    Identity(USER, "ana@example.com", ("staff",)),
    "ana-in-the-pool",
    "an-access-token",
    "a-refresh-token",
    2**31,
)
WRITER = "a-writer"
SETTINGS_CHOSEN = Preferred("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 0.3, 1000)


@dataclass(frozen=True)
class Release:
    """What one release has stored."""

    name: str
    written_at: int
    tokens: dict[str, str]
    """Values of cookies, by what they are of."""
    items: list[dict[str, Any]]
    """As DynamoDB has them."""

    @property
    def counted_on(self) -> float:
        """A moment of the day whose tokens it counts."""
        keys = [each["sk"]["S"] for each in self.items]
        (day,) = [key.removeprefix(schema.USAGE) for key in keys if key.startswith(schema.USAGE)]
        return datetime.fromisoformat(f"{day}T12Z").timestamp()


def releases() -> Iterator[Release]:
    """All that have a file, the oldest first."""
    for path in sorted(FOLDER.glob("*.json")):
        yield Release(path.stem, **json.loads(path.read_text(encoding="utf-8")))


def write_conversations(table: Table, now: int) -> None:
    """What a person has said, in every state that the table knows."""
    store = Conversations(table)
    chosen = vars(SETTINGS_CHOSEN)

    def ask(conversation_id: str, question: str, **more: Any) -> int:
        seen = store.page(USER, conversation_id) or Conversation(conversation_id)
        return store.ask(USER, seen, question, holder=WRITER, lease_until=now + 60, **chosen, **more)

    first = ask(WHOLE, "What is a lease?", asks=ASKS)
    answer = Answer(plain("A promise with an end."), "complete", "", 11, 5, backing=BACKING)
    store.answer(USER, WHOLE, first, WRITER, answer)
    second = ask(WHOLE, "And who holds it?")
    told = replace(REASONED, counted_from=first)
    store.answer(USER, WHOLE, second, WRITER, told, before=Answer((), is_imported=True), cache_saved=SAVED)
    third = ask(WHOLE, "¿Y después?\n  [fin] 😀")
    store.answer(USER, WHOLE, third, WRITER, Answer((), FAILED, "throttled", **chosen))
    seen = store.page(USER, WHOLE)
    assert seen is not None
    store.summarize(USER, seen, third, "They ask what a lease is.", first)
    store.rename(USER, WHOLE, "Leases")
    store.pin(USER, WHOLE, pinned=True)
    store.move(USER, WHOLE, store.add_folder(USER, "Law").id)
    other = ask(WHOLE, "¿Y luego?", replaces=third)
    store.answer(USER, WHOLE, other, WRITER, Answer(plain("Se acaba.")))
    seen = store.page(USER, WHOLE)
    assert seen is not None
    store.choose(USER, seen, other, third)
    rated = store.turn(USER, WHOLE, first)
    assert rated is not None
    Thumbs(table).give(USER, WHOLE, rated, None, THUMB)
    out_of_a_file = store.turn(USER, WHOLE, second)
    assert out_of_a_file is not None
    Thumbs(table).give(USER, WHOLE, out_of_a_file, None, THUMB)
    number = ask(UNFINISHED, "Tell me more")
    store.write(USER, UNFINISHED, number, WRITER, "So far", now + 60)
    store.request_stop(USER, UNFINISHED, number)
    assistants = StoredAssistants(table)
    assistants.add(USER, OWN, LAWYER, LAWYER_ID)
    if assistants.find(USER, LAWYERS, LAWYER_ID) is None:  # the story may be told of several people
        assistants.add(USER, LAWYERS, LAWYER, LAWYER_ID, "law")
    assistant = assistants.find(USER, LAWYERS, LAWYER_ID)
    parts = (Part("text", "Is anybody there?"), Part("note", "[1]"))
    store.ask(USER, Conversation(UNANSWERED), parts, files=(SENT,), assistant=assistant)
    store.delete(USER, DELETED)


def write_rest_of_a_person(table: Table, now: int) -> None:
    """What is typed, chosen, counted and uploaded; the writer of a message with the last file has died."""
    files = AttachedFiles(table, fake_bucket())
    for file in (WAITING, TAKEN):
        files.upload(USER, file, b"%PDF-1.7\n", "words")
    files.take(USER, UNFINISHED, (TAKEN,))
    Drafts(table).keep(USER, UNFINISHED, "half a thought", [WAITING.id])
    Preferences(table).keep(USER, SETTINGS_CHOSEN)
    OwnInstructions(table).keep(USER, "Be brief.")
    OwnInstructions(table).keep_for(USER, WHOLE, "In verse.")
    usage = Usage(table, 0, now=lambda: now)
    settled, left = usage.reservation(USER, 100), usage.reservation(USER, 0)
    usage.reserve(settled)
    usage.reserve(left)
    usage.settle(settled, TOKENS)


def write_what_search_keeps(table: Table) -> None:
    """The words of all that was said, and a change since."""
    list(Said(table).catch_up(USER))
    table.write(changed(USER, WHOLE))
    table.put({"pk": schema.person(USER), "sk": schema.imported(WHOLE), "after": 2**31})
    Importing(table).begin(USER, b"a file")
    turns = (Turn(1, plain("Where to eat?"), Answer(plain("By the market."), model_id="m")),)
    Sharing(table).share(USER, WHOLE, "Seville", turns)
    Expiring(table, Conversations(table), Retention(3650)).sweep()


def write_library(table: Table) -> None:
    """Documents to ask, one of them in a collection and one still being read."""
    library, ingesting = Library(table, QUOTAS), Ingesting(table, QUOTAS.pages)
    for document in (GUIDE, ON_ITS_WAY):
        added = library.add(LIBRARY, document)
        library.arrived(LIBRARY, added)
        held = ingesting.claim()
        assert held is not None
        ingesting.step(held, state="reading")
        if document is GUIDE:
            ingesting.count_pages(held, GUIDE.pages)
            ingesting.finish(held, model="a-model")
    collection = library.add_collection(LIBRARY, COLLECTION)
    library.move(LIBRARY, GUIDE.id, collection.id)
    SharedLibraries(table).add("staff")
    passage = Passage(0, "A lease is a promise with an end.", 0, 33, page=1, heading="Guide > Leases")
    vector = [1.0] + [0.0] * (schema.DIMENSIONS - 1)
    Passages(table).put(LIBRARY, GUIDE.id, "a-model", [passage], [vector])


async def write_sign_ins(table: Table) -> dict[str, str]:
    """A session and all that leads to one; returns the cookies' values."""
    shared = AsyncTable(table)
    sessions = Sessions(shared, FakeDirectory(users={"ana@example.com": User("unused")}), SETTINGS)
    token = await sessions.begin(SIGNED_IN)
    session = await sessions.find(token)
    assert session is not None
    await Enrollments(shared).begin(session, SESSION_KEY)
    await Throttle(shared).attempt(at_address("203.0.113.9"))
    await Known(shared).remember("", "203.0.113.9", (USER, "ana@example.com"))
    return {
        "session": token,
        "step": await Steps(shared).keep(STEP),
        "departure": await Departures(shared).keep(DEPARTURE),
    }
