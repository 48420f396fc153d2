"""More people than places, by raw HTTP: each is told at once, nobody's message is lost or stored twice."""

import html
from typing import Any

from gradio_app.chat.conversation import STOPPED, new_id
from gradio_app.page import texts
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import Table
from tests.gradio_app.chatting import bedrock_client, until
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.whole import whole_application
from tests.security.chat_api import told


def test_who_comes_above_the_bound_is_told_the_number_or_to_try_again(
    dynamodb: Any, table: str, fake: FakeBedrock
) -> None:
    bedrock = bedrock_client("bedrock-runtime", fake.endpoint_url)
    with whole_application(table, dynamodb, bedrock, answers_at_once=2) as whole:
        running = whole.application.running
        people = {name: whole.chat_client(f"{name}@example.com") for name in ("ana", "bo", "cy", "di", "eva")}
        ids = {name: new_id() for name in people}

        def ask(name: str, question: str) -> dict[str, Any]:
            return told(people[name].start(ids[name], question))

        assert all(ask(name, "hold")["taken"] for name in ("ana", "bo"))
        until(lambda: all(answer.text for answer in running.answers))
        assert all(ask(name, "answer: finally")["taken"] for name in ("cy", "di"))
        refused = ask("eva", "answer: me too")
        assert (refused["taken"], refused["notice"]) == (False, texts.REFUSALS["en"]["crowded"])

        di, stop = people["di"], people["di"].event("stop")
        di.send(stop, di.data(stop, text=ids["di"]))
        until(lambda: len(running.answers) == 3)
        people["cy"].follow(ids["cy"])
        until(lambda: running.answers[-1]._loop)  # it is followed, so its number has been told
        fake.go_on.set()
        until(lambda: running.is_idle)
        said = html.unescape(people["cy"].stream())
        _, told_number, later = said.partition(texts.WAITS["en"]["in_line"].format(number=1))
        assert (bool(told_number), "finally" in later) == (True, True)

    store = Conversations(Table(dynamodb, table))
    pages = {name: store.page(f"id-of-{name}@example.com", ids[name]) for name in ids}
    stored = {name: page.turns if page else () for name, page in pages.items()}
    assert {name: len(turns) for name, turns in stored.items()} == dict.fromkeys(ids, 1) | {"eva": 0}
    ends = {name: (turns[0].answer.text, turns[0].answer.status) for name, turns in stored.items() if turns}  # pyright: ignore[reportOptionalMemberAccess]
    assert (ends["cy"], ends["di"]) == (("finally", "complete"), ("", STOPPED))
