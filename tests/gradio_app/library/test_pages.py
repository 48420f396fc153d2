"""The page of documents over HTTP: what it does, what it refuses, and that nothing crosses between people."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from gradio_app.aws import Clients
from gradio_app.gate.access import OPEN
from gradio_app.library import listing
from gradio_app.library.document import EVERYBODY, content_id, group_library
from gradio_app.library.embeddings import Embedded
from gradio_app.library.texts import TEXTS
from gradio_app.server import create_app
from gradio_app.store import schema
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import PAGE_VIEW, SETTINGS, FakeDirectory, User, World, shared_page
from tests.gradio_app.in_process import InProcess
from tests.gradio_app.library.kit import Model

pytestmark = pytest.mark.slow

PASSWORD = "Correct-Horse-1"
WORDS = b"# Leases\n\nA lease is a promise for some time.\n"
WITH_LIBRARY = replace(SETTINGS, embedding_model_id="model-1", library_files=5, library_megabytes=1)


@dataclass
class Site:
    """The application with a library, over the emulator's table and a bucket in memory."""

    world: World
    s3: FakeS3
    client: InProcess

    def of(self, name: str) -> TestClient:
        """A browser of somebody who is signed in."""
        browser = self.world.signed_in(f"{name}@example.com")
        browser.headers.update(PAGE_VIEW | {"sec-fetch-site": "same-origin"})
        return browser

    def work(self) -> None:
        """Do all that is to be done with documents."""
        worker = self.world.application.worker
        assert worker
        while worker._work():
            pass

    def stored(self) -> str:
        """All of the table that is about documents, as text."""
        items = self.client.scan(TableName=self.world.settings.table_name)["Items"]
        about = [item for item in items if re.match("LIBRAR|PASSAGES|INGESTION", item["pk"]["S"])]
        return json.dumps(sorted(about, key=json.dumps), ensure_ascii=False)


class Vectors(Model):
    """Vectors of the length that the table's index has."""

    def embed(self, passages: Any) -> list[list[float]]:
        return [[1.0, *[0.0] * 511] for _ in super().embed(passages)]

    def of_question(self, text: str) -> Embedded:
        return Embedded([[1.0, *[0.0] * 511]], len(text))


@pytest.fixture
def site() -> Site:
    return make_site()


def make_site(**settings: Any) -> Site:
    name = f"pages-{uuid4().hex}"
    client, s3 = InProcess(name), FakeS3()
    directory = FakeDirectory(
        users={
            "ana@example.com": User(PASSWORD, groups=("staff",)),
            "berta@example.com": User(PASSWORD),
            "root@example.com": User(PASSWORD, groups=("admins",)),
        }
    )
    chosen = replace(WITH_LIBRARY, table_name=name, **settings)
    application = create_app(
        chosen,
        Clients(None, client, None, None, s3),
        directory=directory,
        page=shared_page(),
        embedder=Vectors(),
    )
    return Site(World(None, directory, application, chosen), s3, client)  # type: ignore[arg-type]


def add(browser: TestClient, name: str = "leases.md", content: bytes = WORDS, **fields: str) -> Any:
    return browser.post("/documents/add", data=fields, files={"file": (name, content)})


def added(browser: TestClient, *arguments: Any, **fields: str) -> str:
    """Add a document and return its id."""
    assert add(browser, *arguments, **fields).status_code == 303
    return content_id(arguments[1] if len(arguments) > 1 else WORDS)


def test_a_document_is_added_read_opened_renamed_and_deleted(site: Site) -> None:
    ana = site.of("ana")
    assert TEXTS["en"]["empty"] in ana.get("/documents").text
    answer = add(ana)
    assert answer.status_code == 303
    page = ana.get(answer.headers["location"]).text
    assert TEXTS["en"]["added_one"] in page
    assert TEXTS["en"]["doc_waiting"] in page
    assert 'http-equiv="refresh"' in page

    site.work()
    page = ana.get("/documents").text
    assert TEXTS["en"]["doc_ready"] in page
    assert "1 of 5 documents, 1 of 1 MB, 1 of 10,000 pages" in page
    assert 'http-equiv="refresh"' not in page

    document = content_id(WORDS)
    assert ana.get(f"/documents/file?id={document}").content == WORDS
    one = ana.get(f"/documents/document?id={document}")
    assert "leases.md" in one.text
    saved = {"action": "save", "id": document, "name": "Promises.md"}
    assert ana.post("/documents/document", data=saved).status_code == 303
    assert "Promises.md" in ana.get("/documents").text

    delete = {"action": "delete", "id": document}
    asked = ana.post("/documents/document", data=delete)
    assert TEXTS["en"]["yes_delete"] in asked.text
    assert ana.get(f"/documents/file?id={document}").status_code == 200
    assert ana.post("/documents/document", data=delete | {"sure": "1"}).status_code == 303
    site.work()
    assert TEXTS["en"]["empty"] in ana.get("/documents").text
    assert not site.s3.objects
    assert "Leases" not in site.stored()


def test_the_original_is_served_so_that_nothing_in_it_runs(site: Site) -> None:
    ana = site.of("ana")
    page = b"<!doctype html><html><title>x</title><script>alert(1)</script><p>words</p></html>"
    document = added(ana, 'a"b\u202e.html', page)
    answer = ana.get(f"/documents/file?id={document}")
    assert answer.content == page
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_several_files_are_added_and_each_refusal_is_told(site: Site) -> None:
    ana = site.of("ana")
    files = [
        ("file", ("one.txt", b"first words")),
        ("file", ("two.exe", b"MZ\x00\x01\x02")),
        ("file", ("<b>three</b>.txt", b"")),
        ("file", ("again.txt", b"first words")),
    ]
    answer = ana.post("/documents/add", files=files)
    assert answer.status_code == 422
    assert "one.txt" in answer.text
    assert "two.exe: " + TEXTS["en"]["add_unsupported"] in answer.text
    assert "&lt;b&gt;three&lt;/" not in answer.text  # the name ends behind the last stroke
    assert TEXTS["en"]["add_empty"] in answer.text
    assert TEXTS["en"]["add_duplicate"].format(other="one.txt") in answer.text


def test_a_script_is_told_in_a_sentence(site: Site) -> None:
    ana = site.of("ana")
    for header in ("sec-fetch-mode",):
        del ana.headers[header]
    ana.headers["accept"] = "application/json"
    ana.cookies.set("language", "es")
    assert add(ana).json() == {"detail": TEXTS["es"]["added_one"]}
    answer = add(ana)
    assert answer.status_code == 422
    assert TEXTS["es"]["add_duplicate"].format(other="leases.md") in answer.json()["detail"]


def test_there_is_room_for_so_much_and_no_more(site: Site) -> None:
    ana = site.of("ana")
    assert TEXTS["en"]["quota_bytes"] in add(ana, "large.txt", b"x" * 1_000_001).text
    for number in range(5):
        added(ana, f"{number}.txt", b"text %d" % number)
    assert TEXTS["en"]["quota_files"] in add(ana, "one more.txt", b"one more").text
    assert len(site.s3.objects) == 5


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_empty_library_offers_a_sample(site: Site, lang: str) -> None:
    ana = site.of("ana")
    ana.cookies.set("language", lang)
    assert TEXTS[lang]["try_sample"] in ana.get("/documents").text
    assert ana.post("/documents/sample", data={"library": ""}).status_code == 303
    site.work()
    page = ana.get("/documents").text
    assert TEXTS[lang]["doc_ready"] in page
    assert TEXTS[lang]["try_sample"] not in page


def test_documents_are_grouped(site: Site) -> None:
    ana = site.of("ana")
    document = added(ana)
    answer = ana.post("/documents/collections", data={"action": "add", "name": "Law <1>"})
    collection = re.search(r"collection=([0-9a-f]{32})", answer.headers["location"])
    assert collection
    group = collection[1]
    saved = {"action": "save", "id": document, "name": "leases.md", "collection": group}
    ana.post("/documents/document", data=saved)
    page = ana.get("/documents", params={"collection": group}).text
    assert "leases.md" in page
    assert "Law &lt;1&gt;" in page
    added(ana, "other.txt", b"other words", collection=group)
    added(ana, "nowhere.txt", b"words of nowhere", collection="0" * 32)
    assert "nowhere.txt" not in ana.get("/documents", params={"collection": group}).text
    renamed = {"action": "rename", "id": group, "name": "Rights"}
    assert ana.post("/documents/collections", data=renamed).status_code == 303
    assert "Rights" in ana.get("/documents").text
    ana.post("/documents/collections", data={"action": "delete", "id": group})
    page = ana.get("/documents").text
    assert "Rights" not in page
    assert "leases.md" in page


def test_documents_are_found_by_name(site: Site) -> None:
    ana = site.of("ana")
    added(ana, "plan.txt", b"a plan")
    added(ana, "other.txt", b"something else")
    page = ana.get("/documents", params={"find": "PLAN"}).text
    assert "plan.txt" in page
    assert "other.txt" not in page
    assert TEXTS["en"]["nothing_found"] in ana.get("/documents", params={"find": "<script>"}).text


ANAS = "user-id-of-ana@example.com"
HOSTILE = [
    "",
    "x",
    "../..",
    ANAS,
    "everybody",
    "group-" + "0" * 32,
    "\ud800",
    "x" * 9000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_id_is_answered_like_what_is_not_there(site: Site, text: str) -> None:
    berta = site.of("berta")
    added(site.of("ana"))
    for name in ("id", "after", "collection", "find"):
        for path in ("/documents", "/documents/document", "/documents/file"):
            answer = berta.get(path, params={name: text.encode("utf-8", "replace").decode()})
            assert answer.status_code in (200, 404), path
            assert "leases.md" not in answer.text
    for path, action in (("document", "save"), ("document", "delete"), ("collections", "rename")):
        sent = {"action": action, "id": text.encode("utf-8", "replace").decode(), "name": "x", "sure": "1"}
        assert berta.post(f"/documents/{path}", data=sent).status_code == 404


def test_nothing_of_one_person_reaches_another(site: Site) -> None:
    ana, berta = site.of("ana"), site.of("berta")
    document = added(ana)
    answer = ana.post("/documents/collections", data={"action": "add", "name": "Ana's own"})
    group = answer.headers["location"].partition("collection=")[2].partition("&")[0]
    site.work()
    before = site.stored()
    assert ANAS in before
    for named in ({}, {"library": ANAS}, {"library": "everybody"}):
        for path in ("/documents", "/documents/document", "/documents/file"):
            seen = berta.get(path, params={**named, "id": document, "collection": group, "find": "leases"})
            for theirs in ("leases.md", "Ana&#39;s own", "Ana's own", "A lease is", "1 of 5"):
                assert theirs not in seen.text, (path, named)
        for action in ("save", "delete", "rename", "add", "end"):
            sent = {**named, "action": action, "id": document, "name": "x", "sure": "1", "collection": group}
            for path in ("/documents/document", "/documents/collections", "/documents/groups"):
                if path.endswith("collections") and action in ("add", "delete") and not named:
                    continue  # that is berta's own
                assert berta.post(path, data=sent).status_code == 404, (path, sent)
        if named:
            assert add(berta, "theirs.txt", b"other words", **named).status_code == 404
            assert berta.post("/documents/sample", data=named).status_code == 404
    assert site.stored() == before


def test_everybodys_library_is_filled_by_administrators_and_read_by_all(site: Site) -> None:
    root, ana = site.of("root"), site.of("ana")
    document = added(root, "house rules.txt", b"No shoes.", library=EVERYBODY)
    site.work()
    page = ana.get("/documents", params={"library": EVERYBODY}).text
    assert "house rules.txt" in page
    assert 'type="file"' not in page
    assert ana.get(f"/documents/file?library={EVERYBODY}&id={document}").content == b"No shoes."
    one = ana.get(f"/documents/document?library={EVERYBODY}&id={document}").text
    assert TEXTS["en"]["delete"] not in one
    assert add(ana, "mine.txt", b"mine", library=EVERYBODY).status_code == 404
    sent = {"library": EVERYBODY, "id": document, "action": "delete", "sure": "1"}
    assert ana.post("/documents/document", data=sent).status_code == 404
    assert root.post("/documents/document", data=sent).status_code == 303


def test_a_groups_library_is_the_groups(site: Site) -> None:
    root, ana, berta = site.of("root"), site.of("ana"), site.of("berta")
    library = group_library("staff")
    assert ana.get("/documents", params={"library": library}).status_code == 404
    assert root.post("/documents/groups", data={"action": "add", "name": "staff"}).status_code == 303
    document = added(root, "wages.txt", b"Enough.", library=library)
    assert "staff" in ana.get("/documents").text
    assert "wages.txt" in ana.get("/documents", params={"library": library}).text
    assert "staff" not in berta.get("/documents").text
    for path in ("/documents", "/documents/document", "/documents/file"):
        answer = berta.get(path, params={"library": library, "id": document})
        assert answer.status_code == 404
        assert "wages" not in answer.text
    ended = {"action": "end", "library": library}
    assert TEXTS["en"]["group_not_empty"] in root.post("/documents/groups", data=ended).text
    assert ana.post("/documents/groups", data=ended).status_code == 404
    root.post("/documents/document", data={**ended, "action": "delete", "id": document, "sure": "1"})
    site.work()
    assert root.post("/documents/groups", data=ended).status_code == 303
    assert "staff" not in ana.get("/documents").text


def test_who_leaves_a_group_loses_its_library_within_the_check_of_the_session(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, ana = site.of("root"), site.of("ana")
    library = group_library("staff")
    root.post("/documents/groups", data={"action": "add", "name": "staff"})
    added(root, "wages.txt", b"Enough.", library=library)
    users = site.world.directory.users
    users["ana@example.com"] = replace(users["ana@example.com"], groups=())
    assert ana.get("/documents", params={"library": library}).status_code == 200
    sessions = site.world.application.gate._sessions
    assert sessions
    now = sessions._now
    monkeypatch.setattr(sessions, "_now", lambda: now() + 301)
    assert ana.get("/documents", params={"library": library}).status_code == 404
    assert "staff" not in ana.get("/documents").text


def test_what_an_earlier_release_indexed_is_indexed_anew_when_who_may_change_it_looks(site: Site) -> None:
    root, ana = site.of("root"), site.of("ana")
    document = added(root, "house rules.txt", b"No shoes.", library=EVERYBODY)
    site.work()
    where = {"TableName": site.world.settings.table_name, "Key": _key(EVERYBODY, document)}
    site.client.update_item(**where, UpdateExpression="REMOVE #n", ExpressionAttributeNames={"#n": "indexed"})
    assert "WORK#" not in site.stored()
    for who, begins in ((ana, False), (root, True)):
        page = who.get("/documents", params={"library": EVERYBODY}).text
        assert TEXTS["en"]["doc_ready"] in page
        assert ("WORK#" in site.stored()) is begins
    site.work()
    assert site.client.get_item(**where)["Item"]["indexed"] == {"N": "1"}
    root.get("/documents", params={"library": EVERYBODY})
    assert "WORK#" not in site.stored()


def _key(library: str, document: str) -> dict[str, Any]:
    return {"pk": {"S": schema.library(library)}, "sk": {"S": schema.document(document)}}


def test_web_pages_are_added_only_where_that_is_switched_on(site: Site) -> None:
    ana = site.of("ana")
    assert TEXTS["en"]["add_address"] not in ana.get("/documents").text
    assert ana.post("/documents/address", data={"address": "https://example.com"}).status_code == 404


def test_without_a_model_there_are_no_documents() -> None:
    site = make_site(embedding_model_id="")
    for address in OPEN:
        if address.path.startswith("/documents"):
            assert site.of("ana").get(address.path).status_code == 404
    assert site.world.application.worker is None


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"file=x"),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"garbage"),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x--"),
        (
            "multipart/form-data; boundary=x; charset=nonsense",
            b"--x\r\nContent-Disposition: form-data\r\n\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b"".join(
                b'--x\r\nContent-Disposition: form-data; name="file"; filename="%d"\r\n\r\nx\r\n' % number
                for number in range(50)
            ),
        ),
    ],
)
def test_a_form_that_is_none_is_refused(site: Site, content_type: str, body: bytes) -> None:
    ana = site.of("ana")
    answer = ana.post("/documents/add", content=body, headers={"content-type": content_type})
    assert answer.status_code in (400, 422)
    assert not site.s3.objects


def test_another_site_adds_and_deletes_nothing(site: Site) -> None:
    ana = site.of("ana")
    document = added(ana)
    ana.headers.update({"sec-fetch-site": "cross-site", "origin": "https://evil.example"})
    assert add(ana, "more.txt", b"more").status_code == 403
    sent = {"action": "delete", "id": document, "sure": "1"}
    assert ana.post("/documents/document", data=sent).status_code == 403


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["en"].keys() == TEXTS["es"].keys()
    for key, text in TEXTS["en"].items():
        fields = re.findall(r"\{\w+\}", text)
        assert sorted(fields) == sorted(re.findall(r"\{\w+\}", TEXTS["es"][key])), key


@pytest.mark.parametrize(
    "text", ["", "-", "x-" + "0" * 64, "1-0", "٣-" + "0" * 64, "1" * 16 + "-" + "0" * 64]
)
def test_no_place_in_a_list_is_made_up(text: str) -> None:
    assert listing.place_of(text) is None


def test_every_reason_has_its_sentence() -> None:
    from gradio_app.documents.extracted import Reason
    from gradio_app.library.document import Refusal

    for reason in (*Reason, *Refusal):
        assert reason is Reason.BUSY or f"refused_{reason}" in TEXTS["en"]
