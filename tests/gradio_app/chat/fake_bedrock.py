"""A Bedrock Runtime endpoint for tests: real bytes on the wire, and every way in which they can go wrong.

What it answers is told by the last question: `answer: <text>` streams the text word by word, and the words in
`MISBEHAVIORS` make it misbehave. Everything it was asked is kept in `requests`.
"""

import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

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
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
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


def _handler(fake: FakeBedrock) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            request = json.loads(self.rfile.read(length))
            request["model_id"] = unquote(self.path.split("/")[2])
            fake.requests.append(request)
            question = fake.question()
            if question in ERRORS:
                self._error(*ERRORS[question])
            elif question.startswith("context over ") and len(request["messages"]) > int(
                question.split()[-1]
            ):
                self._error(*ERRORS["context"])
            else:
                self._stream(question)

        def _error(self, status: int, code: str, message: str) -> None:
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
            self._send(event("messageStart", {"role": "assistant"}))
            try:
                self._play(question)
                self.wfile.write(b"0\r\n\r\n")
            except OSError:
                fake.hang_up.set()
                self.close_connection = True

        def _play(self, question: str) -> None:
            if question == "break":
                self._send(delta("half an answer") + exception("modelStreamErrorException", "broken"))
            elif question == "throttle in the middle":
                self._send(delta("half an answer") + exception("throttlingException", "slow down"))
            elif question == "cut":
                self._send(delta("half an answer"))
                self.connection.shutdown(socket.SHUT_RDWR)
                raise OSError
            elif question == "silence":
                self._send(delta("half an answer"))
                fake.go_on.wait()
            elif question == "endless":
                while True:
                    self._send(delta("more "))
                    time.sleep(0.01)
            elif question == "hold":
                self._send(delta("first words"))
                fake.go_on.wait()
                self._send(delta(" and the rest") + ending(5))
            elif question == "long":
                self._send(delta("as much as I may") + ending(5, "max_tokens"))
            elif question == "nothing":
                self._send(ending(0))
            elif question == "huge":
                for _ in range(60):
                    self._send(delta("ñ" * 5_000))
                self._send(ending(100))
            else:
                self._words(question)

        def _words(self, question: str) -> None:
            text = (
                question.removeprefix("answer: ") if question.startswith("answer: ") else f"echo {question}"
            )
            words = text.split(" ")
            for position, word in enumerate(words):
                self._send(delta(word if position == 0 else f" {word}"))
                time.sleep(fake.word_seconds)
            self._send(ending(len(words)))

        def _send(self, data: bytes) -> None:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

    return Handler


if __name__ == "__main__":
    with FakeBedrock() as running:
        running.word_seconds = 0.03
        print("ready", running.endpoint_url, flush=True)
        threading.Event().wait()
