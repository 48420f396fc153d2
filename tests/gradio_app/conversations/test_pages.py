"""The page of conversations and the chat's list, by HTTP, over the emulator's table."""

import html
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import anyio
import httpx
import pytest

from gradio_app.aws import Clients
from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.conversations import exports, routes, searching
from gradio_app.conversations.catching_up import CatchingUp
from gradio_app.conversations.importing import BusyError
from gradio_app.conversations.imports import Imports, TooManyImportsError, UnderWayError
from gradio_app.conversations.listing import AT_ONCE
from gradio_app.conversations.texts import TEXTS
from gradio_app.gate.limits import IMPORT_FORM_BYTES
from gradio_app.server import create_app
from gradio_app.store import organizing
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import Table
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import ORIGIN, PAGE_VIEW, SETTINGS, FakeDirectory, User, World, shared_page
from tests.gradio_app.in_process import InProcess

pytestmark = pytest.mark.slow

WORDS = TEXTS["en"]
LIST = "/conversations/list"
ONE = "/conversations/conversation"
FOLDERS = "/conversations/folders"


@dataclass
class Site:
    """The application, its table, and what is in it."""

    world: World
    client: InProcess
    store: Conversations

    def of(self, name: str, *, script: bool = False) -> httpx.Client:
        """A browser of somebody who is signed in, that views pages or runs our script."""
        browser = self.world.signed_in(f"{name}@example.com")
        browser.headers.update({"accept": "application/json"} if script else PAGE_VIEW)
        browser.headers["sec-fetch-site"] = "same-origin"
        return browser  # pyright: ignore[reportReturnType] (Starlette's is one of httpx2, which is alike)

    def stored(self, title: str, name: str = "ana") -> str:
        """The id of a conversation whose first question this was."""
        user_id, conversation_id = f"id-of-{name}@example.com", new_id()
        number = self.store.ask(user_id, Conversation(conversation_id), title)
        self.store.answer(user_id, conversation_id, number, "me", Answer(plain("yes")))
        return conversation_id


@pytest.fixture
def site() -> Site:
    name = f"conversations-{uuid4().hex}"
    client = InProcess(name)
    directory = FakeDirectory(
        users={f"{each}@example.com": User("Correct-Horse-1") for each in ("ana", "berta")}
    )
    settings = SETTINGS.__class__(**{**vars(SETTINGS), "table_name": name})
    clients = Clients(None, client, None, None, FakeS3())
    application = create_app(settings, clients, directory=directory, page=shared_page())
    return Site(
        World(None, directory, application, settings),  # type: ignore[arg-type]
        client,
        Conversations(Table(client, name)),
    )


def titles(page: str) -> list[str]:
    return re.findall(r'id="title-[0-9a-f]+"><bdi>(.*?)</bdi>', page)


def test_an_empty_page_says_so(site: Site) -> None:
    page = site.of("ana").get("/conversations").text
    assert WORDS["no_conversations"] in page
    assert WORDS["with_selected"] not in page


def test_a_conversation_is_renamed_pinned_moved_and_deleted_without_a_script(site: Site) -> None:
    ana, one = site.of("ana"), site.stored("<i>one</i>")
    site.stored("two")
    assert "&lt;i&gt;one&lt;/i&gt;" in ana.get(f"{ONE}?id={one}").text
    blank = ana.post(ONE, data={"id": one, "action": "save", "title": " \u200b"})
    assert (blank.status_code, 'aria-invalid="true"' in blank.text) == (422, True)
    saved = ana.post(ONE, data={"id": one, "action": "save", "title": "First"})
    assert saved.status_code == 303
    assert WORDS["conversation_changed"] in ana.get(saved.headers["location"]).text
    ana.post(ONE, data={"id": one, "action": "pin"})
    page = ana.get("/conversations").text
    assert titles(page) == ["First", "two"]
    assert WORDS["pinned_ones"] in page
    made = ana.post(FOLDERS, data={"action": "add", "name": "Work"})
    folder = re.findall(r"folder=([0-9a-f]+)", made.headers["location"])[0]
    assert titles(ana.get(f"/conversations?folder={folder}").text) == []
    ana.post(ONE, data={"id": one, "action": "move", "folder": folder})
    assert titles(ana.get(f"/conversations?folder={folder}").text) == ["First"]
    ana.post(ONE, data={"id": one, "action": "move", "folder": folder, "new_folder": " <b>New</b>  one "})
    assert titles(ana.get(f"/conversations?folder={folder}").text) == []
    assert "&lt;b&gt;New&lt;/b&gt; one" in ana.get("/conversations").text
    sure = ana.post(ONE, data={"id": one, "action": "delete"}).text
    assert WORDS["delete_conversations_why"] in sure
    assert len(titles(ana.get("/conversations").text)) == 2
    ana.post("/conversations", data={"id": one, "action": "delete", "sure": "1"})
    assert titles(ana.get("/conversations").text) == ["two"]


def test_many_are_moved_and_deleted_at_once(site: Site) -> None:
    ana, ids = site.of("ana"), [site.stored(f"about {number}") for number in range(25)]
    none = ana.post("/conversations", data={"action": "delete"})
    assert (none.status_code, WORDS["none_selected"] in none.text) == (422, True)
    made = ana.post(FOLDERS, data={"action": "add", "name": "Work"})
    folder = re.findall(r"folder=([0-9a-f]+)", made.headers["location"])[0]
    ana.post("/conversations", data={"id": ids[:22], "action": "move", "folder": folder})
    assert len(titles(ana.get(f"/conversations?folder={folder}").text)) == 22
    sure = ana.post("/conversations", data={"id": ids[:22], "action": "delete"})
    assert all(f'value="{each}"' in sure.text for each in ids[:22])
    ana.post("/conversations", data={"id": ids[:22], "action": "delete", "sure": "1"})
    assert len(titles(ana.get("/conversations").text)) == 3
    ana.post(FOLDERS, data={"id": folder, "action": "rename", "name": "Office"})
    assert "Office" in ana.get("/conversations").text
    ana.post(FOLDERS, data={"id": folder, "action": "delete"})
    assert "Office" not in ana.get("/conversations").text


def test_pages_follow_each_other(site: Site) -> None:
    for number in range(AT_ONCE + 3):
        site.stored(f"about {number}")
    ana, seen, address = site.of("ana"), [], "/conversations"
    while address:
        page = ana.get(address).text
        seen += titles(page)
        following = re.findall(rf'href="([^"]+)">{WORDS["next_conversations"]}', page)
        address = following[0].replace("&amp;", "&") if following else ""
    assert sorted(seen) == sorted(f"about {number}" for number in range(AT_ONCE + 3))


def test_our_script_gets_rows_and_sentences(site: Site) -> None:
    ana, one = site.of("ana", script=True), site.stored("one")
    [row] = ana.get(LIST).json()["rows"]
    assert (row["id"], row["title"], row["pinned"], row["folder"]) == (one, "one", False, "")
    told = ana.post(ONE, data={"id": one, "action": "move", "new_folder": " Work  now "}).json()
    [folder] = ana.get(LIST).json()["folders"]
    assert (folder["name"], folder["id"]) == ("Work now", told["row"]["folder"])
    ana.post(FOLDERS, data={"id": folder["id"], "action": "delete"})
    assert ana.get(LIST).json()["rows"][0]["folder"] == ""
    gone = ana.post(ONE, data={"id": one, "action": "delete", "sure": "1"}).json()
    assert gone["row"] is None
    assert re.fullmatch(r"/\?new=[0-9a-f]{32}", gone["next"])
    refused = ana.post(ONE, data={"id": one, "action": "pin"})
    assert (refused.status_code, refused.json()) == (404, {"detail": WORDS["no_conversation"]})


def test_there_is_room_for_so_many(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organizing, "PINS", 0)
    monkeypatch.setattr(organizing, "FOLDERS", 0)
    one = site.stored("one")
    for script in (False, True):
        ana = site.of("ana", script=script)
        pinned = ana.post(ONE, data={"id": one, "action": "pin"})
        assert (pinned.status_code, WORDS["quota_pins"] in pinned.text) == (422, True)
        made = ana.post(FOLDERS, data={"action": "add", "name": "Work"})
        assert (made.status_code, WORDS["quota_folders"] in made.text) == (422, True)
        unnamed = ana.post(FOLDERS, data={"action": "add", "name": " "})
        assert (unnamed.status_code, WORDS["no_folder_name"] in unnamed.text) == (422, True)


def test_a_folder_that_is_gone_is_told(site: Site) -> None:
    ana, one, gone = site.of("ana"), site.stored("one"), "0" * 32
    for address, sent in (
        (FOLDERS, {"id": gone, "action": "rename", "name": "Office"}),
        (ONE, {"id": one, "action": "move", "folder": gone}),
        ("/conversations", {"id": one, "action": "move", "folder": gone}),
    ):
        told = ana.post(address, data=sent)
        assert (told.status_code, WORDS["folder_gone"] in told.text) == (404, True)
    sent = {"id": [one, gone], "action": "move", "folder": gone}
    assert WORDS["no_conversation"] in ana.post("/conversations", data=sent).text


def test_what_is_anothers_is_not_there(site: Site) -> None:
    one, berta = site.stored("one"), site.of("berta")
    folder = site.store.add_folder("id-of-ana@example.com", "Work")
    site.store.move("id-of-ana@example.com", one, folder.id)
    assert titles(berta.get("/conversations").text) == []
    assert titles(berta.get(f"/conversations?folder={folder.id}").text) == []
    assert berta.get(f"{ONE}?id={one}").status_code == 404
    for action in ("save", "pin", "unpin", "move", "delete"):
        sent = {"id": one, "action": action, "title": "hers", "folder": "", "sure": ""}
        assert berta.post(ONE, data=sent).status_code == 404
    berta.post("/conversations", data={"id": one, "action": "delete", "sure": "1"})
    berta.post(FOLDERS, data={"id": folder.id, "action": "delete"})
    ana = site.of("ana")
    assert titles(ana.get(f"/conversations?folder={folder.id}").text) == ["one"]


def test_a_page_of_who_signed_in_before_changes_nothing(site: Site) -> None:
    one, ana = site.stored("one"), site.of("ana", script=True)
    ana.headers["x-page-owner"] = "id-of-berta@example.com"
    answers = [
        ana.get(LIST),
        ana.post(ONE, data={"id": one, "action": "delete", "sure": "1"}),
        ana.post(FOLDERS, data={"action": "add", "name": "Work"}),
    ]
    assert [answer.status_code for answer in answers] == [409] * 3
    assert len(site.store.headings("id-of-ana@example.com", None, 5)) == 1


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=1-2", f"after={'9' * 400}-{'0' * 32}", "folder=x", "after=\u0661-0", "folder=%00"],
)
def test_whatever_a_place_says_there_is_a_page(site: Site, query: str) -> None:
    site.stored("one")
    assert site.of("ana").get(f"/conversations?{query}").status_code == 200
    assert site.of("ana", script=True).get(f"{LIST}?{query}").status_code == 200


@pytest.mark.parametrize("sent", [{"action": "x", "id": "0" * 32}, {"action": "save"}, {"id": "x"}, {}])
def test_whatever_a_form_says_nothing_breaks(site: Site, sent: dict[str, str]) -> None:
    for path in ("/conversations", ONE, FOLDERS):
        assert site.of("ana").post(path, data=sent).status_code in (400, 404, 422)


def cost(site: Site, path: str) -> tuple[Counter[str], int]:
    """The calls of a request for a page, and the items that they read."""
    browser: Any = site.of("ana")
    browser.get(path)  # the session is looked at now and then
    site.client.calls.clear()
    site.client.items_read = 0
    assert browser.get(path).status_code == 200
    calls = Counter(name for name, request in site.client.calls if "SESSION#" not in str(request))
    return calls, site.client.items_read


def test_a_page_costs_the_same_however_many_there_are(site: Site) -> None:
    for number in range(AT_ONCE + 5):
        site.stored(f"about {number}")
    few = {path: cost(site, path) for path in ("/conversations", LIST)}
    for number in range(3 * AT_ONCE):
        site.stored(f"also about {number}")
    assert {path: cost(site, path) for path in few} == few
    assert few[LIST][0].total() <= 5


SEARCH = "/conversations/search"


def found(browser: httpx.Client, typed: str) -> list[dict[str, Any]]:
    """What our script gets, once all is read."""
    while (told := browser.get(SEARCH, params={"q": typed}).json())["behind"]:
        continue
    return told["rows"]


def test_titles_and_messages_are_searched_as_one_types(site: Site) -> None:
    ana, one = site.of("ana", script=True), site.stored("¿Dónde hay un buen café?")
    site.stored("hers: a café", "berta")
    assert found(ana, "") == []
    [row] = found(ana, "CAF yes")
    assert (row["id"], row["title"]) == (one, [["¿Dónde hay un buen ", False], ["caf", True], ["é?", False]])
    assert row["snippet"] in ([["yes", True]], row["title"])
    assert re.fullmatch(rf"/\?c={one}&turn=[0-9]+", row["address"])
    [row] = found(ana, "café")
    assert (row["address"], row["snippet"]) == (f"/?c={one}", [])
    assert found(ana, "tea") == []
    ana.post(ONE, data={"id": one, "action": "delete", "sure": "1"})
    assert found(ana, "cafe") == []
    [row] = found(site.of("berta", script=True), "cafe")
    assert row["id"] != one
    ana.headers["x-page-owner"] = "id-of-berta@example.com"
    assert ana.get(SEARCH, params={"q": "cafe"}).status_code == 409


def test_they_are_searched_without_scripts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, one = site.of("ana"), site.stored("<b>café</b> & more")
    found(ana, "cafe")
    page = ana.get("/conversations", params={"q": 'cafe "more'}).text
    assert "&lt;b&gt;<mark>caf</mark>é&lt;/b&gt;" in page or "&lt;b&gt;<mark>café</mark>&lt;/b&gt;" in page
    assert f'href="/?c={one}"' in page
    assert 'value="cafe &#34;more"' in page
    assert WORDS["no_conversation_found"] in ana.get("/conversations", params={"q": "tea"}).text
    monkeypatch.setattr(searching, "MOST", 1)
    assert WORDS["search_cut"] in ana.get("/conversations", params={"q": "cafe"}).text
    monkeypatch.setattr(routes, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(CatchingUp, "wake", lambda *_: threading.Event())
    assert WORDS["search_behind"] in ana.get("/conversations", params={"q": "tea"}).text


@pytest.mark.parametrize(
    "typed",
    ["%00", "\U0001f600", "a" * 5000, "#", "WORD#", "' OR 1=1", "\ud800".encode("utf-8", "surrogatepass")],
)
def test_whatever_is_searched_for_nothing_breaks(site: Site, typed: str) -> None:
    site.stored("one")
    assert found(site.of("ana", script=True), typed) == []
    assert site.of("ana").get("/conversations", params={"q": typed}).status_code == 200


EXPORT = "/conversations/export"


def test_everything_stored_can_be_taken_along(site: Site) -> None:
    ana, one = site.of("ana"), site.stored('say "hi" \u2028\n---')
    two = site.stored("two")
    site.stored("hers", "berta")
    folder = site.store.add_folder("id-of-ana@example.com", "Work")
    site.store.move("id-of-ana@example.com", one, folder.id)
    assert 'as=json" download' in ana.get(f"{ONE}?id={one}").text
    answer = ana.get(EXPORT, params={"as": "json", "id": one})
    assert answer.headers["content-disposition"] == 'attachment; filename="conversations.json"'
    told = answer.json()
    assert (told["format"], told["version"], set(told)) == (
        "asistente",
        1,
        {"format", "version", "exported_at", "conversations"},
    )
    [conversation] = told["conversations"]
    assert (conversation["id"], conversation["folder"]) == (one, folder.id)
    question, reply = conversation["messages"]
    assert (question["role"], question["text"]) == ("user", 'say "hi" \u2028\n---')
    assert (reply["text"], reply["status"], reply["output_tokens"]) == ("yes", "complete", 0)
    assert not {"pk", "sk", "holder", "lease_until"} & (question.keys() | reply.keys())

    everything = ana.get(EXPORT, params={"as": "account"}).json()
    assert {each["id"] for each in everything["conversations"]} == {one, two}
    assert everything["folders"] == [{"id": folder.id, "name": "Work"}]
    assert {"preferences", "usage", "drafts", "documents"} <= everything.keys()
    assert ana.get(EXPORT, params={"as": "json"}).json().keys() == told.keys()
    selected = ana.post("/conversations", data={"id": [one, two], "action": "json"}).json()
    assert [each["id"] for each in selected["conversations"]] == [one, two]

    written = ana.get(EXPORT, params={"as": "markdown", "id": two})
    assert written.headers["content-type"] == "text/markdown; charset=utf-8"
    assert written.text == "# two\n\n## You\n\ntwo\n\n## Answer\n\nyes\n"
    spanish = ana.get(EXPORT, params={"as": "markdown", "id": two, "lang": "es"})
    assert "## Respuesta" in spanish.text


def test_a_saved_file_is_brought_in_or_refused_with_the_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, berta = site.of("ana"), site.of("berta")
    site.stored("one")
    saved = ana.get(EXPORT, params={"as": "json"}).content

    def bring_in(content: bytes) -> httpx.Response:
        return berta.post("/conversations/import", files={"file": ("x.json", content)})

    answer = bring_in(saved)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/conversations?conversations_imported=1",
    )
    assert WORDS["conversations_imported"] in berta.get(answer.headers["location"]).text
    assert titles(berta.get("/conversations").text) == ["one"]
    told = json.loads(saved)
    told["conversations"][0] |= {"pinned": 1, "title": "two"}
    answer = bring_in(json.dumps(told | {"drafts": [{"text": "half a thought"}]}).encode())
    page = berta.get(answer.headers["location"] + "&left=%3Cb%3E&left=import_broken").text
    left = ", ".join((WORDS["left_pins"], WORDS["left_drafts"]))
    assert f"{WORDS['conversations_imported']} {WORDS['import_left'].format(what=left)}</p>" in page
    for content, key in (
        (saved[:-9], "import_not_json"),
        (b"", "import_not_json"),
        (b"{}", "import_not_ours"),
    ):
        refused = bring_in(content)
        assert (refused.status_code, html.escape(WORDS[key]) in refused.text) == (422, True), key
    broken = bring_in(saved.replace(b'"role": "user"', b'"role": "x"'))
    assert WORDS["import_broken"].format(number=1) in broken.text
    none = berta.post("/conversations/import", files={"file": ("", b"")})
    assert WORDS["import_no_file"] in none.text
    assert berta.post("/conversations/import", data={"file": "x"}).status_code == 400
    for error, key in (
        (UnderWayError, "import_under_way"),
        (TooManyImportsError, "import_busy"),
        (BusyError, "import_busy"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(Imports, "bring_in", Mock(side_effect=error))
            busy = bring_in(saved)
            assert (busy.status_code, html.escape(WORDS[key]) in busy.text) == (429, True)
    too_large = bring_in(b" " * (IMPORT_FORM_BYTES + 1))
    assert too_large.status_code == 413
    assert sorted(titles(berta.get("/conversations").text)) == ["one", "two"]


def test_nobody_takes_anothers_along(site: Site) -> None:
    one, berta = site.stored("one"), site.of("berta")
    for query in ({"as": "json", "id": one}, {"as": "account"}, {"as": "json"}):
        assert berta.get(EXPORT, params=query).json()["conversations"] == []
    assert berta.get(EXPORT, params={"as": "markdown"}).text == ""
    site.store.delete("id-of-ana@example.com", one)
    assert site.of("ana").get(EXPORT, params={"as": "account"}).json()["conversations"] == []
    for query in ({}, {"as": "x"}, {"as": "json", "id": "x"}, {"as": "json", "id": ["0" * 32] * 100}):
        assert berta.get(EXPORT, params=query).status_code == 404


def test_only_so_many_files_are_on_their_way(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = site.of("ana")
    monkeypatch.setattr(exports, "OF_A_PERSON", 0)
    refused = ana.get(EXPORT, params={"as": "json"})
    assert (refused.status_code, WORDS["too_many_exports"] in refused.text) == (429, True)
    monkeypatch.setattr(exports, "OF_A_PERSON", 1)
    for _ in range(3):  # a file that was sent gives its place back
        assert ana.get(EXPORT, params={"as": "json"}).status_code == 200


def test_a_person_who_deletes_much_takes_one_thread_of_those_for_all(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, under_way, most = threading.Event(), Counter[str](), 0

    def slow(_: Conversations, user_id: str, __: str) -> None:
        nonlocal most
        under_way[user_id] += 1
        most = max(most, under_way.total())
        go_on.wait()
        under_way[user_id] -= 1

    monkeypatch.setattr(Conversations, "delete", slow)
    ana = site.of("ana", script=True)

    async def ask() -> None:
        transport = httpx.ASGITransport(site.world.application.gate)
        async with (
            httpx.AsyncClient(
                transport=transport, base_url=ORIGIN, headers=dict(ana.headers), cookies=dict(ana.cookies)
            ) as browser,
            anyio.create_task_group() as requests,
        ):
            for _ in range(5):
                form = {"id": new_id(), "action": "delete", "sure": "1"}
                requests.start_soon(partial(browser.post, "/conversations", data=form))
            while not under_way:
                await anyio.sleep(0.01)
            for _ in range(3):
                assert (await browser.get(LIST)).status_code == 200
            go_on.set()

    anyio.run(ask)
    assert most == 1
