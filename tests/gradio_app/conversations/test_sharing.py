"""Copies that people share: frozen, for whoever is signed in, until they are revoked."""

import html
import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from gradio_app.aws import Clients
from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.conversations import shared_pages
from gradio_app.conversations.texts import TEXTS
from gradio_app.server import create_app
from gradio_app.store import schema, sharing
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import ConflictError, Table
from tests.gradio_app.conversations.test_pages import ONE, Site
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import SETTINGS, FakeDirectory, User, World, shared_page
from tests.gradio_app.in_process import InProcess

WORDS = TEXTS["en"]
SHARES = "/conversations/shares"
ADDRESS = r"/shared\?id=[0-9a-f]{32}"
ANA = "id-of-ana@example.com"


def site_that(*, shares: bool, client: InProcess | None = None) -> Site:
    client = client or InProcess(f"sharing-{uuid4().hex}")
    directory = FakeDirectory(
        users={f"{each}@example.com": User("Correct-Horse-1") for each in ("ana", "berta")}
    )
    settings = replace(SETTINGS, table_name=client.table_name, share_conversations=shares)
    clients = Clients(None, client, None, None, FakeS3())
    application = create_app(settings, clients, directory=directory, page=shared_page())
    world = World(None, directory, application, settings)  # pyright: ignore[reportArgumentType]
    return Site(world, client, Conversations(Table(client, client.table_name)))


@pytest.fixture
def site() -> Site:
    return site_that(shares=True)


def say(site: Site, conversation_id: str, question: str, answer: str) -> None:
    seen = site.store.page(ANA, conversation_id) or Conversation(conversation_id)
    number = site.store.ask(ANA, seen, question)
    site.store.answer(ANA, conversation_id, number, "me", Answer(plain(answer), model_id="eu.model-x:0"))


def shared(site: Site, conversation_id: str) -> str:
    """Make a copy; its address."""
    ana = site.of("ana")
    before = re.findall(ADDRESS, ana.get(SHARES).text)
    made = ana.post(SHARES, data={"id": conversation_id, "action": "share"})
    assert made.status_code == 303
    page = ana.get(made.headers["location"]).text
    assert WORDS["share_made"] in page
    [address] = set(re.findall(ADDRESS, page)) - set(before)
    return address


def left(site: Site) -> list[str]:
    """The copies' items in the table."""
    table = Table(site.client, site.client.table_name)
    listed = table.sort_keys(schema.person(ANA), schema.SHARE)
    return listed + [sk for share in SEEN for sk in table.sort_keys(schema.shared(share), "")]


SEEN: list[str] = []
NOBODYS = {"action": "share", "id": "0" * 32}


def test_a_copy_is_as_it_was_for_whoever_is_signed_in(site: Site) -> None:
    one, berta = new_id(), site.of("berta")
    say(
        site,
        one,
        "<b>Where</b>\n to eat?",
        "# By\n<script>alert(1)</script> **the** market\n\n```\n<code>\n```",
    )
    assert WORDS["share"] in site.of("ana").get(f"{ONE}?id={one}").text
    address = shared(site, one)
    say(site, one, "a secret", "said later")
    site.store.rename(ANA, one, "renamed")
    page = berta.get(address)
    assert page.status_code == 200
    assert "&lt;b&gt;Where&lt;/b&gt;\n to eat?" in page.text
    assert "<strong>the</strong> market" in page.text
    assert "<script>alert" not in page.text
    assert "&lt;code&gt;" in page.text
    assert "secret" not in page.text
    assert "renamed" not in page.text
    assert "ana@" not in page.text
    stranger = site.world.browser()
    assert stranger.get(address, follow_redirects=False).status_code in (303, 401)


def test_it_is_revoked_by_its_owner_alone_and_goes_with_its_conversation(site: Site) -> None:
    one, two = new_id(), new_id()
    for each in (one, two):
        say(site, each, "question", "answer")
    first, second = shared(site, one), shared(site, two)
    SEEN[:] = [address[-32:] for address in (first, second)]
    ana, berta = site.of("ana"), site.of("berta")
    berta.post(SHARES, data={"id": one, "share": first[-32:], "action": "revoke"})
    berta.post(SHARES, data={"id": one, "action": "share"})
    assert berta.get(first).status_code == 200
    assert html.escape(WORDS["no_shares"], quote=True).replace("&#x27;", "&#39;") in berta.get(SHARES).text
    revoked = ana.post(SHARES, data={"id": one, "share": first[-32:], "action": "revoke"})
    assert WORDS["share_revoked"] in ana.get(revoked.headers["location"]).text
    gone = berta.get(first)
    assert (gone.status_code, WORDS["no_share"] in gone.text) == (404, True)
    ana.post(ONE, data={"id": two, "action": "delete", "sure": "1"})
    assert berta.get(second).status_code == 404
    assert left(site) == []


def test_nothing_is_shared_unless_the_deployment_allows_it(site: Site) -> None:
    one = new_id()
    say(site, one, "question", "answer")
    address = shared(site, one)
    closed = site_that(shares=False, client=site.client)
    ana = closed.of("ana")
    assert ana.get(address).status_code == 404
    assert ana.get(SHARES).status_code == 404
    assert ana.post(SHARES, data={"id": one, "action": "share"}).status_code in (403, 404, 405)
    assert WORDS["share"] not in ana.get(f"{ONE}?id={one}").text


def test_copies_are_bounded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    one, ana = new_id(), site.of("ana")
    for _ in range(2):
        say(site, one, "question", "answer")
    monkeypatch.setattr(shared_pages, "SHARED_TURNS", 1)
    too_long = ana.post(SHARES, data={"id": one, "action": "share"})
    assert (too_long.status_code, WORDS["share_too_long"] in too_long.text) == (422, True)
    monkeypatch.undo()
    monkeypatch.setattr(sharing, "SHARES", 0)
    too_many = ana.post(SHARES, data={"id": one, "action": "share"})
    assert (too_many.status_code, WORDS["quota_shares"] in too_many.text) == (422, True)


@pytest.mark.parametrize(
    "sent", [{}, {"action": "x"}, {"action": "share", "id": "x"}, {"action": "share", "id": "0" * 32}]
)
def test_whatever_is_asked_for_nothing_breaks(site: Site, sent: dict[str, Any]) -> None:
    ana = site.of("ana")
    assert ana.post(SHARES, data=sent).status_code in (400, 404)
    for share in ("", "x", "0" * 32, "%00"):
        assert ana.get(f"/shared?id={share}").status_code == 404


@pytest.mark.parametrize("gone", ["conversation", "copy"])
def test_of_what_goes_while_it_is_copied_nothing_is_left(
    site: Site, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = new_id()
    say(site, talk, "one", "yes")
    copied = sharing.Sharing(Table(site.client, site.client.table_name))
    put_all = Table.put_all

    def meanwhile(table: Table, items: Any) -> None:
        put_all(table, items)
        [share] = copied.shares(ANA)
        if gone == "conversation":
            site.store.delete(ANA, talk)
        else:
            copied.revoke(ANA, talk, share.id)

    monkeypatch.setattr(Table, "put_all", meanwhile)
    page = site.store.page(ANA, talk)
    assert page
    with pytest.raises(ConflictError):
        copied.share(ANA, talk, page.title, page.turns)
    assert copied.shares(ANA) == []
    left = site.client.scan(TableName=site.client.table_name)["Items"]
    assert [item for item in left if item["pk"]["S"].startswith(schema.shared(""))] == []


def test_our_script_is_told_where_the_copy_is_or_why_there_is_none(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, one = site.of("ana", script=True), new_id()
    say(site, one, "a question", "an answer")
    assert ana.get("/conversations/list").json()["shares"] is True
    made = ana.post(SHARES, data={"id": one, "action": "share"}).json()
    assert WORDS["share_made"] in site.of("ana").get(made["next"]).text
    none = ana.post(SHARES, data=NOBODYS)
    assert (none.status_code, none.json()) == (404, {"detail": WORDS["no_conversation"]})
    monkeypatch.setattr(sharing, "SHARES", 1)
    full = ana.post(SHARES, data={"id": one, "action": "share"})
    assert (full.status_code, full.json()) == (422, {"detail": WORDS["quota_shares"]})
    assert site_that(shares=False).of("ana", script=True).get("/conversations/list").json()["shares"] is False
