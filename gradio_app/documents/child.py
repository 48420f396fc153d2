"""The process that reads one document: a file from standard input, its text to standard output.

Started by `extraction`, with nothing of the server's environment and none of its descriptors. It bounds
itself before it reads. What it writes is one JSON object; nothing else reaches standard output, whatever a
library prints.
"""

import codecs
import contextlib
import ctypes
import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradio_app.documents.collecting import Collector, Full
from gradio_app.documents.decoding import ENCODINGS
from gradio_app.documents.extracted import Limits, Reason, UnreadableError

READERS = {
    "pdf": "pdf:read",
    "docx": "docx:read",
    "pptx": "pptx:read",
    "xlsx": "sheets:read_workbook",
    "csv": "sheets:read_csv",
    "html": "web:read",
    "md": "texts:read_markdown",
    "txt": "texts:read",
    "code": "texts:read",
    "vtt": "texts:read_subtitles",
    "srt": "texts:read_subtitles",
    "eml": "mail:read",
}
"""By the name of the kind; a reader's libraries are loaded only where they are used."""

SIFTED = {"conversations": "gradio_app.conversations.sifting:sift"}
"""What is no document, and of which more comes out than a text."""

LOADED = (*ENCODINGS, "cp437", "utf-16-le")
"""Encodings are modules that Python would open while it reads; these two are of archives and of bookmarks."""

PR_SET_PDEATHSIG = 1
NICENESS = 19


def main(kind: str, limits_as_json: str, parent: str) -> None:
    limits = Limits(**json.loads(limits_as_json))
    output = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    bound(limits, int(parent))
    try:
        content = sys.stdin.buffer.read(limits.content_bytes + 1)
        answer = encoded(read(kind, content, limits))
    except UnreadableError as error:
        answer = encoded({"reason": error.reason, "detail": error.detail, "pages": error.pages})
    except MemoryError:
        answer = encoded({"reason": Reason.TOO_LARGE, "detail": "MemoryError"})
    except Exception as error:  # noqa: BLE001
        # Whatever a parser raises, the file is at fault. Many quote it in their messages: the name only.
        answer = encoded({"reason": Reason.BROKEN, "detail": type(error).__name__})
    output.write(answer)
    output.close()


def bound(limits: Limits, parent: int) -> None:
    """Give way to the server, die with it, and hold no more than the limits."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        # The kernel ends this process before the server when a task's memory is spent.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)  # it died before it could be followed
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))


def read(kind: str, content: bytes, limits: Limits) -> dict[str, object]:
    if len(content) > limits.content_bytes:
        raise UnreadableError(Reason.TOO_LARGE, "content")
    if kind in SIFTED:
        sift = loaded(SIFTED[kind])
        shut()
        return {"told": sift(content)}
    if kind not in READERS:
        raise UnreadableError(Reason.UNSUPPORTED, kind)
    reader = loaded(f"gradio_app.documents.readers.{READERS[kind]}")
    shut()
    collector = Collector(limits)
    with contextlib.suppress(Full):
        reader(content, collector)
    if not collector.sections:
        raise UnreadableError(Reason.EMPTY, pages=collector.pages)
    return {
        "text": collector.text,
        "sections": collector.sections,
        "pages": collector.pages,
        "is_cut": collector.is_cut,
    }


def loaded(name: str) -> Callable[..., Any]:
    """The function of `module:function`, with all that it needs."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def shut() -> None:
    """From here on nothing can be opened, no file and no socket, whatever a document makes of its parser."""
    for name in LOADED:
        codecs.lookup(name)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def encoded(answer: dict[str, object]) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode()
