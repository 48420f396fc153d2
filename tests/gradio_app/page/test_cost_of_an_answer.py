"""What goes over the wire while an answer grows: its text once, and nothing of the other messages."""

import json
from typing import Any
from uuid import uuid4

from gradio_app.chat.conversation import new_id
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.in_process import InProcess
from tests.gradio_app.page.whole import whole_application
from tests.security.chat_api import ChatClient, told

ANA = "ana@example.com"
EARLIER = "words of an earlier answer " * 200
WORDS = " ".join(f"word{number}" for number in range(60))
AROUND_BYTES = 500
"""Of a message of Gradio's without what it tells."""
UNSAID = {"__type__": "update"}
"""What Gradio takes for no change."""


def followed(
    ana: ChatClient, conversation_id: str, question: str, version: float = 0
) -> list[dict[str, Any]]:
    """Ask, and all messages of the queue about the answer."""
    assert told(ana.start(conversation_id, question, number=version))["taken"]
    ana.follow(conversation_id).raise_for_status()
    messages = [json.loads(line[6:]) for line in ana.stream().splitlines() if line.startswith("data: ")]
    return [each for each in messages if each["msg"] in ("process_generating", "process_completed")]


def version_of(ana: ChatClient, conversation_id: str) -> float:
    settle = ana.event("settle")
    settled = ana.send(settle, ana.data(settle, text=conversation_id)).json()["data"]
    names = [ana.components[each]["props"].get("elem_id") for each in settle["outputs"]]
    return settled[names.index("version")]


def test_an_answer_that_grows_is_sent_once(fake: FakeBedrock) -> None:
    name = f"wire-{uuid4().hex}"
    bedrock = bedrock_client("bedrock-runtime", fake.endpoint_url)
    with whole_application(name, InProcess(name), bedrock) as whole:
        ana, conversation_id = whole.chat_client(ANA), new_id()
        followed(ana, conversation_id, f"answer: {EARLIER}")
        fake.word_seconds = 0.02
        messages = followed(ana, conversation_id, f"answer: {WORDS}", version_of(ana, conversation_id))
    first, *updates, unsaid, completed = messages
    assert len(json.dumps(first)) > len(EARLIER)
    assert unsaid["output"]["data"] == [[["replace", [], UNSAID]]]
    assert completed["output"]["data"] == [UNSAID]
    grown = "".join(part["text"] for part in first["output"]["data"][0][-1]["content"])
    for update in updates:
        [[edit]] = update["output"]["data"]
        if edit[0] == "append":
            grown += edit[2]
        else:
            # The first words come where there was nothing.
            assert (edit[0], len(edit[1]), grown) == ("add", 3, "")
            grown = edit[2]["text"]
    assert grown == f'<div class="written"><p dir="auto">{WORDS}'
    sent = sum(len(json.dumps(each)) for each in messages[1:])
    assert sent < len(messages) * AROUND_BYTES + len(WORDS)
