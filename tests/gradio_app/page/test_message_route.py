"""A message as it was written, for whom it belongs to and for nobody else."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.identity import Identity
from gradio_app.page.message_route import message_routes
from gradio_app.store import schema
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import Table
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.whole import whole_application

ANA = "ana@example.com"
QUESTION = "__init__\n\t10. <b>\r\n  \N{ZERO WIDTH JOINER}"
ANSWER = "`#include <stdio.h>`\n\n$$x$$ \N{GRINNING FACE}\n"


class As:
    """What the gate does: say who asks."""

    def __init__(self, app: ASGIApp, user_id: str) -> None:
        self._app = app
        self._user_id = user_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["identity"] = Identity(self._user_id, "")
        await self._app(scope, receive, send)


def client(store: Conversations, user_id: str) -> TestClient:
    return TestClient(Starlette(routes=message_routes(store), middleware=[Middleware(As, user_id)]))


@pytest.fixture
def asked(store: Conversations) -> dict[str, Any]:
    """A stored turn, as the query that asks for it."""
    conversation_id = new_id()
    number = store.ask("ana", Conversation(conversation_id), QUESTION)
    store.answer("ana", conversation_id, number, "", Answer(plain(ANSWER)))
    return {"conversation": conversation_id, "turn": str(number), "which": "question"}


def test_a_message_comes_as_it_was_written(store: Conversations, asked: dict[str, Any]) -> None:
    question = client(store, "ana").get("/message", params=asked)
    assert question.text == QUESTION
    assert question.headers["content-type"] == "text/plain; charset=utf-8"
    assert client(store, "ana").get("/message", params=asked | {"which": "answer"}).text == ANSWER


@pytest.mark.parametrize(
    "other",
    [
        *(
            {"turn": turn}
            for turn in ("", "0", "-1", "1e9", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 15, "9" * 99)
        ),
        *({"conversation": name} for name in ("", "x", "0" * 32, "../" + "0" * 29)),
        *({"which": which} for which in ("", "title", "answer ")),
    ],
)
def test_what_is_not_there_is_not_found(
    store: Conversations, asked: dict[str, Any], other: dict[str, str]
) -> None:
    assert client(store, "ana").get("/message", params=asked | other).status_code == 404


def test_nobody_else_gets_it(store: Conversations, asked: dict[str, Any]) -> None:
    assert client(store, "ben").get("/message", params=asked).status_code == 404


def test_an_answer_that_is_not_there_yet_is_not_found(store: Conversations) -> None:
    conversation_id = new_id()
    number = store.ask("ana", Conversation(conversation_id), "?")
    query = {"conversation": conversation_id, "turn": number, "which": "answer"}
    assert client(store, "ana").get("/message", params=query).status_code == 404


def test_what_is_over_is_told_to_nobody(dynamodb: Any, table: str, fake: FakeBedrock) -> None:
    stored, person = Table(dynamodb, table), f"id-of-{ANA}"
    store = Conversations(stored)
    conversation_id = new_id()
    number = store.ask(person, Conversation(conversation_id), QUESTION)
    store.answer(person, conversation_id, number, "", Answer(plain(ANSWER)))
    asked = {"conversation": conversation_id, "turn": str(number), "which": "question"}
    bedrock = bedrock_client("bedrock-runtime", fake.endpoint_url)
    with whole_application(table, dynamodb, bedrock, keep_conversations_days=1) as whole:
        ana = whole.signed_in(ANA)
        assert ana.get("/message", params=asked).text == QUESTION
        stored.update(schema.person(person), schema.conversation(conversation_id), {"updated_at": 1})
        assert ana.get("/message", params=asked).status_code == 404
