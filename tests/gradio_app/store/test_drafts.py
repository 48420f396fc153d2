"""Drafts, against DynamoDB as the emulator plays it."""

import time
from itertools import count
from typing import Any

import pytest

from gradio_app.chat.asking import QUESTION_CHARACTERS
from gradio_app.chat.conversation import Conversation
from gradio_app.store.conversations import Conversations
from gradio_app.store.drafts import CHARACTERS, DRAFTS, KEPT_SECONDS, Draft, Drafts
from gradio_app.store.table import Table

HERE, THERE = "a" * 32, "b" * 32


@pytest.fixture
def drafts(dynamodb: Any, table: str) -> Drafts:
    return Drafts(Table(dynamodb, table))


def test_a_draft_is_its_writers_and_its_conversations(drafts: Drafts) -> None:
    drafts.keep("ana", HERE, "half a thought")
    assert drafts.find("ana", HERE, is_new=False).text == "half a thought"
    assert drafts.find("ana", THERE, is_new=False).text == ""
    assert drafts.find("ana", THERE, is_new=True).text == "half a thought", "as after a sign-in"
    assert drafts.find("berta", HERE, is_new=True).text == ""


@pytest.mark.parametrize(
    ("conversation_id", "text", "is_left"),
    [(HERE, "more of it", False), (THERE, "half a thought", False), (THERE, "something else", True)],
    ids=["longer", "elsewhere", "another"],  # the same on every worker, unlike ids of conversations
)
def test_what_was_sent_is_no_draft_any_more(
    drafts: Drafts, conversation_id: str, text: str, is_left: bool
) -> None:
    drafts.keep("ana", HERE, "half a thought")
    drafts.sent("ana", conversation_id, text)
    assert bool(drafts.find("ana", HERE, is_new=False).text) == is_left
    assert bool(drafts.find("ana", "c" * 32, is_new=True).text) == is_left


def test_an_emptied_box_forgets_only_its_own(drafts: Drafts) -> None:
    drafts.keep("ana", HERE, "half a thought")
    drafts.keep("ana", THERE, " ")
    assert drafts.find("ana", HERE, is_new=False).text
    drafts.keep("ana", HERE, "")
    assert not drafts.find("ana", HERE, is_new=False).text
    drafts.keep("ana", HERE, "")  # and once more does no harm


def test_instructions_stand_beside_what_is_typed_and_go_nowhere_else(dynamodb: Any, table: str) -> None:
    clock = count(10**9)
    drafts = Drafts(Table(dynamodb, table), now=lambda: next(clock))
    drafts.keep("ana", THERE, "half a thought")
    drafts.keep_instructions("ana", HERE, "In verse.")
    found = drafts.find("ana", HERE, is_new=True)
    assert (found.text, found.instructions) == ("half a thought", "In verse.")
    drafts.keep("ana", HERE, "a question")
    drafts.keep_instructions("ana", HERE, "In prose.")
    drafts.keep("ana", HERE, "a longer question")
    assert drafts.find("ana", HERE, is_new=True) == Draft("a longer question", (), "In prose.")
    assert drafts.find("ana", "c" * 32, is_new=True) == Draft("a longer question")
    drafts.keep("ana", HERE, "")
    assert drafts.find("ana", HERE, is_new=False) == Draft("", (), "In prose.")
    assert drafts.find("ana", "c" * 32, is_new=True).text == "half a thought"
    assert drafts.find("berta", HERE, is_new=True) == Draft()
    drafts.sent("ana", HERE, "")
    assert drafts.find("ana", HERE, is_new=False) == Draft()


def test_instructions_that_were_taken_back_leave_nothing(drafts: Drafts, dynamodb: Any, table: str) -> None:
    drafts.keep_instructions("ana", HERE, "")
    assert dynamodb.scan(TableName=table)["Items"] == []
    drafts.keep_instructions("ana", HERE, "In verse.")
    [item] = dynamodb.scan(TableName=table)["Items"]
    assert item["text"] == {"S": ""}, "the release before takes it for granted"
    drafts.keep_instructions("ana", HERE, "")
    assert dynamodb.scan(TableName=table)["Items"] == []
    drafts.keep("ana", HERE, "half a thought")
    drafts.keep_instructions("ana", HERE, "In verse.")
    drafts.keep_instructions("ana", HERE, "")
    assert drafts.find("ana", HERE, is_new=False) == Draft("half a thought")
    drafts.keep("ana", HERE, "")
    assert dynamodb.scan(TableName=table)["Items"] == []


def test_nothing_is_kept_of_the_instructions_of_a_deleted_conversation(
    drafts: Drafts, dynamodb: Any, table: str
) -> None:
    """A tab that still shows it tells of them when their field is left."""
    conversations = Conversations(Table(dynamodb, table))
    conversations.ask("ana", Conversation(HERE), "asked")
    drafts.keep_instructions("ana", HERE, "In verse.")
    conversations.delete("ana", HERE)
    drafts.keep_instructions("ana", HERE, "In prose.")
    assert drafts.find("ana", HERE, is_new=False) == Draft()


def test_it_is_over_after_a_day_and_has_an_end(drafts: Drafts, dynamodb: Any, table: str) -> None:
    drafts.keep("ana", HERE, "x" * (CHARACTERS + 1) + "\ud800")
    [item] = dynamodb.scan(TableName=table)["Items"]
    assert len(item["text"]["S"]) == CHARACTERS > QUESTION_CHARACTERS
    now = time.time()
    later = Drafts(Table(dynamodb, table), now=lambda: now + KEPT_SECONDS + 1)
    assert int(item["expires_at"]["N"]) <= now + KEPT_SECONDS
    assert later.find("ana", HERE, is_new=True).text == "", "though DynamoDB takes its time"


def test_each_conversation_has_its_own(drafts: Drafts) -> None:
    drafts.keep("ana", HERE, "to the one")
    drafts.keep("ana", THERE, "to the other")
    assert drafts.find("ana", HERE, is_new=False).text == "to the one"
    assert drafts.find("ana", THERE, is_new=False).text == "to the other"


def test_a_new_page_takes_no_draft_of_a_conversation_that_exists(
    drafts: Drafts, store: Conversations
) -> None:
    store.ask("ana", Conversation(HERE), "asked")
    drafts.keep("ana", HERE, "the next question")
    assert drafts.find("ana", THERE, is_new=True).text == ""


@pytest.mark.parametrize("conversation_id", ["", "x" * 380_000, "A" * 32, f"{HERE}#"])
def test_what_is_no_conversation_has_none(
    drafts: Drafts, dynamodb: Any, table: str, conversation_id: str
) -> None:
    drafts.keep("ana", conversation_id, "text")
    assert drafts.find("ana", conversation_id, is_new=True).text == ""
    drafts.sent("ana", conversation_id, "text")
    assert dynamodb.scan(TableName=table)["Items"] == []


def test_a_person_has_so_many_and_the_oldest_go(dynamodb: Any, table: str) -> None:
    clock = [0.0]
    drafts = Drafts(Table(dynamodb, table), now=lambda: clock[0])
    ids = [f"{number:032x}" for number in range(DRAFTS + 3)]
    for conversation_id in ids:
        clock[0] += 1
        drafts.keep("ana", conversation_id, conversation_id)
    assert [bool(drafts.find("ana", kept, is_new=False).text) for kept in ids] == [False] * 3 + [
        True
    ] * DRAFTS
    clock[0] += 1
    drafts.keep_instructions("ana", THERE, "In verse.")
    assert [bool(drafts.find("ana", kept, is_new=False).text) for kept in ids] == [False] * 4 + [True] * (
        DRAFTS - 1
    )


def test_the_one_draft_of_the_release_before_is_still_found(dynamodb: Any, table: str) -> None:
    key = {"pk": {"S": "USER#ana"}, "sk": {"S": "DRAFT"}}
    rest = {"conversation": {"S": HERE}, "text": {"S": "half a thought"}, "expires_at": {"N": str(2**40)}}
    dynamodb.put_item(TableName=table, Item=key | rest)
    drafts = Drafts(Table(dynamodb, table))
    assert drafts.find("ana", HERE, is_new=False).text == "half a thought"
    assert drafts.find("ana", THERE, is_new=False).text == ""
    assert drafts.find("ana", THERE, is_new=True).text == "half a thought"
    drafts.sent("ana", HERE, "half a thought, and the rest")
    assert drafts.find("ana", HERE, is_new=True).text == ""
