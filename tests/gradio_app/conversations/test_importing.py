"""Files of conversations on their way in: what our export made comes back, and nothing else does harm."""

import copy
import json
import time
from dataclasses import replace
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from gradio_app.assistants.given import Offered
from gradio_app.chat.assistant import EVERYBODY, OWN, Assistant, Label, Says
from gradio_app.chat.conversation import (
    FAILED,
    STOPPED,
    Answer,
    Conversation,
    new_id,
    plain,
    temporary_id,
)
from gradio_app.conversations import exporting, importing
from gradio_app.conversations.bringing_in import BringingIn
from gradio_app.conversations.importing import BusyError, UnfitFileError, read
from gradio_app.conversations.sifting import ASSISTANTS, sift
from gradio_app.documents import extraction
from gradio_app.store import importing as storing
from gradio_app.store import schema
from gradio_app.store.assistants import StoredAssistants
from gradio_app.store.chat_table import ChatTable
from gradio_app.store.conversations import Conversations, FullError
from gradio_app.store.exporting import Exporting
from gradio_app.store.importing import Importing
from gradio_app.store.instructions import OwnInstructions
from gradio_app.store.messages import item_bytes
from gradio_app.store.table import Delete, Table, TableUnreachable
from gradio_app.store.temporary import Temporaries
from tests.gradio_app.in_process import LOST, UNHEARD, InProcess
from tests.gradio_app.store.releases import SENT
from tests.gradio_app.store.test_interleaving import Person, assert_branches, assert_whole

pytestmark = pytest.mark.slow

MODEL = "amazon.nova-pro-v1:0"
"""Has service tiers; here it may be told how much to reason, too."""
OFFERED = Offered(("a.model:1", MODEL), 1_000, (), lambda model_id: ("low",) if model_id == MODEL else ())


class Place:
    """Somebody with a conversation that has versions, and somebody with none."""

    def __init__(self) -> None:
        self.client = client = InProcess(f"importing-{uuid4().hex}")
        self.table = Table(client, client.table_name)
        self.store, self.assistants = Conversations(self.table), StoredAssistants(self.table)
        self.instructions = OwnInstructions(self.table)
        self.bringing_in = BringingIn(Importing(self.table), self.assistants, self.instructions, OFFERED)
        self.talk = new_id()
        for question in ("one", "two", "three"):
            self.say(question)
        first, second, _ = self.turns()
        self.say("two otherwise", second)
        self.say("behind it")
        self.say("one otherwise", first)
        self.say("and on")
        self.say("and otherwise", self.turns()[-1])

    def say(self, question: str, replaces: int | None = None) -> None:
        seen = self.store.page("ana", self.talk) or Conversation(self.talk)
        number = self.store.ask("ana", seen, question, replaces=replaces)
        answer = Answer(plain(f"all of {question}"), input_tokens=3, output_tokens=2, model_id="a.model:1")
        self.store.answer("ana", self.talk, number, "me", answer)

    def turns(self, user_id: str = "ana", conversation_id: str = "") -> list[int]:
        page = self.store.page(user_id, conversation_id or self.talk)
        assert page
        return [turn.number for turn in page.turns]

    def file(self) -> dict[str, Any]:
        whole = "".join(exporting.pieces(Exporting(self.table), "ana", "json", [], str))
        return json.loads(whole)

    def bring_in(self, told: Any, user_id: str = "berta") -> list[str]:
        [*_, left] = self.bringing_in.steps(user_id, json.dumps(told).encode(), "Untitled")
        assert left is not None
        return left


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_version_whose_first_one_was_taken_back_comes_back(place: Place) -> None:
    one = new_id()
    place.talk = one
    place.say("first")
    place.say("second", place.turns()[-1])
    seen = place.store.page("ana", one)
    assert seen
    [shown] = seen.turns
    place.store.choose("ana", seen, shown.number, shown.versions[0])
    seen = place.store.page("ana", one)
    assert seen
    place.store.undo("ana", seen, seen.last)
    told = place.file()
    told["conversations"] = [each for each in told["conversations"] if each["id"] == one]
    place.bring_in(told)
    [heading] = place.store.headings("berta", None, 5)
    assert said(place.store, "berta", heading.id) == [("second", "all of second")]
    assert_branches(place.store, "berta", heading.id)


class Anybody(Person):
    """Who also brings files, gets answers that ended early or say nothing, and takes everything back."""

    def _attach(self, store: Conversations, place: int) -> None:
        files = (replace(SENT, id=f"{place:032x}"),)
        self.asked.append((store.ask(self.user_id, self._seen(store), "", files=files), ""))

    def _fail(self, store: Conversations, place: int) -> None:
        if self.asked:
            answer = Answer(
                plain("" if place % 2 else "half"), status=(STOPPED, FAILED)[place % 2], reason=""
            )
            store.answer(self.user_id, self.conversation_id, self.asked[-1][0], "", answer)

    def _begin(self, _store: Conversations, _place: int) -> None:
        self.conversation_id = new_id()

    def _begin_temporary(self, _store: Conversations, _place: int) -> None:
        self.conversation_id = temporary_id()


DAILY, RARE = ["ask", "answer", "replace", "choose", "undo"], ["write", "go_on", "sum_up", "rename", "pin"]
ANYTHING = st.sampled_from(
    [*DAILY * 2, *RARE, "move", "attach", "fail", "begin", "begin_temporary", "delete"]
)


@given(
    deeds=st.lists(st.tuples(ANYTHING, st.integers(0, 5)), max_size=25),
    how=st.sampled_from(["json", "account"]),
)
@settings(max_examples=150, phases=[Phase.explicit, Phase.generate, Phase.shrink])
@example(deeds=[("ask", 0), ("answer", 0), ("undo", 0), ("begin", 0), ("ask", 0)], how="json")
@example(deeds=[("ask", 0), ("undo", 0)], how="account")
def test_whatever_can_be_saved_comes_back(deeds: list[tuple[str, int]], how: str) -> None:
    client = InProcess(f"importing-{uuid4().hex}")
    table = Table(client, client.table_name)
    store = Conversations(ChatTable(table, Temporaries()))
    Anybody("ana", new_id(), deeds, "", [])(store)
    content = "".join(exporting.pieces(Exporting(table), "ana", how, [], str)).encode()
    saved = [each["id"] for each in json.loads(content)["conversations"]]
    stored = [heading.id for heading in store.headings("ana", None, 50)]
    assert sorted(saved) == sorted(each for each in stored if said(store, "ana", each))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "told_by_child", lambda content, *_: {"told": sift(content)})
        if not saved:
            with pytest.raises(UnfitFileError, match="import_empty"):
                read(content, OFFERED, "Untitled")
            return
        brought = read(content, OFFERED, "Untitled")
    stored_here = Importing(table)
    list(stored_here.store(stored_here.begin("berta", content), brought.conversations))
    theirs = [heading.id for heading in store.headings("berta", None, 50)]
    assert sorted(said(store, "berta", each) for each in theirs) == sorted(
        said(store, "ana", each) for each in saved
    )
    if len(theirs) == 1:
        assert_branches(store, "berta", theirs[0])


def said(store: Conversations, user_id: str, conversation_id: str) -> list[tuple[str, str]]:
    page = store.page(user_id, conversation_id, turns=100)
    assert page
    return [(turn.question_text, turn.answer.text if turn.answer else "") for turn in page.turns]


def test_what_was_saved_comes_back_in_all_its_versions(place: Place) -> None:
    assert place.bring_in(place.file()) == []
    [heading] = place.store.headings("berta", None, 5)
    assert heading.id != place.talk
    assert heading.title == "one"
    assert said(place.store, "berta", heading.id) == said(place.store, "ana", place.talk)
    items = {item["sk"]: item for item in place.table.query(schema.person("berta"))}
    assert_whole(items, heading.id)
    assert_branches(place.store, "berta", heading.id)
    theirs = {item["sk"]: item for item in place.table.query(schema.person("ana"))}

    def texts(all_: dict[str, Any]) -> list[tuple[str, int]]:
        return sorted(
            (item["text"], item.get("output_tokens", 0)) for item in all_.values() if "text" in item
        )

    assert texts(items) == texts(theirs)
    head = place.store.head("berta", heading.id)
    assert head
    assert (head.input_tokens, head.output_tokens) == (24, 16)
    place.store.ask("berta", place.store.page("berta", heading.id) or head, "it goes on")


def test_the_same_file_again_makes_copies_and_touches_nothing(place: Place) -> None:
    told = place.file()
    for _ in range(2):
        place.bring_in(told, "ana")
    assert len(place.store.headings("ana", None, 5)) == 3
    assert said(place.store, "ana", place.talk)[-1] == ("and otherwise", "all of and otherwise")


def test_nothing_in_a_file_is_trusted(place: Place) -> None:
    told = place.file()
    [conversation] = told["conversations"]
    conversation |= {
        "id": place.talk,
        "folder": "f" * 32,
        "pinned": 1,
        "instructions": ["obey"],
        "assistant": "own/1",
        "asks": "mine",
        "model_id": "<x>",
        "temperature": True,
        "max_tokens": -7,
        "effort": ["low"],
        "service_tier": "reserved",
        "title": "a\ud800\n b" + "c" * 500,
        "shown": 10**14,
        "pk": "USER#ana",
    }
    for message in conversation["messages"]:
        message |= {"files": [{"id": "../x", "name": "x"}], "sources": {"x": 1}, "pk": "USER#ana", "parts": 3}
        if message["role"] == "assistant":
            message |= {"status": "writing", "reason": "<b>", "input_tokens": -1, "model_id": "<script>"}
    before = list(place.table.query(schema.person("ana")))
    place.bring_in(told)
    assert list(place.table.query(schema.person("ana"))) == before
    [heading] = place.store.headings("berta", None, 5)
    assert (heading.pinned, heading.folder, len(heading.title)) == (False, "", 80)
    page = place.store.page("berta", heading.id)
    assert page
    assert (page.instructions, page.model_id, page.input_tokens) == ("", "", 0)
    assert (page.temperature, page.max_tokens, page.effort, page.service_tier) == (None, 0, "", "")
    assert (page.assistant, page.asks) == (None, "")
    assert all(not turn.files for turn in page.turns)
    answer = page.turns[-1].answer
    assert answer
    assert (answer.status, answer.reason, answer.model_id, answer.backing) == ("stopped", "", "", None)


LAWYER = Says("Lawyer", "Speak of leases.", "a.model:1", 0.5, 300, ("What is a lease?",), "own")
SETTINGS = {"model_id": MODEL, "temperature": 0.7, "max_tokens": 200, "effort": "low"}


def begun_with_a_lawyer(place: Place, **settings: Any) -> None:
    """A conversation of ana's with an assistant that administrators have made."""
    assistant = Assistant(Label(EVERYBODY, "e" * 32, 7, LAWYER.name), LAWYER)
    settings = {**SETTINGS, "service_tier": "flex", "instructions": "In verse.", **settings}
    place.store.ask("ana", Conversation(new_id()), "leased?", assistant=assistant, **settings)


def test_settings_instructions_and_the_assistant_of_a_conversation_come_in(place: Place) -> None:
    begun_with_a_lawyer(place)
    assert place.bring_in(place.file()) == ["left_of_assistants"]
    found = {each.title: each.id for each in place.store.headings("berta", None, 5)}
    head = place.store.head("berta", found["leased?"])
    assert head
    kept = {name: getattr(head, name) for name in SETTINGS}
    assert (kept, head.service_tier, head.instructions) == (SETTINGS, "flex", "In verse.")
    assert head.assistant
    # It is nobody's but hers now, and asks no documents of others.
    assert (head.assistant.shelf, head.assistant.version) == (OWN, 1)
    assert head.assistant.id != "e" * 32
    begun_with = place.assistants.of_conversation("berta", found["leased?"])
    assert begun_with == Assistant(head.assistant, replace(LAWYER, asks=""))
    assert place.assistants.on("berta", OWN) == []
    items = {item["sk"]: item for item in place.table.query(schema.person("berta"))}
    copied = items[schema.assisted(head.id)]
    messages = [item["bytes"] for sk, item in items.items() if sk.startswith(schema.MESSAGE + head.id)]
    assert head.stored_bytes == sum(messages) + item_bytes(copied)
    assert items[schema.STORAGE]["bytes"] > head.stored_bytes
    place.store.delete("berta", head.id)
    left = [sk for sk in place.table.sort_keys(schema.person("berta"), "") if head.id in sk]
    assert left == [schema.deleted(head.id)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 1.5},
        {"temperature": -0.1},
        {"temperature": 5e-324},
        {"temperature": 1e-300},
        {"max_tokens": True},
        {"effort": "low"},
        {"service_tier": "flex"},
        {"max_tokens": 2.5},
        {"effort": "xxhigh"},
        {"instructions": "x" * 2_001},
        {"model_id": "a.model:2"},
        {"model_id": ["a.model:1"]},
    ],
)
def test_settings_that_nobody_could_choose_are_left_out(wrong: dict[str, Any]) -> None:
    told = copy.deepcopy(saved())
    told["conversations"][0] |= wrong
    [conversation] = read(json.dumps(told).encode(), OFFERED, "Untitled").conversations
    assert conversation.settings == {}


@pytest.mark.parametrize(
    ("model_id", "asked", "kept"),
    [
        ("a.model:1", {"max_tokens": 10**9}, {"max_tokens": 1_000}),
        ("a.model:1", {"effort": "low"}, {}),
        ("a.model:1", {"service_tier": "flex"}, {}),
        (MODEL, {"effort": "max"}, {}),
        (MODEL, {"effort": "low", "service_tier": "priority"}, {"effort": "low", "service_tier": "priority"}),
    ],
)
def test_of_settings_comes_in_what_the_model_has_here(
    model_id: str, asked: dict[str, Any], kept: dict[str, Any]
) -> None:
    told = copy.deepcopy(saved())
    told["conversations"][0] |= {"model_id": model_id, **asked}
    brought = read(json.dumps(told).encode(), OFFERED, "Untitled")
    assert brought.conversations[0].settings == {"model_id": model_id, **kept}
    assert brought.left == ([] if kept else ["left_settings"])


@pytest.mark.parametrize("blank", ["", " \t\n", "\u200b", "\u202e\u0007", "\u2800\u3164"])
@pytest.mark.parametrize(
    ("questions", "title"),
    [(["", "seen"], "seen"), (["\u00ad", "\ufe0f"], "Untitled"), (["a question"], "a question")],
)
def test_whatever_comes_in_has_a_title_to_be_seen(blank: str, questions: list[str], title: str) -> None:
    messages = [{"turn": n, "role": "user", "text": text} for n, text in enumerate(questions, 1)]
    file = OURS | {"conversations": [{"title": blank, "messages": messages}]}
    [conversation] = read(json.dumps(file).encode(), OFFERED, "Untitled").conversations
    assert conversation.title == title


def account(place: Place) -> dict[str, Any]:
    return json.loads("".join(exporting.pieces(Exporting(place.table), "ana", "account", [], str)))


def test_a_file_that_says_an_assistant_thousands_of_times_reads_the_shelf_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.assistants.add("ana", OWN, LAWYER)
    told = account(place)
    told["assistants"] *= 1000
    read: list[str] = []
    query = place.table.query
    monkeypatch.setattr(place.table, "query", lambda pk, **how: read.append(pk) or query(pk, **how))
    place.bring_in(told)
    assert len(place.assistants.on("berta", OWN)) == 1
    assert len(read) < 10


def test_an_account_brings_its_persons_instructions_and_assistants_and_changes_none(place: Place) -> None:
    place.instructions.keep("ana", "I am a nurse.")
    place.assistants.add("ana", OWN, LAWYER)
    for _ in range(2):
        assert place.bring_in(account(place)) == ["left_of_assistants"]
        assert place.instructions.find("berta") == "I am a nurse."
        [label] = place.assistants.on("berta", OWN)
        found = place.assistants.find("berta", OWN, label.id)
        assert found
        assert found.says == replace(LAWYER, asks="")
    place.instructions.keep("berta", "I am a teacher.")
    assert place.bring_in(account(place)) == ["left_of_assistants", "left_instructions"]
    assert place.instructions.find("berta") == "I am a teacher."


def test_what_stays_behind_is_told_of(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.assistants.add("ana", OWN, replace(LAWYER, asks=""))
    told = account(place)
    monkeypatch.setattr("gradio_app.store.assistants.OWN_MOST", 1)
    place.assistants.add("berta", OWN, replace(LAWYER, name="Another"))
    assert place.bring_in(told) == ["left_assistants"]
    told["assistants"] = []
    told["drafts"] = [{"text": "half a thought"}]
    told["preferences"] = SETTINGS
    told["shares"] = [{"id": "s" * 32}]
    [conversation] = told["conversations"]
    conversation |= {"folder": "f" * 32, "pinned": 1, "asks": "own"}
    conversation["messages"][0]["files"] = [{"name": "x"}]
    stays = ["files", "folders", "pins", "drafts", "asks", "preferences", "shares"]
    assert place.bring_in(told) == [f"left_{each}" for each in stays]


@pytest.mark.parametrize(
    ("of_account", "of_conversation", "left"),
    [
        ({"instructions": "x" * 2_001}, {}, "left_long_instructions"),
        ({}, {"instructions": "x" * 2_001}, "left_long_instructions"),
        ({}, {"model_id": "another.model:1"}, "left_settings"),
        ({}, {"effort": "xxhigh"}, "left_settings"),
        ({}, {"assistant": {"says": {"name": "x", "model_id": "another.model:1"}}}, "left_of_assistants"),
        ({"assistants": [{"says": {"name": "x", "asks": "own"}}]}, {}, "left_of_assistants"),
    ],
)
def test_what_is_not_on_offer_here_or_does_not_fit_is_told_of(
    of_account: dict[str, Any], of_conversation: dict[str, Any], left: str
) -> None:
    told = copy.deepcopy(saved()) | of_account
    told["conversations"][0] |= of_conversation
    assert read(json.dumps(told).encode(), OFFERED, "Untitled").left == [left]


def test_ones_own_account_brought_in_again_adds_no_assistant(place: Place) -> None:
    """What is left out of a file's is left out of theirs before they are compared."""
    for says in (LAWYER, replace(LAWYER, model_id="another.model:1"), replace(LAWYER, max_tokens=9_000)):
        place.assistants.add("ana", OWN, says)
    place.bring_in(account(place), "ana")
    assert len(place.assistants.on("ana", OWN)) == 3


def test_assistants_of_one_name_are_read_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        place.assistants.add("ana", OWN, replace(LAWYER, instructions=f"Number {number}."))
    told = account(place)
    read: list[str] = []
    get = place.table.get
    monkeypatch.setattr(place.table, "get", lambda pk, sk: read.append(sk) or get(pk, sk))
    place.bring_in(told, "ana")
    assert len(place.assistants.on("ana", OWN)) == 20
    assert len([sk for sk in read if sk.startswith(schema.ASSISTANT_SAYS)]) == 20


def test_an_account_without_conversations_comes_in(place: Place) -> None:
    told = OURS | {"conversations": [], "instructions": "I am a nurse."}
    assert place.bring_in(told) == []
    assert place.instructions.find("berta") == "I am a nurse."
    assert place.bring_in(OURS | {"assistants": [{"says": {"name": "Lawyer"}}]}) == []
    assert [label.name for label in place.assistants.on("berta", OWN)] == ["Lawyer"]
    with pytest.raises(UnfitFileError, match="import_empty"):
        place.bring_in(OURS | {"conversations": [], "instructions": "", "assistants": []})


@pytest.mark.parametrize("wrong", [7, {}, {"says": 7}, {"says": {"name": ""}}, {"says": {"name": "x" * 81}}])
def test_an_assistant_that_is_none_is_refused_before_anything_is_stored(place: Place, wrong: Any) -> None:
    told = account(place) | {"assistants": [wrong]}
    with pytest.raises(UnfitFileError) as refused:
        place.bring_in(told)
    assert (refused.value.key, refused.value.values) == ("import_assistant", {"number": 1})
    assert list(place.table.query(schema.person("berta"))) == []


@cache
def saved() -> dict[str, Any]:
    """A file, once for all that is broken of it."""
    return Place().file()


def broken(change: Any) -> bytes:
    told = copy.deepcopy(saved())
    change(told["conversations"][0]["messages"])
    return json.dumps(told).encode()


MESSAGES = [
    lambda messages: messages.append(dict(messages[0])),
    lambda messages: messages[0].pop("text"),
    lambda messages: messages[0].update(text=7),
    lambda messages: messages[0].update(text="x" * 400_000),
    lambda messages: messages[0].update(turn="1"),
    lambda messages: messages[0].update(turn=-1),
    lambda messages: messages[0].update(turn=10**15),
    lambda messages: messages[0].update(turn=True),
    lambda messages: messages[0].update(role="system"),
    lambda messages: messages[0].update(first=[]),
    lambda messages: messages[0].update(first=None),
    lambda messages: messages[0].update(first=""),
    lambda messages: messages[0].update(first=1.0),
    lambda messages: messages[-2].update(parent=None),
    lambda messages: messages.pop(0),
    lambda messages: messages.append(3),
    lambda messages: messages[-2].update(parent=messages[-2]["turn"]),
    lambda messages: messages[-2].update(parent={}),
    lambda messages: messages[-2].pop("first"),
]


@pytest.mark.parametrize("change", MESSAGES)
def test_what_is_no_conversation_is_refused_with_its_number(change: Any) -> None:
    with pytest.raises(UnfitFileError) as refused:
        read(broken(change), OFFERED, "Untitled")
    assert (refused.value.key, refused.value.values) == ("import_broken", {"number": 1})


OURS = {"format": "asistente", "version": 1}


def repeated(before: bytes, piece: bytes, after: bytes) -> bytes:
    """As many as there is room for in a file."""
    return before + piece * ((importing.IMPORT_BYTES - len(before + after)) // len(piece)) + after


IN_FILE = b'{"format": "asistente", "version": 1, "conversations": ['


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (repeated(b"[", b"[],", b"1]"), "import_not_ours"),
        (repeated(b"[", b"[1],", b"1]"), "import_not_ours"),
        (repeated(IN_FILE, b"{},", b"{}]}"), "import_too_many"),
        (repeated(IN_FILE + b'{"messages": [', b"{},", b"{}]}]}"), "import_too_long"),
        (repeated(IN_FILE + b'{"messages": [], "x": [', b"{},", b"{}]}]}"), "import_empty"),
        (repeated(b'{"format": "asistente", "version": 1, "x": [', b"0,", b"0]}"), "import_empty"),
    ],
)
def test_a_file_of_millions_of_values_is_parsed_elsewhere(
    content: bytes, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parser holds the interpreter, and everybody in this process with it, for as long as it takes."""
    parsed: list[bytes] = []
    real = extraction.orjson.loads
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("parsed in the server's process"))
    monkeypatch.setattr(extraction.orjson, "loads", lambda told: parsed.append(told) or real(told))
    with pytest.raises(UnfitFileError) as refused:
        read(content, OFFERED, "Untitled")
    assert refused.value.key == outcome
    assert [len(each) < 500_000 for each in parsed] == [True]


def test_a_file_that_there_is_no_room_to_parse_may_be_brought_in_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for limits in (replace(importing.LIMITS, wall_seconds=0), replace(importing.LIMITS, characters=9)):
        with monkeypatch.context() as patch:
            patch.setattr(importing, "LIMITS", limits)
            with pytest.raises(BusyError):
                read(json.dumps(saved()).encode(), OFFERED, "Untitled")
    assert read(json.dumps(saved()).encode(), OFFERED, "Untitled").conversations


STRANGE = ["1e999", "-1e999", "NaN", "1" * 40, "[1]", "{}", '"7"', "null", "true", "1.5"]


@pytest.mark.parametrize("name", ["temperature", "max_tokens", "model_id", "effort", "instructions"])
def test_whatever_stands_for_a_setting_comes_to_nothing(name: str) -> None:
    told = copy.deepcopy(saved())
    told["conversations"] *= len(STRANGE)
    content = json.dumps(told | {"conversations": [each | {name: "here"} for each in told["conversations"]]})
    for value in STRANGE:
        content = content.replace('"here"', value, 1)
    for conversation in read(content.encode(), OFFERED, "Untitled").conversations:
        assert set(conversation.settings) <= {"instructions"}


def test_of_very_many_assistants_the_first_ones_come_in() -> None:
    file = OURS | {"assistants": [{"says": {"name": str(number)}} for number in range(2_000)]}
    brought = read(json.dumps(file).encode(), OFFERED, "Untitled")
    assert (len(brought.assistants), brought.left) == (ASSISTANTS, ["left_assistants"])


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "import_not_json"),
        (b"\xff\xfe\x00", "import_not_json"),
        (b"[" * 100_000, "import_not_json"),
        (b"[]", "import_not_ours"),
        (b'{"format": "chat"}', "import_not_ours"),
        (json.dumps(OURS | {"version": 2}).encode(), "import_version"),
        (json.dumps(OURS | {"conversations": {}}).encode(), "import_empty"),
        (json.dumps(OURS | {"conversations": [None]}).encode(), "import_broken"),
        (json.dumps(OURS | {"conversations": [1] * 201}).encode(), "import_too_many"),
        (b" " * (importing.IMPORT_BYTES + 1), "import_too_large"),
    ],
)
def test_what_is_no_file_of_ours_is_refused(content: bytes, key: str) -> None:
    with pytest.raises(UnfitFileError) as refused:
        read(content, OFFERED, "Untitled")
    assert refused.value.key == key


def test_what_is_shown_is_a_turn_of_it_or_nothing() -> None:
    told = copy.deepcopy(saved())
    told["conversations"][0]["shown"] = 5
    assert read(json.dumps(told).encode(), OFFERED, "Untitled").conversations[0].shown == 0
    told["conversations"][0]["shown"] = []
    with pytest.raises(UnfitFileError, match="import_broken"):
        read(json.dumps(told).encode(), OFFERED, "Untitled")


def test_a_file_of_many_versions_is_read_at_once_and_one_of_too_many_messages_is_refused(
    place: Place,
) -> None:
    """Each of them was looked for among all others, for each of them: hours for a file of 300 kB."""
    messages = [{"turn": n, "role": "user", "text": "a", "first": n} for n in range(1, 10_001)]
    file = OURS | {"conversations": [{"messages": messages}]}
    assert place.bring_in(file) == []
    messages.extend({"turn": n, "role": "user", "text": "a"} for n in range(10_001, 20_002))
    with pytest.raises(UnfitFileError, match="import_too_long"):
        read(json.dumps(file).encode(), OFFERED, "Untitled")


def test_where_there_is_no_room_nothing_is_left(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file = place.file()  # one: an archive made two seconds later is another
    monkeypatch.setattr(storing, "PERSON_BYTES", 100)
    with pytest.raises(FullError, match="person"):
        place.bring_in(file)
    monkeypatch.setattr(storing, "CONVERSATION_BYTES", 100)
    with pytest.raises(FullError, match="conversation"):
        place.bring_in(file)
    [left] = place.table.sort_keys(schema.person("berta"), "")
    assert left.startswith(schema.BROUGHT), "it goes on when there is room"
    monkeypatch.undo()
    place.bring_in(file)
    assert len(place.store.headings("berta", None, 5)) == 1


def test_what_a_dead_task_left_goes_with_the_next(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise RuntimeError

    file = place.file()
    with monkeypatch.context() as patch:
        patch.setattr(Table, "transact", die)
        with pytest.raises(RuntimeError):
            place.bring_in(file)
    assert place.store.headings("berta", None, 5) == []
    for marker in place.table.query(schema.person("berta")):
        if "after" in marker:
            place.table.update(schema.person("berta"), marker["sk"], {"after": int(time.time()) - 1})
    place.bring_in(file)
    assert_nothing_is_left(place, 1)


def assert_nothing_is_left(place: Place, conversations: int) -> None:
    """So many conversations are there, whole and counted, and nothing of any other."""
    items = {item["sk"]: item for item in place.table.query(schema.person("berta"))}
    ids = {each.id for each in place.store.headings("berta", None, 50)}
    messages = [sk for sk in items if sk.startswith((schema.MESSAGE, schema.BRANCH))]
    assert {sk.split("#")[1] for sk in messages} == ids
    assert len(ids) == conversations
    assert {sk.split("#")[0] + "#" for sk in items}.isdisjoint({schema.IMPORTED, schema.BROUGHT})
    heads = [items[schema.conversation(each)] for each in ids]
    assert items[schema.STORAGE]["bytes"] == sum(head["stored_bytes"] for head in heads)


def three(place: Place) -> dict[str, Any]:
    """A file with three conversations, an assistant of somebody's and instructions."""
    begun_with_a_lawyer(place)
    place.store.ask("ana", Conversation(new_id()), "a third one")
    place.instructions.keep("ana", "I am a nurse.")
    place.assistants.add("ana", OWN, replace(LAWYER, asks=""))
    return account(place)


@pytest.mark.parametrize("fault", [LOST, UNHEARD])
def test_a_file_that_failed_half_way_comes_in_once_when_it_is_brought_in_again(
    place: Place, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Whichever of its calls fails, and whether that was carried out."""
    monkeypatch.setattr(storing, "AT_ONCE", 5)
    told, call = three(place), Table._call
    failed = 0
    for at in count(1):
        calls: list[str] = []

        def failing(
            table: Table, operation: str, calls: list[str] = calls, at: int = at, **arguments: Any
        ) -> Any:
            calls.append(operation)
            if len(calls) == at:
                place.client.next_fault = fault
            return call(table, operation, **arguments)

        for item in list(place.table.query(schema.person("berta"))):
            place.table.write(Delete(item["pk"], item["sk"]))
        with monkeypatch.context() as patch:
            patch.setattr(Table, "_call", failing)
            try:
                place.bring_in(told)
            except TableUnreachable:
                failed += 1
            else:
                break
        place.bring_in(told)
        assert_nothing_is_left(place, 3)
        assert len(place.assistants.on("berta", OWN)) == 1
    assert failed > 20
    for brought in (3, 6):  # the end of the last one may be unknown, and all of it is there
        place.bring_in(told)
        assert len(place.store.headings("berta", None, 50)) in (brought, brought + 3)


def test_what_is_deleted_of_a_file_that_failed_comes_in_with_the_rest(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, store = three(place), Importing._store
    stored: list[str] = []

    def failing(self: Importing, run: Any, conversation_id: str, conversation: Any) -> Any:
        if len(stored) == 2:
            raise TableUnreachable
        stored.append(conversation_id)
        return store(self, run, conversation_id, conversation)

    for _ in range(2):
        stored.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Importing, "_store", failing)
            with pytest.raises(TableUnreachable):
                place.bring_in(told)
        for each in stored:
            place.store.delete("berta", each)
    place.bring_in(told)
    assert_nothing_is_left(place, 3)


def test_the_same_file_on_two_tasks_at_once_comes_in_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "AT_ONCE", 5)
    content = json.dumps(three(place)).encode()
    both = [place.bringing_in.steps("berta", content, "Untitled") for _ in range(2)]
    while both:
        both = [steps for steps in both if next(steps) is None]
    assert_nothing_is_left(place, 3)
