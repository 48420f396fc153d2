"""What a page does: it is viewed, asks, follows the answer to its end and shows how that ended."""

import secrets
import time
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from benchmarks.serving.task import TABLE, Task
from gradio_app.chat.conversation import Answer, plain
from gradio_app.identity import LOCAL_USER
from gradio_app.store import schema
from gradio_app.store.messages import answer_item, question_item
from tests.security.chat_api import ChatClient, told

FIRST = 10**12
"""Number of the first turn of what is laid into the table."""
AT_ONCE = 25
"""Items in one BatchWriteItem."""
SUMMED_UP = 6
"""The last turns, which a summary leaves out."""


def new_conversation() -> str:
    """Its id."""
    return secrets.token_hex(16)


def view(tab: ChatClient, conversation_id: str) -> None:
    """Load the page of a conversation in a new tab, with the list beside it."""
    tab.session_hash = secrets.token_hex(6)
    event = tab.event("open")
    query = f"?c={conversation_id}"
    tab.http.get(f"/{query}", headers={"accept": "text/html"}).raise_for_status()
    tab.send(event, tab.data(event, text=""), query).raise_for_status()
    tab.http.get("/conversations/list").raise_for_status()


def turn(tab: ChatClient, conversation_id: str, question: str, version: int) -> int:
    """Ask at the page of this version, and see the answer to its end; the version after it."""
    answer = tab.start(conversation_id, question, number=version)
    if not told(answer).get("taken"):
        raise RuntimeError(f"The question was not taken: {answer.text[:500]}")
    tab.follow(conversation_id).raise_for_status()
    tab.stream()
    settle = tab.event("settle")
    settled = tab.send(settle, tab.data(settle, text=conversation_id)).raise_for_status()
    place = [tab.components[each]["props"].get("elem_id") for each in settle["outputs"]].index("version")
    shown = settled.json()["data"][place]
    return int(shown["value"] if isinstance(shown, dict) else shown)


def delete(tab: ChatClient, conversation_id: str) -> None:
    """Delete a conversation, as the list beside the chat does."""
    form = {"id": conversation_id, "action": "delete", "sure": "1"}
    tab.http.post("/conversations/conversation", data=form).raise_for_status()


def laid_down(task: Task, turns: int, question: str, answer: str) -> tuple[str, int]:
    """A conversation of so many turns, straight in the table, summed up but for the last: id and version."""
    conversation_id, user_id = new_conversation(), LOCAL_USER.user_id
    items: list[dict[str, Any]] = []
    for number in range(FIRST, FIRST + turns):
        items.append(question_item(user_id, conversation_id, number, number - 1, plain(question)))
        items.append(answer_item(user_id, conversation_id, number, Answer(plain(answer))))
    version = FIRST + turns - 1
    head = {"pk": schema.person(user_id), "sk": schema.conversation(conversation_id), "title": "long"}
    summed_up = {"summary": "They talked.", "summarized_to": version - SUMMED_UP}
    items.append(head | {"version": version, "updated_at": int(time.time())} | summed_up)
    serialize = TypeSerializer().serialize
    wire = [{name: serialize(value) for name, value in item.items()} for item in items]
    for start in range(0, len(wire), AT_ONCE):
        puts = [{"PutRequest": {"Item": item}} for item in wire[start : start + AT_ONCE]]
        task.dynamodb.batch_write_item(RequestItems={TABLE: puts})
    return conversation_id, version
