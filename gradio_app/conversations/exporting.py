"""A person's conversations as a file, made piece by piece while it is sent: as JSON or as Markdown.

JSON has everything that is stored of them; that of the whole account also what else is kept about its person.
Markdown is for reading: what was said, by whom, with which model.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from gradio_app.chat.model import short_name
from gradio_app.store.exporting import Exporting

FORMAT, VERSION = "asistente", 1
"""What a file of ours calls itself. Another number means that what is in it is to be read otherwise."""
JSON = "application/json"
MEDIA_TYPES = {"json": JSON, "account": JSON, "markdown": "text/markdown; charset=utf-8"}
ENDINGS = {"json": "json", "account": "json", "markdown": "md"}


def pieces(
    store: Exporting, user_id: str, how: str, ids: list[str], texts: Callable[[str], str]
) -> Iterator[str]:
    """The file of these conversations, or of all when none is named; `how` is a key of MEDIA_TYPES."""
    if how == "markdown":
        return _markdown(store, user_id, ids, texts)
    return _json(store, user_id, ids, is_whole=how == "account")


def _json(store: Exporting, user_id: str, ids: list[str], *, is_whole: bool) -> Iterator[str]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    yield "{" + f'"format": "{FORMAT}", "version": {VERSION}, "exported_at": "{now}",\n'
    for name, value in store.of_person(user_id) if is_whole else ():
        yield f'"{name}": {_dumped(value)},\n'
    yield '"conversations": ['
    for number, (head, messages) in enumerate(_conversations(store, user_id, ids)):
        yield (",\n" if number else "\n") + _dumped(head)[:-1] + ', "messages": ['
        for place, message in enumerate(messages):
            yield (",\n" if place else "\n") + _dumped(message)
        yield "]}"
    yield "\n]}\n"


def _markdown(store: Exporting, user_id: str, ids: list[str], texts: Callable[[str], str]) -> Iterator[str]:
    for number, (head, messages) in enumerate(_conversations(store, user_id, ids)):
        yield ("\n---\n\n" if number else "") + f"# {head['title']}\n"
        for message in messages:
            yield _told(message, texts)


def _conversations(
    store: Exporting, user_id: str, ids: list[str]
) -> Iterator[tuple[dict[str, Any], Iterator[dict[str, Any]]]]:
    """Heads with their messages, but for those without any: undo leaves them when all is taken back."""
    for head in store.heads(user_id, ids):
        messages = store.messages(user_id, head["id"])
        if first := next(messages, None):
            yield head, chain([first], messages)


def _told(message: dict[str, Any], texts: Callable[[str], str]) -> str:
    """A message under a heading that says whose it is, with the names of its files."""
    if message["role"] == "user":
        who = texts("export_you")
    else:
        name = short_name(message["model_id"]) if message.get("model_id") else ""
        who = texts("export_answer") + (f" ({name})" if name else "")
    files = "".join(f"\n- {file['name']}" for file in message.get("files", ()))
    text = message["text"].strip()
    return f"\n## {who}\n" + (f"\n{text}\n" if text else "") + (f"{files}\n" if files else "")


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
