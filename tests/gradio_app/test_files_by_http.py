"""Attached files by raw HTTP: what is taken and shown, and nothing of one person by any way to another."""

import json
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import anyio
import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient
from starlette.types import Message

from gradio_app.aws import Clients
from gradio_app.chat.attachments import FILE_BYTES
from gradio_app.chat.conversation import new_id
from gradio_app.gate import limits
from tests.gradio_app.chatting import bedrock_client, until
from tests.gradio_app.documents import samples
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import SETTINGS, World, make_world
from tests.gradio_app.in_process import InProcess
from tests.security.chat_api import ChatClient, told

pytestmark = pytest.mark.slow

ANA, EVA = "ana@example.com", "eva@example.com"
SPANISH = {"accept-language": "es"}
PNG = samples.image("PNG")
SCRIPT = b"<!doctype html><html><script>alert(document.cookie)</script>words</html>"


class Person:
    """Somebody who has signed in, and their requests."""

    def __init__(self, world: World, email: str) -> None:
        self.http: TestClient = world.signed_in(email)
        self.id = f"id-of-{email}"
        self.chat = ChatClient(self.http)  # pyright: ignore[reportArgumentType]
        self._running = world.application.running

    def upload(self, name: str, content: bytes, **headers: str) -> Any:
        own = {"x-page-owner": self.id} | headers
        return self.http.post("/files", params={"name": name}, content=content, headers=own)

    def uploaded(self, name: str, content: bytes) -> str:
        answer = self.upload(name, content)
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def ask(self, *ids: str, conversation_id: str = "", question: str = "answer: yes") -> dict[str, str]:
        """Ask with files; returns the query that shows the first of them."""
        conversation_id = conversation_id or new_id()
        said = told(self.chat.start(conversation_id, question, ask_files=",".join(ids)))
        assert said["taken"], said
        until(lambda: self._running.is_idle)
        turn = self.http.get("/", params={"c": conversation_id})
        assert turn.status_code == 200
        return {"conversation": conversation_id, "turn": "", "id": ids[0] if ids else ""}


@pytest.fixture
def world(fake: FakeBedrock, s3: FakeS3) -> World:
    name = f"http-{uuid4().hex}"
    table, bedrock = InProcess(name), bedrock_client("bedrock-runtime", fake.endpoint_url)
    settings = replace(SETTINGS, table_name=name, model_ids=("us.anthropic.claude-sonnet-4-5-20250929-v1:0",))
    clients = Clients(None, table, bedrock, bedrock, s3)
    world = make_world(settings, clients=clients)
    world.client = table  # type: ignore[attr-defined]
    return world


@pytest.fixture
def ana(world: World) -> Person:
    return Person(world, ANA)


@pytest.fixture
def eva(world: World) -> Person:
    return Person(world, EVA)


def shown(world: World, query: dict[str, str]) -> dict[str, str]:
    """The query with the number of the conversation's last turn."""
    keys: list[str] = []
    for name, given in world.client.calls:  # type: ignore[attr-defined]
        if name == "transact_write_items":
            keys += [each["Put"]["Item"]["sk"]["S"] for each in given["TransactItems"] if "Put" in each]
    [*_, last] = [key for key in keys if key.startswith(f"MESSAGE#{query['conversation']}#")]
    return query | {"turn": str(int(last.split("#")[2]))}


def test_a_file_is_uploaded_sent_and_opened(world: World, ana: Person, s3: FakeS3) -> None:
    answer = ana.upload("../ñandú \u202e😀.png", PNG)
    assert answer.json() == {
        "id": answer.json()["id"],
        "name": "ñandú 😀.png",
        "kind": "png",
        "bytes": len(PNG),
        "image": True,
    }
    upload = answer.json()["id"]
    waiting = ana.http.get("/files", params={"id": upload})
    assert waiting.content == PNG
    opened = ana.http.get("/files", params=shown(world, ana.ask(upload)))
    assert opened.content == PNG
    assert opened.headers["content-type"] == "image/png"
    assert opened.headers["content-length"] == str(len(PNG))
    assert opened.headers["content-disposition"] == (
        "inline; filename=\"_and_ _.png\"; filename*=UTF-8''%C3%B1and%C3%BA%20%F0%9F%98%80.png"
    )
    assert opened.headers["cache-control"] == "no-store"
    assert ana.http.get("/files", params={"id": upload}).status_code == 404, "it is no upload any more"
    assert [key.partition("/")[0] for key in s3.objects] == ["files"]


@pytest.mark.asvs("5.3.1")
@pytest.mark.parametrize(
    ("name", "content", "media_type", "how"),
    [
        ("page.html", SCRIPT, "text/html; charset=utf-8", "attachment"),
        ("page.png", SCRIPT, "text/html; charset=utf-8", "attachment"),
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "text/plain", "attachment"),
        ("run.js", b"alert(1)", "text/plain; charset=utf-8", "attachment"),
        ("a.pdf", samples.pdf("words"), "application/pdf", "inline"),
        ("a.csv", b"=cmd|'/c calc'!A1,2\n", "text/csv; charset=utf-8", "attachment"),
        # An image to whoever looks at its beginning, a page with a script to whoever guesses.
        ("both.gif", b"GIF89a/*\0\0\0\0" + SCRIPT + b";", "image/gif", "inline"),
    ],
)
def test_nothing_in_a_file_runs_here(
    ana: Person, name: str, content: bytes, media_type: str, how: str
) -> None:
    answer = ana.upload(name, content)
    if answer.status_code != 200:
        assert name == "both.gif", answer.text  # refused is as good
        return
    opened = ana.http.get("/files", params={"id": answer.json()["id"]})
    assert opened.headers["content-type"].startswith(media_type)
    assert opened.headers["content-disposition"].startswith(f"{how};")
    assert opened.headers["x-content-type-options"] == "nosniff"
    policy = opened.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "sandbox"} <= set(policy)
    assert not any(each.startswith("script-src") for each in policy)
    assert opened.content == content


@pytest.mark.asvs("5.3.2", "5.4.1", "5.4.2")
@pytest.mark.parametrize(
    "name",
    [
        "a\r\nSet-Cookie: stolen=1.txt",
        '"; filename="evil.exe',
        "../../../etc/passwd",
        "x" * 300 + ".txt",
        "gnp\u202exe.txt",
        "",
        "%0d%0aX-Header: 1",
        "😀" * 200,
    ],
)
def test_a_hostile_name_stays_a_name(ana: Person, name: str) -> None:
    answer = ana.upload(name, b"words")
    kept = answer.json()["name"]
    assert 0 < len(kept) <= 150
    assert not set(kept) & set("/\\\r\n\u202e")
    opened = ana.http.get("/files", params={"id": answer.json()["id"]})
    assert "set-cookie" not in opened.headers
    assert "x-header" not in opened.headers
    disposition = opened.headers["content-disposition"]
    assert disposition.isascii()
    assert disposition.count('"') == 2


@pytest.mark.asvs("8.2.2")
def test_no_file_of_one_is_reached_by_another(world: World, ana: Person, eva: Person, s3: FakeS3) -> None:
    waiting, sent = ana.uploaded("a.txt", b"of Ana"), ana.uploaded("b.txt", b"of Ana, sent")
    query = shown(world, ana.ask(sent))
    assert ana.http.get("/files", params=query).text == "of Ana, sent"
    mine = eva.uploaded("c.txt", b"of Eva")
    own = shown(world, eva.ask(mine))
    for attempt in (
        query,
        query | {"conversation": own["conversation"]},
        query | {"turn": own["turn"]},
        own | {"id": sent},
        own | {"id": waiting},
        {"id": waiting},
        {"id": sent},
        {"id": f"../id-of-{ANA}/{waiting}"},
        {"id": waiting.upper()},
        {"id": ""},
        {},
        query | {"turn": "-1"},
        query | {"turn": "9" * 99},
        query | {"conversation": "../" + "0" * 29},
    ):
        answer = eva.http.get("/files", params=attempt)
        assert answer.status_code == 404, attempt
        assert "of Ana" not in answer.text
    before = dict(s3.objects)
    for file_id in (waiting, sent):
        eva.http.delete("/files", params={"id": file_id})
        said = told(eva.chat.start(new_id(), "answer: mine", ask_files=file_id))
        assert said["taken"] is False
    assert s3.objects == before
    assert ana.http.get("/files", params={"id": waiting}).text == "of Ana"


def test_a_message_names_only_files_that_were_given_ids_by_us(ana: Person) -> None:
    for ids in ("x", "../../files", "0" * 31, ",".join(["0" * 32] * 11)):
        answer = ana.chat.start(new_id(), "answer: yes", ask_files=ids)
        assert answer.status_code == 422, ids


def test_what_was_taken_off_is_gone(ana: Person, s3: FakeS3) -> None:
    upload = ana.uploaded("a.txt", b"words")
    assert ana.http.delete("/files", params={"id": upload}).status_code == 204
    assert not s3.objects
    assert ana.http.get("/files", params={"id": upload}).status_code == 404
    assert ana.http.delete("/files", params={"id": upload}).status_code == 204
    assert ana.http.delete("/files", params={"id": "x"}).status_code == 404


def test_files_go_with_their_conversation(world: World, ana: Person, s3: FakeS3) -> None:
    query = shown(world, ana.ask(ana.uploaded("a.txt", b"words")))
    deleted = {"id": query["conversation"], "action": "delete", "sure": "1"}
    assert ana.http.post("/conversations/conversation", data=deleted).status_code == 200
    assert not s3.objects
    assert ana.http.get("/files", params=query).status_code == 404


def test_refusals_are_sentences_in_the_pages_language(ana: Person) -> None:
    for language, word in (({}, "empty"), (SPANISH, "vacío")):
        answer = ana.upload("a.txt", b"", **language)
        assert answer.status_code == 422
        assert word in answer.json()["detail"]
    too_large = ana.upload("a.txt", b"x" * (FILE_BYTES + 1))
    assert too_large.status_code == 413
    assert too_large.json()["detail"]
    other = ana.upload("a.txt", b"x", **{"x-page-owner": "id-of-somebody-else"})
    assert other.status_code == 409


def test_without_the_bucket_there_is_a_sentence_and_nothing_is_lost(
    world: World, ana: Person, s3: FakeS3
) -> None:
    upload = ana.uploaded("a.txt", b"words")
    s3.down = True
    for answer in (ana.upload("b.txt", b"words"), ana.http.get("/files", params={"id": upload})):
        assert answer.status_code == 503
        assert "right now" in answer.json()["detail"]
    said = told(ana.chat.start(new_id(), "answer: yes", ask_files=upload))
    assert said["taken"] is False
    assert "Nothing was sent" in said["notice"]
    assert ana.http.delete("/files", params={"id": ana.id.replace("id-of-", "")[:1]}).status_code == 404
    s3.down = False
    assert ana.http.get("/files", params=shown(world, ana.ask(upload))).text == "words"


def test_who_is_not_signed_in_uploads_and_reads_nothing(world: World, ana: Person) -> None:
    upload = ana.uploaded("a.txt", b"words")
    stranger = world.browser()
    assert stranger.post("/files", params={"name": "a"}, content=b"x").status_code == 401
    assert stranger.get("/files", params={"id": upload}).status_code == 401
    forged = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert ana.upload("a.txt", b"x", **forged).status_code == 403
    assert ana.http.delete("/files", params={"id": upload}, headers=forged).status_code == 403
    for path in ("/gradio_api/upload", f"/gradio_api/file=/files/{upload}", "/files/", f"/files/{upload}"):
        assert ana.http.get(path).status_code == 404
        assert ana.http.post(path, content=b"x").status_code == 404


@pytest.mark.asvs("5.2.1")
def test_bodies_of_files_are_few_and_count_until_they_are_stored() -> None:
    """Whoever sends as many as one may takes nobody else's place; nor does who is slow to be read."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"12345", "more_body": False}

    async def run() -> None:
        bodies = limits.Bodies(replace(limits.UPLOADS, held_bytes=16))
        hold = partial(bodies.held, receive, Headers(), FILE_BYTES)
        async with hold("ana") as first, hold("ana") as second:
            assert first == second == b"12345"
            with pytest.raises(limits.TooManyBodies):
                await bodies.read(receive, Headers(), FILE_BYTES, "ana")
            async with hold("eva"):
                with pytest.raises(limits.TooManyBodies):
                    await bodies.read(receive, Headers(), FILE_BYTES, "berta")
        assert await bodies.read(receive, Headers(), FILE_BYTES, "ana") == b"12345"
        with pytest.raises(limits.BodyTooLarge):
            await bodies.read(receive, Headers(), 4, "ana")

    anyio.run(run)


def test_what_is_typed_goes_with_its_files_into_the_draft(ana: Person) -> None:
    upload = ana.uploaded("a.txt", b"words")
    conversation_id = new_id()
    put = {"conversation": conversation_id, "files": f"{upload},x,{'0' * 32}"}
    own = {"x-page-owner": ana.id}
    assert ana.http.put("/draft", params=put, content=b"half", headers=own).status_code == 204
    event = ana.chat.event("open")
    said = told(ana.chat.send(event, [], query=f"?new={conversation_id}"))
    assert said["give"] == "half"
    assert [file["id"] for file in said["files"]] == [upload]
    assert json.dumps(said).count(upload) == 1


def test_an_undone_question_gives_its_files_back(world: World, ana: Person, s3: FakeS3) -> None:
    query = shown(world, ana.ask(ana.uploaded("a.txt", b"words")))
    event = ana.chat.event("undo")
    turn = float(query["turn"])
    said = told(ana.chat.send(event, ana.chat.data(event, text=query["conversation"], number=turn)))
    assert said["give"] == "answer: yes"
    [file] = said["files"]
    assert file["name"] == "a.txt"
    assert {key.partition("/")[0] for key in s3.objects} == {"uploads"}
    assert ana.http.get("/files", params={"id": file["id"]}).text == "words"
