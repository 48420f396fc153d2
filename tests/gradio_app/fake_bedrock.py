"""A Bedrock Runtime endpoint for tests: real bytes on the wire, and every way in which they can go wrong.

What it answers is told by the last question: `answer: <text>` streams the text word by word, and the words in
`ERRORS`, `PLAYED` and `MISBEHAVIORS` make it misbehave. Everything it was asked is kept in `requests`.
"""

import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from gradio_app.chat.context import SUMMARY_PROMPT

ERRORS = {
    "throttle": (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "deny": (
        403,
        "AccessDeniedException",
        "User is not authorized to perform: bedrock:InvokeModelWithResponseStream",
    ),
    "no access": (
        403,
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    "no subscription": (
        403,
        "AccessDeniedException",
        "Model access is denied due to IAM user or service role is not authorized to perform the required "
        "AWS Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable "
        "access to this model.",
    ),
    "no form": (
        404,
        "ResourceNotFoundException",
        "Model use case details have not been submitted for this account. Fill out the Anthropic use case "
        "details form before using the model.",
    ),
    "form wanted": (
        400,
        "ValidationException",
        "You have not filled out the required use-case form for this model.",
    ),
    "invalid model": (400, "ValidationException", "The provided model identifier is invalid."),
    "context": (400, "ValidationException", "Input is too long for requested model."),
    "expired": (403, "ExpiredTokenException", "The security token included in the request is expired"),
    "down": (503, "ServiceUnavailableException", "The service is temporarily unable to handle the request."),
    "odd": (400, "ValidationException", "Malformed input request: #: required key [x] not found."),
}
"""Answers in place of a stream: status, code, message."""


class FakeBedrock:
    """The endpoint; a context manager that starts and stops it."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.hang_up = threading.Event()
        """Set when a client closed the connection of a stream that had no end."""
        self.go_on = threading.Event()
        """Lets the answer to `hold` go on after its first words."""
        self.word_seconds = 0.0
        """Pause after each word of an answer."""
        self.summaries = ""
        """A question that is answered in place of every request to sum up."""
        self._server = _Server(self)
        self.endpoint_url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "FakeBedrock":
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def question(self, number: int = -1) -> str:
        """The last message of a request."""
        return self.requests[number]["messages"][-1]["content"][0]["text"]


@contextmanager
def fake_bedrock() -> Iterator[FakeBedrock]:
    """A running endpoint."""
    with FakeBedrock() as fake:
        yield fake


def frame(headers: dict[str, str], payload: dict[str, Any]) -> bytes:
    """One message of `application/vnd.amazon.eventstream`; botocore reads but does not write them."""
    head = bytearray()
    for name, value in headers.items():
        head += struct.pack(f"!B{len(name)}sBH", len(name), name.encode(), 7, len(value)) + value.encode()
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(head) + len(body), len(head))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + bytes(head) + body
    return message + struct.pack("!I", zlib.crc32(message))


def event(kind: str, payload: dict[str, Any]) -> bytes:
    """An event of a stream."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, payload)


def exception(kind: str, message: str) -> bytes:
    """An error in the middle of a stream."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, {"message": message})


def delta(text: str) -> bytes:
    """A piece of text."""
    return event("contentBlockDelta", {"delta": {"text": text}, "contentBlockIndex": 0})


def ending(words: int, stop_reason: str = "end_turn") -> bytes:
    """The end of a stream: the stop reason and what it cost."""
    usage = {"inputTokens": 11, "outputTokens": words, "totalTokens": 11 + words}
    return event("messageStop", {"stopReason": stop_reason}) + event(
        "metadata", {"usage": usage, "metrics": {"latencyMs": 1}}
    )


HANG_UP = b""
"""In place of a piece: close the connection without an end."""
HALF = delta("half an answer")

PLAYED: dict[str, list[bytes]] = {
    "break": [HALF + exception("modelStreamErrorException", "broken")],
    "throttle in the middle": [HALF + exception("throttlingException", "slow down")],
    "cut": [HALF, HANG_UP],
    "long": [delta("as much as I may") + ending(5, "max_tokens")],
    "nothing": [ending(0)],
    "huge": [*[delta("ñ" * 5_000)] * 60, ending(100)],
}
"""Questions whose answer is always the same, in pieces."""


def _silence(fake: FakeBedrock) -> Iterator[bytes]:
    yield HALF
    fake.go_on.wait()


def _endless(_: FakeBedrock) -> Iterator[bytes]:
    while True:
        yield delta("more ")
        time.sleep(0.01)


def _hold(fake: FakeBedrock) -> Iterator[bytes]:
    yield delta("first words")
    fake.go_on.wait()
    yield delta(" and the rest") + ending(5)


MISBEHAVIORS: dict[str, Callable[[FakeBedrock], Iterator[bytes]]] = {
    "silence": _silence,
    "endless": _endless,
    "hold": _hold,
}
"""Questions whose answer depends on the test."""


def _words(fake: FakeBedrock, question: str) -> Iterator[bytes]:
    """What to answer word by word, or the question itself."""
    told = question.startswith("answer: ")
    words = (question.removeprefix("answer: ") if told else f"echo {question}").split(" ")
    for position, word in enumerate(words):
        yield delta(word if position == 0 else f" {word}")
        time.sleep(fake.word_seconds)
    yield ending(len(words))


def _pieces(fake: FakeBedrock, question: str) -> Iterator[bytes]:
    """The stream that answers a question."""
    if question in MISBEHAVIORS:
        return MISBEHAVIORS[question](fake)
    return iter(PLAYED[question]) if question in PLAYED else _words(fake, question)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fake: FakeBedrock) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _fake(self) -> FakeBedrock:
        assert isinstance(self.server, _Server)
        return self.server.fake

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        request["model_id"] = unquote(self.path.split("/")[2])
        self._fake.requests.append(request)
        question = self._fake.question()
        if self._fake.summaries and question.startswith(SUMMARY_PROMPT):
            question = self._fake.summaries
        limit = question.removeprefix("context over ")
        too_long = limit != question and len(request["messages"]) > int(limit)
        error = ERRORS.get("context" if too_long else question)
        if error:
            self._refuse(*error)
        else:
            self._stream(question)

    def _refuse(self, status: int, code: str, message: str) -> None:
        body = json.dumps({"message": message}).encode()
        self.send_response(status)
        self.send_header("x-amzn-errortype", code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, question: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/vnd.amazon.eventstream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            self._send(event("messageStart", {"role": "assistant"}))
            for piece in _pieces(self._fake, question):
                self._send(piece)
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self._fake.hang_up.set()
            self.close_connection = True

    def _send(self, data: bytes) -> None:
        if data == HANG_UP:
            self.connection.shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


if __name__ == "__main__":
    with FakeBedrock() as running:
        running.word_seconds = 0.03
        print("ready", running.endpoint_url, flush=True)
        threading.Event().wait()
