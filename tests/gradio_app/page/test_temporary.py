"""Temporary conversations at the whole application: what is left of one in the table, and who can read it."""

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gradio_app.chat.conversation import is_temporary, new_id, temporary_id
from gradio_app.page import texts
from gradio_app.store import temporary
from tests.gradio_app.chatting import bedrock_client, until
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.whole import Whole, whole_application
from tests.security.chat_api import ChatClient, told

pytestmark = pytest.mark.slow

ANA, BERTA = "ana@example.com", "berta@example.com"
SAID, WISH = "answer: the parrot is green", "speak of parrots"
REFUSALS = texts.REFUSALS["en"]


@dataclass
class Place:
    whole: Whole
    dynamodb: Any
    table: str

    def ask(self, client: ChatClient, conversation_id: str, question: str, **values: Any) -> dict[str, Any]:
        answer = told(client.start(conversation_id, question, **values))
        until(lambda: self.whole.application.running.is_idle)
        return answer

    def stored(self) -> list[dict[str, Any]]:
        """All that is in the table."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table)
        return [item for page in pages for item in page["Items"]]


@pytest.fixture
def place(dynamodb: Any, table: str, fake: FakeBedrock) -> Iterator[Place]:
    bedrock = bedrock_client("bedrock-runtime", fake.endpoint_url)
    settings: dict[str, Any] = {"name_conversations": True, "share_conversations": True}
    with whole_application(table, dynamodb, bedrock, **settings) as whole:
        yield Place(whole, dynamodb, table)


def opened(client: ChatClient, conversation_id: str, name: str = "c") -> str:
    """All that the page says when somebody opens a conversation."""
    event = client.event("open")
    answer = client.send(event, client.data(event, text=""), f"?{name}={conversation_id}")
    return html.unescape(answer.text)


def draft(client: ChatClient, conversation_id: str, text: str) -> int:
    owner = {"x-page-owner": f"id-of-{ANA}"}
    address = {"conversation": conversation_id, "files": ""}
    return client.http.put("/draft", params=address, content=text.encode(), headers=owner).status_code


def leave(client: ChatClient, conversation_id: str, owner: str = ANA) -> int:
    address = {"conversation": conversation_id}
    headers = {"x-page-owner": f"id-of-{owner}"}
    return client.http.delete("/temporary", params=address, headers=headers).status_code


def test_nothing_that_is_said_in_one_is_stored_or_logged(
    place: Place,
    fake: FakeBedrock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ana, conversation_id = place.whole.chat_client(ANA), temporary_id()
    before = {item["sk"]["S"] for item in place.stored()}
    assert draft(ana, conversation_id, "a parrot that is not sent") == 204
    assert "a parrot that is not sent" in str(opened_draft(ana, conversation_id))
    instruct = ana.event("instruct")
    ana.send(instruct, ana.data(instruct, text=conversation_id, instructions=WISH))
    assert WISH in opened(ana, conversation_id, "new")
    asked = place.ask(ana, conversation_id, SAID, instructions=WISH)
    assert asked["taken"] is True
    assert asked["address"] == f"/?c={conversation_id}"
    version = shown_version(ana, conversation_id)
    assert place.ask(ana, conversation_id, "answer: and it talks", version=version)["taken"] is True
    page = opened(ana, conversation_id)
    assert "the parrot is green" in page
    assert "and it talks" in page
    assert "Temporary conversation" in page
    assert "the parrot is green" in json.dumps(fake.requests[-1])  # the model was given what was said before
    assert WISH in json.dumps(fake.requests[0])
    assert len(fake.requests) == 2  # and was asked for no title
    left = [item for item in place.stored() if item["sk"]["S"] not in before]
    assert [item["sk"]["S"].partition("#")[0] for item in left] == ["USAGE"]
    assert int(left[0]["tokens"]["N"]) > 0
    assert set(left[0]) == {"pk", "sk", "tokens", "expires_at"}
    assert "parrot" not in str(place.stored())
    assert conversation_id not in str(place.stored())
    assert "parrot" not in "".join([caplog.text, *capfd.readouterr()])
    assert ana.http.get("/conversations/list").json()["rows"] == []


def opened_draft(client: ChatClient, conversation_id: str) -> dict[str, Any]:
    event = client.event("open")
    return told(client.send(event, client.data(event, text=""), f"?new={conversation_id}"))


def shown_version(client: ChatClient, conversation_id: str) -> int:
    """The version of the conversation that a page shows that was just opened."""
    event = client.event("open")
    answer = client.send(event, client.data(event, text=""), f"?c={conversation_id}").json()["data"]
    names = [client.components[each]["props"].get("elem_id") for each in event["outputs"]]
    return answer[names.index("version")]


def test_the_rooms_around_the_chat_know_nothing_of_one(place: Place) -> None:
    ana, conversation_id = place.whole.chat_client(ANA), temporary_id()
    place.ask(ana, conversation_id, SAID)
    version, owner = shown_version(ana, conversation_id), {"x-page-owner": f"id-of-{ANA}"}
    known = {"conversation": conversation_id, "turn": version}
    assert ana.http.get("/message", params=known | {"which": "answer"}).text == "the parrot is green"
    up = {"up": "1", "reason": "parrots", "agreed": "1"}
    assert ana.http.put("/thumb", params=known, data=up, headers=owner).status_code >= 400
    for action in ("rename", "pin", "share", "delete"):
        change = {"id": conversation_id, "action": action, "title": "parrots"}
        answer = ana.http.post(
            "/conversations/conversation", data=change, headers=owner, follow_redirects=False
        )
        assert answer.status_code in (400, 404), action
    exported = ana.http.get("/conversations/export", params={"as": "json", "id": conversation_id})
    assert "parrot" not in exported.text
    assert "parrot" not in str(place.stored())


@pytest.mark.asvs("8.2.2")
def test_it_is_open_to_its_person_alone_and_ends_with_the_session(place: Place) -> None:
    ana, berta, conversation_id = place.whole.chat_client(ANA), place.whole.chat_client(BERTA), temporary_id()
    place.ask(ana, conversation_id, SAID)
    assert "parrot" not in opened(berta, conversation_id)
    assert leave(berta, conversation_id, BERTA) == 204
    assert leave(berta, conversation_id, ANA) == 409
    assert "parrot" in opened(ChatClient(ana.http), conversation_id)  # another tab of hers
    ana.http.post("/logout", headers={"sec-fetch-site": "same-origin"})
    again = place.whole.chat_client(ANA)
    until(lambda: "parrot" not in opened(again, conversation_id))
    assert REFUSALS["temporary_gone"] in opened(again, conversation_id)


def test_what_is_gone_is_said_and_is_never_stored_instead(place: Place) -> None:
    ana, conversation_id = place.whole.chat_client(ANA), temporary_id()
    # Another task held it, or its time was over: the page shows a version that nobody knows of.
    answer = place.ask(ana, conversation_id, SAID, version=1_700_000_000_000)
    assert (answer["taken"], answer["notice"]) == (False, REFUSALS["temporary_gone"])
    answer = place.ask(ana, conversation_id, SAID, ask_files="0" * 32)
    assert (answer["taken"], answer["notice"]) == (False, REFUSALS["temporary_files"])
    assert "parrot" not in str(place.stored())


def test_its_tokens_count_and_it_is_refused_when_they_are_spent(
    dynamodb: Any, table: str, fake: FakeBedrock
) -> None:
    bedrock = bedrock_client("bedrock-runtime", fake.endpoint_url)
    with whole_application(table, dynamodb, bedrock, daily_token_budget=5) as whole:
        place = Place(whole, dynamodb, table)
        answer = place.ask(whole.chat_client(ANA), temporary_id(), SAID)
    assert (answer["taken"], answer["notice"]) == (False, REFUSALS["budget"])
    assert fake.requests == []
    assert "parrot" not in str(place.stored())


def test_its_address_is_given_out_beside_that_of_a_new_one(place: Place) -> None:
    ana = place.whole.signed_in(ANA)
    answer = ana.get("/?temporary&assistant=own/1", headers={"accept": "text/html"}, follow_redirects=False)
    conversation_id = answer.headers["location"].removeprefix("/?new=").partition("&")[0]
    assert is_temporary(conversation_id)
    assert answer.headers["location"] == f"/?new={conversation_id}&assistant=own%2F1"
    assert not is_temporary(new_id())


def test_a_draft_for_which_there_is_no_room_is_refused_without_an_alarm(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ana, conversation_id = place.whole.chat_client(ANA), temporary_id()
    monkeypatch.setattr(temporary, "BYTES", 1000)
    assert draft(ana, conversation_id, "a few words") == 204
    assert draft(ana, conversation_id, "x" * 1000) == 413
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
