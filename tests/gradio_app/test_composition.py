"""The composition root takes what is outside from its caller, the chat's parts too."""

from dataclasses import replace
from uuid import uuid4

from gradio_app.aws import Clients
from gradio_app.chat.conversation import COMPLETE, new_id
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import Table
from tests.gradio_app.chatting import bedrock_client, until
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import SETTINGS, User, make_world
from tests.gradio_app.in_process import InProcess
from tests.security.chat_api import ChatClient, told


def test_a_world_with_clients_is_the_chat(fake: FakeBedrock) -> None:
    name = f"world-{uuid4().hex}"
    table, bedrock = InProcess(name), bedrock_client("bedrock-runtime", fake.endpoint_url)
    clients = Clients(None, table, bedrock, bedrock, FakeS3())
    world = make_world(replace(SETTINGS, table_name=name), clients=clients, ana=User("Correct-Horse-1"))
    ana = ChatClient(world.signed_in("ana@example.com"))  # pyright: ignore[reportArgumentType]
    conversation_id = new_id()
    assert told(ana.start(conversation_id, "answer: hello"))["taken"] is True
    until(lambda: world.application.running.is_idle)
    stored = Conversations(Table(table, name)).page("id-of-ana@example.com", conversation_id)
    assert stored
    [turn] = stored.turns
    assert turn.answer
    assert (turn.answer.text, turn.answer.status) == ("hello", COMPLETE)
    assert not world.table.items
