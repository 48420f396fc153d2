"""Two people by raw HTTP: what is sent as the choice of documents opens nothing that is not one's own."""

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gradio_app.chat.conversation import new_id
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import Table
from tests.gradio_app.asked import Asked, own
from tests.gradio_app.chatting import bedrock_client, until
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.fakes import User
from tests.gradio_app.page.whole import PASSWORD, Whole, whole_application
from tests.security.chat_api import ChatClient, told

ANA, BERTA = "ana@example.com", "berta@example.com"
SECRET = "The launch of project Kestrel is on the fourth of May."
QUESTION = 'answer: In May [1: "on the fourth of May"].'


@dataclass
class Place:
    whole: Whole
    asked: Asked
    store: Conversations

    def ask(self, client: ChatClient, conversation_id: str, asks: Any) -> dict[str, Any]:
        answer = told(client.start(conversation_id, QUESTION, asks=asks))
        until(lambda: self.whole.application.running.is_idle)
        return answer


@pytest.fixture
def place(dynamodb: Any, table: str, fake: FakeBedrock) -> Iterator[Place]:
    asked = Asked(dynamodb, table)
    bedrock = bedrock_client("bedrock-runtime", fake.endpoint_url)
    with whole_application(
        table,
        dynamodb,
        bedrock,
        embedder=asked.embedder,
        embedding_model_id="amazon.titan-embed-text-v2:0",
        model_ids=("us.amazon.nova-lite-v1:0",),
    ) as whole:
        yield Place(whole, asked, Conversations(Table(dynamodb, table)))


def opened(client: ChatClient, conversation_id: str) -> str:
    """All that the page says when somebody opens a conversation."""
    event = client.event("open")
    answer = client.send(event, client.data(event, text=""), f"?c={conversation_id}")
    return html.unescape(answer.text)


@pytest.mark.asvs("8.2.2")
def test_no_choice_that_is_sent_opens_what_is_anothers(place: Place, fake: FakeBedrock) -> None:
    place.asked.add(own(f"id-of-{ANA}"), "Plan.md", SECRET)
    place.asked.add(own(f"id-of-{BERTA}"), "Notes.md", "The garden is green.")
    berta = place.whole.chat_client(BERTA)
    for asks in (
        own(f"id-of-{ANA}"),
        f"id-of-{ANA}",
        f"own/../{own(f'id-of-{ANA}')}",
        "everybody",
        ["own"],
        7,
        {},
    ):
        answer = place.ask(berta, new_id(), asks)
        assert answer.get("taken") is not True
        assert "Kestrel" not in str(answer)
    assert place.ask(berta, new_id(), "own")["taken"] is True
    assert [request for request in fake.requests if "Kestrel" in str(request)] == []
    assert "Plan.md" not in opened(berta, new_id())


def test_whoever_leaves_a_group_keeps_the_answer_and_reads_no_more(place: Place, fake: FakeBedrock) -> None:
    library = place.asked.shared.add("pilots")
    document = place.asked.add(library, "Plan.md", SECRET)
    place.whole.directory.users[ANA] = User(PASSWORD, groups=("pilots",))
    ana, conversation_id = place.whole.chat_client(ANA), new_id()
    assert place.ask(ana, conversation_id, library)["taken"] is True
    assert "Kestrel" in str(fake.requests[-1])
    shown = opened(ana, conversation_id)
    assert "documents of pilots" in shown
    assert f"id={document.id}" in shown
    place.whole.directory.users[ANA] = User(PASSWORD)
    ana = place.whole.chat_client(ANA)
    shown = opened(ana, conversation_id)
    assert "on the fourth of May" in shown
    assert "The document is not open to you any more." in shown
    assert f"id={document.id}" not in shown
    assert "documents of pilots" not in shown
    stored = place.store.head(f"id-of-{ANA}", conversation_id)
    assert stored is not None
    event = ana.event("ask")
    data = ana.data(event, text=conversation_id, question=QUESTION, asks=library, version=stored.version)
    assert told(ana.send(event, data))["taken"] is False
    assert len(fake.requests) == 1
