"""Thumbs by HTTP and in the table: one for each answer, seen by administrators, gone with the answer."""

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deployer.account import records
from gradio_app.aws import Clients
from gradio_app.chat.assistant import OWN, Assistant, Label, Says
from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.server import create_app
from gradio_app.store import schema
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import ConflictError, Table
from gradio_app.store.thumbs import ANSWER_BYTES, REASON_CHARACTERS, Thumb, Thumbs
from gradio_app.thumbs.routes import COUNTS, REASONS
from gradio_app.thumbs.texts import TEXTS
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import PAGE_VIEW, SETTINGS, FakeDirectory, User, World, shared_page
from tests.gradio_app.in_process import InProcess

WORDS = TEXTS["en"]
MODEL = "us.amazon.nova-lite-v1:0"
LAWYER = Assistant(Label("everybody", "1" * 32, 1, "The <lawyer>"), Says("The <lawyer>"))
MINE = Assistant(Label(OWN, "2" * 32, 1, "Secret plans"), Says("Secret plans"))


@dataclass
class Site:
    """The application, its table, and what is in it."""

    world: World
    client: InProcess
    store: Conversations
    thumbs: Thumbs

    def of(self, name: str) -> httpx.Client:
        """A browser of somebody who is signed in."""
        browser = self.world.signed_in(f"{name}@example.com")
        browser.headers["sec-fetch-site"] = "same-origin"
        browser.headers["x-page-owner"] = person(name)
        return browser  # pyright: ignore[reportReturnType] (Starlette's is one of httpx2, which is alike)

    def answered(self, name: str = "ana", assistant: Assistant | None = None, text: str = "yes") -> str:
        """The address of the thumb on an answer that was just given."""
        conversation_id = new_id()
        number = self.store.ask(person(name), Conversation(conversation_id), "well?", assistant=assistant)
        answer = Answer(plain(text), model_id=MODEL)
        self.store.answer(person(name), conversation_id, number, "me", answer)
        return f"/thumb?conversation={conversation_id}&turn={number}"

    def seen(self) -> str:
        """The administrators' page."""
        return self.of("root").get("/thumbs", headers=PAGE_VIEW).text

    def items(self) -> list[str]:
        """What is left of thumbs, counts left out."""
        table = Table(self.client, self.client.table_name)
        own = table.sort_keys(schema.person(person("ana")), schema.THUMB)
        return [*own, *table.sort_keys(schema.THUMBS, schema.THUMB_TOLD)]


def person(name: str) -> str:
    return f"id-of-{name}@example.com"


@pytest.fixture
def site() -> Site:
    name = f"thumbs-{uuid4().hex}"
    client = InProcess(name)
    directory = FakeDirectory(
        users={f"{each}@example.com": User("Correct-Horse-1") for each in ("ana", "berta")}
        | {"root@example.com": User("Correct-Horse-1", groups=("admins",))}
    )
    settings = replace(SETTINGS, table_name=name)
    clients = Clients(None, client, None, None, FakeS3())
    application = create_app(settings, clients, directory=directory, page=shared_page())
    table = Table(client, name)
    world = World(None, directory, application, settings)  # type: ignore[arg-type]
    return Site(world, client, Conversations(table), Thumbs(table))


def lines(page: str) -> list[list[str]]:
    """The table of counts."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall(r"<td.*?</td>", row)]
        for row in re.findall(r"<tr>.*?</tr>", body)
    ]


def test_a_thumb_is_given_changed_and_taken_back(site: Site) -> None:
    ana, address = site.of("ana"), site.answered(assistant=LAWYER)
    assert ana.get(address).status_code == 404
    assert ana.put(address, data={"up": "1"}).status_code == 204
    assert ana.get(address).json() == {"up": True, "reason": "", "agreed": False}
    given = {"up": "0", "reason": " Too\r\nlong. ", "agreed": "1"}
    assert ana.put(address, data=given).status_code == 204
    assert ana.get(address).json() == {"up": False, "reason": "Too\nlong.", "agreed": True}
    today = datetime.now(UTC).date().isoformat()
    assert lines(site.seen()) == [[today, "nova-lite", "The <lawyer>", "0", "1"]]
    assert "Too\nlong." in site.seen()
    assert ">yes<" in site.seen()
    ana.put(address, data=given | {"agreed": "0"})
    assert ">yes<" not in site.seen(), "who does not agree any more has the answer taken away"
    assert ana.delete(address).status_code == 204
    assert ana.delete(address).status_code == 204
    assert (lines(site.seen())[0][3:], site.items()) == (["0", "0"], [])


def test_what_administrators_see_says_neither_who_nor_where(site: Site) -> None:
    address = site.answered(assistant=MINE, text="an answer of mine")
    site.of("ana").put(address, data={"up": "1", "reason": "<b>good</b>"})
    page = site.seen()
    conversation_id = re.findall(r"conversation=(\w+)", address)[0]
    for secret in ("an answer of mine", "ana@", person("ana"), conversation_id, "Secret plans", "<b>good"):
        assert secret not in page
    assert WORDS["own_assistant_counted"] in unescape(page)
    shown = [item for item in everything(site) if item["pk"] == schema.THUMBS]
    assert shown
    assert not [item for item in shown if conversation_id in str(item) or "ana@" in str(item)]
    for browser in (site.of("ana"), site.of("berta")):
        assert browser.get("/thumbs", headers=PAGE_VIEW).status_code == 404


def everything(site: Site) -> list[dict[str, Any]]:
    table = Table(site.client, site.client.table_name)
    return [item for pk in (schema.THUMBS, schema.person(person("ana"))) for item in table.query(pk)]


def test_nobody_reaches_anothers_answer_or_thumb(site: Site) -> None:
    ana, berta, address = site.of("ana"), site.of("berta"), site.answered()
    ana.put(address, data={"up": "1", "reason": "mine"})
    assert berta.get(address).status_code == 404
    assert berta.put(address, data={"up": "0"}).status_code == 404
    assert berta.delete(address).status_code == 204
    assert site.of("root").get(address).status_code == 404
    assert ana.get(address).json()["reason"] == "mine"
    berta.headers["x-page-owner"] = person("ana")
    assert berta.put(address, data={"up": "0"}).status_code == 409
    assert berta.delete(address).status_code == 409


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 400),
        ({"up": "2"}, 400),
        ({"up": "1", "agreed": "yes"}, 400),
        ({"up": "\u0661"}, 400),
        ({"up": "1", "reason": "x" * (REASON_CHARACTERS + 1)}, 422),
        ({"up": "1", "reason": "x" * 20_000}, 413),
    ],
)
def test_what_is_no_thumb_is_refused(site: Site, data: dict[str, str], status: int) -> None:
    ana, address = site.of("ana"), site.answered()
    assert ana.put(address, data=data).status_code == status
    assert site.items() == []


def test_there_is_a_thumb_on_an_answer_alone(site: Site) -> None:
    ana = site.of("ana")
    silent, there = site.answered(text=" "), site.answered()
    for address in (
        silent,
        "/thumb",
        "/thumb?conversation=x&turn=1",
        re.sub(r"turn=\d+", "turn=1", there),
        re.sub(r"turn=\d+", "turn=" + "9" * 15, there),
        re.sub(r"turn=\d+", "turn=-1", there),
        re.sub(r"conversation=\w+", f"conversation={new_id()}", there),
    ):
        assert ana.put(address, data={"up": "1"}).status_code == 404
    assert site.items() == []


@pytest.mark.parametrize("how", ["deleted", "taken back with its question", "its person is forgotten"])
def test_a_thumb_goes_with_its_answer(site: Site, how: str) -> None:
    ana, address, other = site.of("ana"), site.answered(text="x" * 20_000), site.answered()
    for each in (address, other):
        ana.put(each, data={"up": "1", "agreed": "1"})
    shown = [item for item in everything(site) if item["sk"].startswith(schema.THUMB_TOLD)]
    assert max(len(item["answer"]) for item in shown) == ANSWER_BYTES
    conversation_id = re.findall(r"conversation=(\w+)", address)[0]
    if how == "deleted":
        site.store.delete(person("ana"), conversation_id)
    elif how == "its person is forgotten":
        keys = list(records.own(Paginated(site.client), site.client.table_name, person("ana")))
        assert {sk for pk, sk in keys if pk == schema.THUMBS} == {item["sk"] for item in shown}
        assert all(records.is_own(key) for key in keys)
        for pk, sk in keys:
            Table(site.client, site.client.table_name).take(pk, sk)
        assert site.items() == []
        return
    else:
        seen = site.store.page(person("ana"), conversation_id)
        assert seen
        site.store.undo(person("ana"), seen, seen.last)
    assert len(site.items()) == 2, "the other one stays"
    assert ana.get(address).status_code == 404
    assert ana.get(other).status_code == 200


class Paginated:
    """The table's client as the deployer has it: a page is all there is."""

    def __init__(self, client: InProcess) -> None:
        self._client = client

    def get_paginator(self, operation: str) -> Any:
        client = self._client

        class Pages:
            def paginate(self, **asked: Any) -> list[dict[str, Any]]:
                return [getattr(client, operation)(**asked)]

        return Pages()


def test_two_who_change_it_at_once_count_once(site: Site) -> None:
    address = site.answered()
    conversation_id, number = re.findall(r"conversation=(\w+)&turn=(\d+)", address)[0]
    turn = site.store.turn(person("ana"), conversation_id, int(number))
    assert turn
    where = (person("ana"), conversation_id)
    site.thumbs.give(*where, turn, None, Thumb(up=True))

    class Late(Thumbs):
        """Gives the other one between another's look and its write."""

        is_late = True

        def _item(self, user_id: str, conversation_id: str, number: int) -> Any:
            found = super()._item(user_id, conversation_id, number)
            if self.is_late:
                self.is_late = False
                site.thumbs.give(*where, turn, None, Thumb(up=False))
            return found

    late = Late(Table(site.client, site.client.table_name))
    with pytest.raises(ConflictError):
        late.give(*where, turn, None, Thumb(up=False))
    late.is_late = True
    site.thumbs.give(*where, turn, None, Thumb(up=True))
    with pytest.raises(ConflictError):
        late.take_back(*where, int(number))
    assert [(each.up, each.down) for each in site.thumbs.counts("", 9)[0]] == [(0, 1)]


def test_the_page_costs_the_same_however_much_is_stored(site: Site) -> None:
    table = Table(site.client, site.client.table_name)

    def lay(count: int) -> None:
        for number in range(count):
            key = schema.thumbs_counted(f"2026-01-{number % 28 + 1:02}", f"model-{number}", "-")
            table.put({"pk": schema.THUMBS, "sk": key, "up": number, "expires_at": 2**33})
            told = {
                "day": "2026-01-01",
                "up": 1,
                "reason": f"reason {number};",
                "model_id": "m",
                "assistant": "",
            }
            key = schema.thumb_told(number, "1")
            table.put({"pk": schema.THUMBS, "sk": key, "expires_at": 2**33, "assistant": "", **told})

    root = site.of("root")
    root.headers.update(PAGE_VIEW)
    lay(COUNTS + 5)
    root.get("/thumbs")  # looks at the session, which is then known for a while
    few = calls(site, root)
    lay(3 * COUNTS)
    assert calls(site, root) == few
    page, found = root.get("/thumbs").text, list[str]()
    for _ in range(20):
        found += re.findall(r"reason \d+;", page)
        assert len(re.findall(r"reason \d+;", page)) <= REASONS
        following = re.findall(rf'href="(/thumbs\?[^"]+)">{WORDS["more_reasons"]}<', page)
        if not following:
            break
        page = root.get(unescape(following[0])).text
    assert len(found) == len(set(found)) == 3 * COUNTS
    for place in ("nothing%23", "%ff%00", "x" * 1_100, "%F0%9F%92%A9" * 300):
        assert root.get(f"/thumbs?counts={place}&reasons={place}").status_code == 200


def calls(site: Site, browser: httpx.Client) -> tuple[Counter[str], int]:
    """Calls to the table by the page, sessions left out, and items that were read."""
    site.client.calls.clear()
    before = site.client.items_read
    assert browser.get("/thumbs").status_code == 200
    named = Counter(name for name, asked in site.client.calls if "SESSION#" not in str(asked))
    return named, site.client.items_read - before


def brought_in(site: Site, status: str = "complete") -> tuple[httpx.Client, str, int]:
    """A browser, and the conversation and the turn of an answer that somebody has made up."""
    question = {"turn": 1, "role": "user", "text": "well?"}
    answer = {"turn": 1, "role": "assistant", "text": "made up", "status": status, "model_id": "no.model"}
    told = {"format": "asistente", "version": 1, "conversations": [{"messages": [question, answer]}]}
    ana = site.of("ana")
    sent = ana.post("/conversations/import", files={"file": ("x.json", json.dumps(told).encode())})
    assert sent.status_code == 303
    [heading] = site.store.headings(person("ana"), None, 5)
    page = site.store.page(person("ana"), heading.id)
    assert page
    return ana, heading.id, page.last


@pytest.mark.parametrize("status", ["complete", "stopped"])
def test_a_thumb_on_an_answer_out_of_a_file_is_its_persons_alone(site: Site, status: str) -> None:
    ana, conversation_id, number = brought_in(site, status)
    if status == "stopped":  # a model has gone on with it
        seen = site.store.page(person("ana"), conversation_id)
        assert seen
        before = seen.turns[-1].answer
        assert before
        version = site.store.resume(person("ana"), seen, number, holder="me", lease_until=2**33)
        more = Answer(plain("made up and more"), model_id=MODEL)
        site.store.answer(person("ana"), conversation_id, number, "me", more, version, before)
    address = f"/thumb?conversation={conversation_id}&turn={number}"
    for given in ({"up": "1"}, {"up": "0", "reason": "Poor.", "agreed": "1"}, {"up": "1", "reason": "Good."}):
        assert ana.put(address, data=given).status_code == 204
    assert ana.get(address).json() == {"up": True, "reason": "Good.", "agreed": False}
    assert [item for item in everything(site) if item["pk"] == schema.THUMBS] == []
    assert ana.delete(address).status_code == 204
    assert ana.get(address).status_code == 404
    ana.put(address, data={"up": "1"})
    site.store.delete(person("ana"), conversation_id)
    assert (site.items(), lines(site.seen())) == ([], [])
