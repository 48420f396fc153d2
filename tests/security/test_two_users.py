"""Eva knows everything of Ana's that an address, a log or a shoulder could tell her, and it opens nothing.

She tries every event that the page has, found in the page's own description, by raw HTTP.
"""

import json
import secrets

import pytest

from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.security.chat_api import NEWS, ChatClient
from tests.security.site import Site

pytestmark = pytest.mark.slow

ANA, EVA = "ana@example.com", "eva@example.com"
SECRET = "treasure7under7the7oak"
"""Without a sign, which the page would write as a reference."""


@pytest.fixture
def users(site: Site) -> tuple[ChatClient, ChatClient]:
    for email in (ANA, EVA):
        site.add_user(email)
    return ChatClient(site.client(ANA)), ChatClient(site.client(EVA))


@pytest.mark.asvs("8.2.2")
def test_no_event_of_the_page_reads_or_changes_anothers_conversation(
    users: tuple[ChatClient, ChatClient], fake: FakeBedrock
) -> None:
    ana, eva = users
    conversation_id = secrets.token_hex(16)
    assert SECRET in ana.ask(conversation_id, f"answer: {SECRET}")
    before = shown(ana, conversation_id)
    assert SECRET in before
    fake.requests.clear()

    names = {event["api_name"] for event in eva.dependencies}
    assert {"ask", "follow", "settle", "undo", "open", "change", "earlier"} <= names
    for event in eva.dependencies:
        for number in (0, 1, 2):
            for query in ("", f"?c={conversation_id}"):
                data = eva.data(event, text=conversation_id, number=number, numbers=f"[{number}]")
                answer = eva.send(event, data, query)
                said = answer.text + (eva.stream() if event["queue"] and answer.status_code == 200 else "")
                assert SECRET not in said, f"{event['api_name']} told Eva"
    assert SECRET not in json.dumps(fake.requests), "nor does the model get it on her behalf"
    assert shown(ana, conversation_id) == before


@pytest.mark.asvs("8.2.2")
def test_an_address_of_anothers_conversation_reads_like_that_of_none(
    users: tuple[ChatClient, ChatClient],
) -> None:
    ana, eva = users
    conversation_id = secrets.token_hex(16)
    ana.ask(conversation_id, f"answer: {SECRET}")
    seen = set()
    for wanted in (conversation_id, secrets.token_hex(16)):
        page = eva.http.get("/", params={"c": wanted}, headers={"accept": "text/html"})
        view = shown(eva, wanted)
        assert SECRET not in page.text + view
        seen.add(view.replace(wanted, "ID"))
    assert len(seen) == 1


@pytest.mark.asvs("8.2.2")
def test_anothers_name_in_the_body_is_of_no_effect(users: tuple[ChatClient, ChatClient]) -> None:
    """Gradio's own protocol has fields for a user's name and request; the server's word counts."""
    ana, eva = users
    conversation_id = secrets.token_hex(16)
    ana.ask(conversation_id, f"answer: {SECRET}")
    event = eva.event("settle")
    body = {
        "fn_index": event["id"],
        "data": eva.data(event, text=conversation_id),
        "session_hash": eva.session_hash,
        "request": {"username": f"id-of-{ANA}"},
        "username": f"id-of-{ANA}",
        "batched": False,
        "simple_format": True,
    }
    answer = eva.http.post("/gradio_api/run/predict", json=body, headers={"x-user": f"id-of-{ANA}"})
    assert SECRET not in answer.text


def shown(user: ChatClient, conversation_id: str) -> str:
    """What the page would show of a conversation."""
    event = user.event("settle")
    answer = user.send(event, user.data(event, text=conversation_id))
    assert answer.status_code == 200, answer.text
    data = [each for each in answer.json()["data"] if not str(each).startswith(NEWS)]
    return json.dumps(data)
