"""Drafts, against DynamoDB as the emulator plays it."""

import time
from typing import Any

import pytest

from gradio_app.chat.turns import QUESTION_CHARACTERS
from gradio_app.store.drafts import CHARACTERS, KEPT_SECONDS, Drafts

HERE, THERE = "a" * 32, "b" * 32


@pytest.fixture
def drafts(dynamodb: Any, table: str) -> Drafts:
    return Drafts(dynamodb, table)


def test_a_draft_is_its_writers_and_its_conversations(drafts: Drafts) -> None:
    drafts.keep("ana", HERE, "half a thought")
    assert drafts.find("ana", HERE, is_new=False) == "half a thought"
    assert drafts.find("ana", THERE, is_new=False) == ""
    assert drafts.find("ana", THERE, is_new=True) == "half a thought", "as after a sign-in"
    assert drafts.find("berta", HERE, is_new=True) == ""


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
    assert bool(drafts.find("ana", HERE, is_new=False)) == is_left


def test_an_emptied_box_forgets_only_its_own(drafts: Drafts) -> None:
    drafts.keep("ana", HERE, "half a thought")
    drafts.keep("ana", THERE, " ")
    assert drafts.find("ana", HERE, is_new=False)
    drafts.keep("ana", HERE, "")
    assert not drafts.find("ana", HERE, is_new=False)
    drafts.keep("ana", HERE, "")  # and once more does no harm


def test_it_is_over_after_a_day_and_has_an_end(
    drafts: Drafts, dynamodb: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts.keep("ana", HERE, "x" * (CHARACTERS + 1) + "\ud800")
    [item] = dynamodb.scan(TableName=table)["Items"]
    assert len(item["text"]["S"]) == CHARACTERS == QUESTION_CHARACTERS
    now = time.time()
    assert int(item["expires_at"]["N"]) <= now + KEPT_SECONDS
    monkeypatch.setattr("gradio_app.store.drafts.time.time", lambda: now + KEPT_SECONDS + 1)
    assert drafts.find("ana", HERE, is_new=True) == "", "though DynamoDB takes its time"
