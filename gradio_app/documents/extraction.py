"""Reading a document, at arm's length: in a child process whose memory, time and output have bounds.

A file that breaks its parser, hangs it or makes it swell costs that child and one sentence. Call it from a
thread: it waits for the child.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, cast

import orjson

from gradio_app.documents.collecting import NO_TEXT
from gradio_app.documents.extracted import Extracted, Limits, Reason, Section, UnreadableError
from gradio_app.documents.kinds import Kind

ROOT = Path(__file__).resolve().parents[2]
"""Where the child finds this package: isolated, it looks into no folder by itself."""
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from gradio_app.documents import child
child.main(*sys.argv[2:])
"""

BYTES_PER_CHARACTER = 4
"""Of JSON in UTF-8, at most; an escaped one has two."""
BYTES_PER_SECTION = 1_000
"""Of a section's place with a long path of headings and a long header."""
PIPE_BYTES = 64 * 1024
POLL_SECONDS = 0.1

ENDINGS: dict[int, Reason] = {
    signal.SIGXCPU: Reason.TOO_SLOW,
    # The kernel when memory is spent, and libraries that give up when they get none.
    signal.SIGKILL: Reason.TOO_LARGE,
    signal.SIGABRT: Reason.TOO_LARGE,
    signal.SIGTRAP: Reason.TOO_LARGE,
    signal.SIGILL: Reason.TOO_LARGE,
}
"""What the signal that ended a child says of the document; any other end says that it is broken."""

_one_at_a_time = threading.Semaphore(1)

LIMITS = Limits()


class Stopped(Exception):
    """The caller stopped; nothing is known of the document."""


def extract(
    content: bytes, kind: Kind, limits: Limits = LIMITS, *, stop: threading.Event | None = None
) -> Extracted:
    """The text of a file. Raises `UnreadableError`, or `Stopped` soon after `stop` is set.

    One document is read at a time in a task, so that all of them together stay within one child's memory.
    """
    if kind.is_image:
        raise UnreadableError(Reason.UNSUPPORTED, kind.name)
    answer = told(content, kind.name, limits, stop=stop)
    try:
        return _extracted(answer, limits)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise UnreadableError(Reason.BROKEN, f"answer: {type(error).__name__}") from None


def told(content: bytes, name: str, limits: Limits, *, stop: threading.Event | None = None) -> Any:
    """What a child says of a file, by a name that `child` knows: JSON, and nothing more is known of it.

    Raises `UnreadableError`, or `Stopped`.
    """
    stop = stop or threading.Event()
    if len(content) > limits.content_bytes:
        raise UnreadableError(Reason.TOO_LARGE, "content")
    with _turn(limits, stop), _child(name, limits) as child:
        output = _exchange(child, content, limits, stop)
    return _result(output, child.returncode)


@contextmanager
def _turn(limits: Limits, stop: threading.Event) -> Iterator[None]:
    deadline = time.monotonic() + limits.waiting_seconds
    while not _one_at_a_time.acquire(timeout=POLL_SECONDS):
        if stop.is_set():
            raise Stopped
        if time.monotonic() > deadline:
            raise UnreadableError(Reason.BUSY)
    try:
        yield
    finally:
        _one_at_a_time.release()


@contextmanager
def _child(name: str, limits: Limits) -> Iterator[subprocess.Popen[bytes]]:
    """A child with an empty environment, which is gone afterwards, and with it whatever it started."""
    arguments = [json.dumps(asdict(limits)), str(os.getpid())]
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", "-B", "-X", "utf8", "-c", PROGRAM, str(ROOT), name, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # parsers quote what they read
        env={},
        cwd="/",
        process_group=0,
    )
    try:
        yield child
    finally:
        # Not waited for yet, so its group's number is nobody else's. What it died of, it died of already.
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def _exchange(child: subprocess.Popen[bytes], content: bytes, limits: Limits, stop: threading.Event) -> bytes:
    """Hand the content over and take the output, both within the time and the output within its bound."""
    to_child, from_child = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
    most = limits.characters * BYTES_PER_CHARACTER + limits.sections * BYTES_PER_SECTION
    output = bytearray()
    rest = memoryview(content)
    for ready in _ready(to_child, from_child, limits.wall_seconds, stop):
        if ready is to_child:
            rest = _hand_over(to_child, rest)
            if not rest:
                to_child.close()
            continue
        piece = os.read(from_child.fileno(), PIPE_BYTES)
        output += piece
        if len(output) > most:
            raise UnreadableError(Reason.TOO_LARGE, "output")
        if not piece:
            break
    return bytes(output)


def _ready(
    to_child: IO[bytes], from_child: IO[bytes], seconds: float, stop: threading.Event
) -> Iterator[IO[bytes]]:
    """The end of a pipe that can be written to or read, again and again, until the time is over."""
    deadline = time.monotonic() + seconds
    os.set_blocking(to_child.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(to_child, selectors.EVENT_WRITE)
        selector.register(from_child, selectors.EVENT_READ)
        while not stop.is_set():
            if time.monotonic() > deadline:
                raise UnreadableError(Reason.TOO_SLOW, "time")
            for key, _ in selector.select(POLL_SECONDS):
                pipe = to_child if key.fileobj is to_child else from_child
                yield pipe
                if pipe.closed:
                    selector.unregister(pipe)
    raise Stopped


def _hand_over(pipe: IO[bytes], rest: memoryview) -> memoryview:
    """Write what fits; a child that reads no further has its reasons, which its answer tells."""
    try:
        return rest[os.write(pipe.fileno(), rest[:PIPE_BYTES]) :]
    except BrokenPipeError:
        return rest[len(rest) :]


def _result(output: bytes, returncode: int) -> Any:
    """What the child says, unless that is why it cannot read the file: which may have taken it over."""
    if not output:
        raise UnreadableError(ENDINGS.get(-returncode, Reason.BROKEN), f"ended with {returncode}")
    try:
        answer = orjson.loads(output)
        if "reason" in answer:
            pages = answer.get("pages")
            detail = str(answer["detail"])[:100]
            raise UnreadableError(Reason(answer["reason"]), detail, pages if _is_count(pages) else None)
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableError(Reason.BROKEN, f"answer: {type(error).__name__}") from None
    return answer


def _extracted(answer: dict[str, Any], limits: Limits) -> Extracted:
    """The text, as far as what a child says holds together.

    Raises `ValueError`, `TypeError` or `KeyError` for what no reader writes.
    """
    text, pages, is_cut = answer["text"], answer["pages"], answer["is_cut"]
    if (
        not isinstance(text, str)
        or len(text) > limits.characters
        or len(answer["sections"]) > limits.sections
    ):
        raise ValueError("text")
    if NO_TEXT.search(text) or not unicodedata.is_normalized("NFC", text):
        raise ValueError("characters")
    if not isinstance(is_cut, bool) or not (pages is None or _is_count(pages)):
        raise ValueError("pages")
    sections: list[Section] = []
    end = 0
    for start, stop, page, heading, header, first, last in answer["sections"]:
        if not (_is_count(start) and _is_count(stop) and end <= start < stop <= len(text)):
            raise ValueError("place")
        if not all(value is None or isinstance(value, str) for value in (heading, header)):
            raise ValueError("heading")
        if not all(value is None or _is_count(value) for value in (page, first, last)):
            raise ValueError("number")
        rows = None if first is None or last is None else (first, last)
        sections.append(
            Section(text=text[start:stop], start=start, page=page, heading=heading, header=header, rows=rows)
        )
        end = stop
    if not sections:
        raise ValueError("sections")
    return Extracted(text=text, sections=tuple(sections), pages=pages, is_cut=is_cut)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
