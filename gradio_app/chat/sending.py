"""Files on their way to a model: read from the bucket when the call is made, and held no longer than it
takes.

Until then a request names its files only. So an answer that is written for minutes holds none of them, and
what all calls of a task hold at the same time is bounded.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gradio_app.chat import caching, inputs
from gradio_app.chat.inputs import Native, Result, Said
from gradio_app.chat.line import Line

SENT_BYTES = 2 * inputs.REQUEST_BYTES
"""Of files that all calls of this process send at the same time. In Base64 and JSON they take four times
that."""
LOOK_SECONDS = 0.2
"""Between two looks whether a call that waits for its turn was stopped."""


class _Held:
    """What is being sent; who finds no room waits."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._changed = threading.Condition()

    @contextmanager
    def room(self, size: int, line: Line) -> Iterator[None]:
        """Keep so many bytes until the block ends; raises ConnectionAbortedError when the call is cut."""
        with self._changed:
            while size > self._free:
                line.go_on()
                self._changed.wait(LOOK_SECONDS)
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()


_held = _Held(SENT_BYTES)


def blocks(said: Said) -> list[dict[str, Any]]:
    """A message as blocks of Converse, files before words, with `Native` in place of bytes."""
    files = [inputs.block(native, native) for native in inputs.natives_in(said)]
    passages = [result(number, each) for number, each in enumerate(inputs.results_in(said))]
    return [*files, *passages, {"text": inputs.text_in(said)}]


def content(said: Said, *, is_marked: bool) -> str | list[dict[str, Any]]:
    """A message as langchain takes it, with a mark for the prompt cache behind it if it `is_marked`."""
    if not is_marked:
        return said if isinstance(said, str) else blocks(said)
    return [*blocks(said), caching.POINT]


def result(number: int, passage: Result) -> dict[str, Any]:
    """The block of Converse for a passage; its source is what a citation of it names."""
    return {
        "searchResult": {
            "source": f"passage-{number}",
            "title": passage.title,
            "content": [{"text": each} for each in passage.blocks],
            "citations": {"enabled": True},
        }
    }


@contextmanager
def loaded(messages: Sequence[dict[str, Any]], line: Line) -> Iterator[list[dict[str, Any]]]:
    """Messages of a request with the bytes of its files, for as long as the block lasts.

    Raises TableUnreachable when they cannot be read, and ConnectionAbortedError when the call is cut.
    """
    size = sum(native.file.bytes for message in messages for native in _natives(message["content"]))
    if not size:
        yield list(messages)
        return
    with _held.room(size, line):
        yield [
            message | {"content": [_loaded(block) for block in message["content"]]} for message in messages
        ]


def _natives(content: Sequence[dict[str, Any]]) -> Iterator[Native]:
    for block in content:
        if native := _native(block):
            yield native


def _native(block: dict[str, Any]) -> Native | None:
    source = next((block[kind]["source"]["bytes"] for kind in ("image", "document") if kind in block), None)
    return source if isinstance(source, Native) else None


def _loaded(block: dict[str, Any]) -> dict[str, Any]:
    native = _native(block)
    if native is None:
        return block
    content = native.load(native.file)
    if content is None:
        return {"text": f"({native.name} is not there any more.)"}
    return inputs.block(native, content)
