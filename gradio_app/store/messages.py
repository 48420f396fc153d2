"""Questions and answers as items of the table, and back.

The release before takes the attributes of a message for text, and for a whole number what is none; it wants
`role` and `text` of every one, and of an answer `status`, `reason`, `input_tokens` and `output_tokens`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from gradio_app.chat import sources
from gradio_app.chat.attachments import Files, from_json, to_json
from gradio_app.chat.conversation import WRITING, Answer, Part, Parts, Turn, plain, text_of
from gradio_app.store import schema
from gradio_app.store.table import Item

TEXT_BYTES = 380_000
"""Longest stored text in UTF-8 bytes. DynamoDB's limit for a whole item is 400 KB (409,600 bytes):
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
ITEM_BYTES = 300
"""What a message counts besides its text: its key, its other attributes, and DynamoDB's own 100 bytes."""

COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "max_tokens")


def question_item(
    user_id: str,
    conversation_id: str,
    number: int,
    parent: int,
    question: Parts,
    files: Files = (),
    kept: Files = (),
    **place: Any,
) -> Item:
    """The item of a question, which counts as stored from now on, with what its files take in the bucket.

    Those that it has `kept` of another version are counted there. `place` is where in its branch it is.
    """
    item = _item(user_id, conversation_id, number, "user", question) | place
    if files:
        item["files"] = to_json(files)
    counted = {file.id for file in kept}
    stored = item_bytes(item) + sum(file.stored_bytes for file in files if file.id not in counted)
    return {**item, "parent": parent, "bytes": stored}


def answer_item(user_id: str, conversation_id: str, number: int, answer: Answer) -> Item:
    """The item of an answer that has ended, which counts as stored from now on."""
    told = sources.to_json(answer.backing) if answer.backing else ""
    item = _item(user_id, conversation_id, number, "assistant", answer.parts, TEXT_BYTES - len(told)) | {
        "status": answer.status,
        "reason": answer.reason,
        "model_id": answer.model_id,
        **{name: getattr(answer, name) for name in COUNTS},
    }
    if answer.temperature is not None:
        item["temperature"] = answer.temperature
    if answer.effort:
        item["effort"] = answer.effort
    if answer.service_tier:
        item["service_tier"] = answer.service_tier
    if told:
        item["sources"] = told
    # Of the reasoning goes what there is room for beside the answer.
    if thought := cut_to_bytes(answer.thought, max(0, TEXT_BYTES - len(told) - item_bytes(item))):
        item |= {"reasoning": thought, "reasoning_ms": answer.thought_ms}
    if answer.made_of:
        item["made_of"] = answer.made_of
    if answer.counted_from:
        item["counted_from"] = answer.counted_from
    if answer.is_imported:
        item["imported"] = 1
    return {**item, "bytes": item_bytes(item)}


def unfinished(text: str, holder: str, lease_until: int) -> Item:
    """The attributes, without the key, of an answer that `holder` is writing."""
    return {
        "role": "assistant",
        "text": cut_to_bytes(text, TEXT_BYTES),
        "status": WRITING,
        "reason": "",
        "input_tokens": 0,
        "output_tokens": 0,
        "holder": holder,
        "lease_until": lease_until,
    }


def begun_item(
    user_id: str, conversation_id: str, number: int, answer: Answer, holder: str, lease_until: int
) -> Item:
    """The item of an answer that `holder` begins to write: how it is answered is kept if the task dies."""
    item = answer_item(user_id, conversation_id, number, answer)
    del item["bytes"]  # it does not count as stored until it ends
    return item | unfinished("", holder, lease_until)


def answer_of(item: Item) -> Answer:
    """The answer that an item of any release holds."""
    temperature = item.get("temperature")
    return Answer(
        parts=parts_of(item),
        status=item["status"],
        reason=item["reason"],
        model_id=item.get("model_id", ""),
        temperature=None if temperature is None else float(temperature),
        effort=item.get("effort", ""),
        service_tier=item.get("service_tier", ""),
        counted_from=item.get("counted_from", 0),
        lease_until=item.get("lease_until", 0),
        made_of=item.get("made_of", ""),
        thought=item.get("reasoning", ""),
        thought_ms=item.get("reasoning_ms", 0),
        is_imported=bool(item.get("imported", 0)),
        backing=sources.from_json(item["sources"]) if "sources" in item else None,
        **{name: item.get(name, 0) for name in COUNTS},
    )


def turns_of(newest_first: Iterable[Item]) -> Iterator[tuple[Turn, int]]:
    """Turns with the bytes that they take, of messages in the reverse order of their keys."""
    answer: Item | None = None
    for item in newest_first:
        if item["role"] != "user":
            answer = item
            continue
        is_its = answer is not None and schema.turn_number(answer["sk"]) == schema.turn_number(item["sk"])
        yield turn_of(item, answer if is_its else None)
        answer = None


def turn_of(question: Item, answer: Item | None) -> tuple[Turn, int]:
    """A turn, with the bytes that it takes, of its messages as any release has stored them."""
    turn = Turn(
        schema.turn_number(question["sk"]),
        parts_of(question),
        parent=question.get("parent", 0),
        files=files_of(question),
        first=question.get("first", 0),
    )
    if answer is None:
        return turn, item_bytes(question)
    return replace(turn, answer=answer_of(answer)), item_bytes(question) + item_bytes(answer)


def files_of(item: Item) -> Files:
    """What is attached to the message of an item of any release."""
    return from_json(item["files"]) if "files" in item else ()


def item_bytes(item: Item) -> int:
    """What an item takes in the table, near enough."""
    names = ("text", "parts", "files", "sources", "path", "assistant", "reasoning")
    texts = (item.get(name, "") for name in names)
    return ITEM_BYTES + sum(len(text.encode("utf-8", "replace")) for text in texts)


def cut_to_bytes(text: str, limit: int) -> str:
    """The text, or as much of its beginning as fits into `limit` bytes of UTF-8."""
    data = text.encode("utf-8", "replace")
    return data[:limit].decode("utf-8", "ignore")


def _item(
    user_id: str, conversation_id: str, number: int, role: str, parts: Parts, most: int = TEXT_BYTES
) -> Item:
    item: dict[str, Any] = {
        "pk": schema.person(user_id),
        "sk": schema.message(conversation_id, number, role),
        "role": role,
        "text": cut_to_bytes(text_of(parts), most),
    }
    if parts != plain(text_of(parts)):
        item["parts"] = json.dumps([{"kind": part.kind, "text": part.text} for part in parts])
        if item_bytes(item) > TEXT_BYTES:
            raise ValueError("a message of several parts is too long for an item")
    return item


def parts_of(item: Item) -> Parts:
    """What the message of an item of any release says."""
    if "parts" not in item:
        return plain(item["text"])
    return tuple(Part(part["kind"], part["text"]) for part in json.loads(item["parts"]))
