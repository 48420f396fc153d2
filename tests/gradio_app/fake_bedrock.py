"""A Bedrock Runtime endpoint for tests: real bytes on the wire, and every way in which they can go wrong.

What it answers is told by the last question: `answer: <text>` streams the text word by word, and the words in
`ERRORS`, `PLAYED` and `MISBEHAVIORS` make it misbehave; `hang` answers nothing, not even headers, and
`busy <n>: <question>` is turned down n times before it is answered; so is `loading <n>: <question>`, as by a
model that is not ready yet. All that it was asked is in `requests`.
"""

import json
import math
import random
import select
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from gradio_app.chat import titles
from gradio_app.chat.context import SUMMARY_PROMPT
from gradio_app.chat.other_words import ASK_QUESTION, ASK_TERMS
from local.bedrock.caching import PromptCache, is_point, points
from local.bedrock.converse import Ending, usage

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
    "no tier": (400, "ValidationException", "The service tier provided is invalid."),
    "context": (400, "ValidationException", "Input is too long for requested model."),
    "expired": (403, "ExpiredTokenException", "The security token included in the request is expired"),
    "not ready": (429, "ModelNotReadyException", "The model is not ready to serve inference requests."),
    "crash": (500, "InternalServerException", "The system encountered an unexpected error."),
    "model error": (424, "ModelErrorException", "The request failed due to an error while processing."),
    "down": (503, "ServiceUnavailableException", "The service is temporarily unable to handle the request."),
    "odd": (400, "ValidationException", "Malformed input request: #: required key [x] not found."),
}
"""Answers in place of a stream: status, code, message."""


FEW_PASSAGES = 3
"""Most that a question of that name takes; more are too long for it."""


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
        self.vector_seconds = 0.0
        """How long it takes to make a vector."""
        self.summaries = ""
        """A question that is answered in place of every request to sum up."""
        self.rewordings = ""
        """A question that is answered in place of every request to word one anew."""
        self.titles = "answer: A title"
        """A question that is answered in place of every request for a title."""
        self.write: Callable[[dict[str, Any]], list[bytes]] | None = None
        """What it answers a request with, in pieces, whatever the question."""
        self.count: Callable[[dict[str, Any]], int] | None = None
        """How it counts the tokens of a request; without, its models cannot."""
        self.counted: list[dict[str, Any]] = []
        """What it was asked to count."""
        self.usage: Callable[[dict[str, Any], int], dict[str, Any]] = _few_tokens
        """What it says that a request and its answer of so many words took."""
        self.cache: PromptCache | None = None
        """Counts with it, a token for four characters; `usage` is not asked then."""
        self.served_by = ""
        """By which tier it says that it served, where one was asked for; that one if empty."""
        self.refused_models: set[str] = set()
        """Those that are not enabled in the account."""
        self.being_answered = 0
        """Requests whose connection is in use just now."""
        self._lock = threading.Lock()
        self._server = _Server(self)
        self.endpoint_url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def speak_tls(self, chain: Path, key: Path) -> None:
        """Serve over TLS from now on, as localhost."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.endpoint_url = f"https://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> "FakeBedrock":
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request as long as it is answered."""
        with self._lock:
            self.being_answered += 1
        try:
            yield
        finally:
            with self._lock:
                self.being_answered -= 1

    def question(self, number: int = -1) -> str:
        """The last message of a request, without the passages before it."""
        text = self.requests[number]["messages"][-1]["content"][-1]["text"]
        return text.rpartition("</passages>\n\n")[2]

    def cached(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the prompt cache makes of a request; nothing without one."""
        if self.cache is None:
            return {}
        read = _quarter("\n\n".join(filter(None, _texts(request))))
        marked = [(each, _quarter(each.text)) for each in points(request, lambda block, _: _words_in(block))]
        return usage(Ending("end_turn", None, read, 1), self.cache.account(marked))


def asks_for_words(request: dict[str, Any]) -> bool:
    """Whether a request wants other words for a question."""
    return any(_words_in(block) in (ASK_QUESTION, ASK_TERMS) for block in request.get("system", []))


def _words_in(block: Any) -> str:
    return block.get("text", "")


def _texts(request: dict[str, Any]) -> list[str]:
    blocks = [*request["system"], *(block for each in request["messages"] for block in each["content"])]
    return list(map(_words_in, blocks))


def _quarter(text: str) -> int:
    return len(text) // 4


def _take_points(request: dict[str, Any]) -> list[str | int]:
    """Where the request is marked for the prompt cache: "system", or a message's number; it is no more."""
    found: list[str | int] = []
    for place, blocks in [
        ("system", request["system"]),
        *enumerate(m["content"] for m in request["messages"]),
    ]:
        found += [place for block in blocks if is_point(block)]
        blocks[:] = [block for block in blocks if not is_point(block)]
    return found


@contextmanager
def fake_bedrock() -> Iterator[FakeBedrock]:
    """A running endpoint."""
    with FakeBedrock() as fake:
        yield fake


def _few_tokens(_: dict[str, Any], words: int) -> dict[str, int]:
    return {"inputTokens": 11, "outputTokens": words, "totalTokens": 11 + words}


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


def delta(text: str, block: int = 0) -> bytes:
    """A piece of text."""
    return event("contentBlockDelta", {"delta": {"text": text}, "contentBlockIndex": block})


def thought(text: str) -> bytes:
    """A piece of reasoning."""
    said = {"delta": {"reasoningContent": {"text": text}}, "contentBlockIndex": 0}
    return event("contentBlockDelta", said)


def signature() -> bytes:
    """What a model signs its reasoning with."""
    said = {"delta": {"reasoningContent": {"signature": "c2lnbmVk"}}, "contentBlockIndex": 0}
    return event("contentBlockDelta", said)


def citation(passage: int, words: str) -> bytes:
    """What the text of a block is backed by, as models tell that cite by themselves."""
    location = {"searchResultLocation": {"searchResultIndex": passage, "start": 0, "end": 1}}
    cited = {"title": "x", "source": f"passage-{passage}", "sourceContent": [{"text": words}]}
    return event(
        "contentBlockDelta", {"delta": {"citation": cited | {"location": location}}, "contentBlockIndex": 0}
    )


def ending(
    words: int, stop_reason: str = "end_turn", usage: dict[str, Any] | None = None, tier: str = ""
) -> bytes:
    """The end of a stream: the stop reason, what it cost, and the service tier if there was one."""
    told: dict[str, Any] = {"usage": usage or _few_tokens({}, words), "metrics": {"latencyMs": 1}}
    if tier:
        told["serviceTier"] = {"type": tier}
    return event("messageStop", {"stopReason": stop_reason}) + event("metadata", told)


HANG_UP = b""
"""In place of a piece: close the connection without an end."""
NOTHING = b"0"
"""In place of a piece: look whether the client is still there."""
HALF = delta("half an answer")

PLAYED: dict[str, list[bytes]] = {
    "break": [HALF + exception("modelStreamErrorException", "broken")],
    "throttle in the middle": [HALF + exception("throttlingException", "slow down")],
    "cut": [HALF, HANG_UP],
    "long": [delta("as much as I may") + ending(5, "max_tokens")],
    "nothing": [ending(0)],
    "cite the battery": [
        citation(0, "The battery lasts for ten hours."),
        delta("It lasts") + delta(" long."),
        event("contentBlockStop", {"contentBlockIndex": 0}),
        delta(" Its colour is", 1) + delta(" green.", 1),
        citation(1, "The colour is green."),
        ending(9),
    ],
    "think": [
        thought("Is it <b>so</b>? "),
        thought("It is."),
        signature(),
        event("contentBlockStop", {"contentBlockIndex": 0}),
        delta("It is so.", 1),
        ending(9),
    ],
    "think too long": [*[thought("ñ" * 5_000)] * 20, signature(), ending(100, "max_tokens")],
    "huge": [*[delta("ñ" * 5_000)] * 60, ending(100)],
}
"""Questions whose answer is always the same, in pieces."""


def _silence(fake: FakeBedrock) -> Iterator[bytes]:
    yield HALF
    while not fake.go_on.wait(0.02):
        yield NOTHING


def _endless(_: FakeBedrock) -> Iterator[bytes]:
    while True:
        yield delta("more ")
        time.sleep(0.01)


def _hold(fake: FakeBedrock) -> Iterator[bytes]:
    yield delta("first words")
    fake.go_on.wait()
    yield delta(" and the rest") + ending(5)


def _think_and_hold(fake: FakeBedrock) -> Iterator[bytes]:
    yield thought("Let me see.")
    while not fake.go_on.wait(0.02):
        yield NOTHING
    yield delta("That is it.", 1) + ending(9)


def _cite_and_hold(fake: FakeBedrock) -> Iterator[bytes]:
    yield delta('first words [1: "lasts for ten hours"] [1: "lasts f')
    while not fake.go_on.wait(0.02):
        yield NOTHING


MISBEHAVIORS: dict[str, Callable[[FakeBedrock], Iterator[bytes]]] = {
    "silence": _silence,
    "endless": _endless,
    "hold": _hold,
    "cite and hold": _cite_and_hold,
    "think and hold": _think_and_hold,
}
"""Questions whose answer depends on the test."""


def _words(fake: FakeBedrock, question: str) -> Iterator[bytes]:
    """What to answer word by word, or the question itself."""
    told = question.startswith("answer: ")
    words = (question.removeprefix("answer: ") if told else f"echo {question}").split(" ")
    for position, word in enumerate(words):
        yield delta(word if position == 0 else f" {word}")
        time.sleep(fake.word_seconds)
    request = fake.requests[-1]
    tier = request.get("serviceTier", {}).get("type", "")
    usage = request["cached"] or fake.usage(request, len(words))
    yield ending(len(words), usage=usage, tier=tier and (fake.served_by or tier))


def _pieces(fake: FakeBedrock, question: str) -> Iterator[bytes]:
    """The stream that answers a question."""
    if fake.write:
        return iter(fake.write(fake.requests[-1]))
    if question in MISBEHAVIORS:
        return MISBEHAVIORS[question](fake)
    return iter(PLAYED[question]) if question in PLAYED else _words(fake, question)


def _vector(text: str) -> list[float]:
    """Of Titan's form, and of length 1; the same for the same text."""
    chance = random.Random(text)  # noqa: S311
    numbers = [chance.uniform(-1, 1) for _ in range(512)]
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


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
        _, _, model_id, operation = self.path.split("/")
        request["model_id"] = unquote(model_id)
        with self._fake.answering():
            if operation == "invoke":
                self._embed(request)
            else:
                self._count(request) if operation == "count-tokens" else self._answer(request)

    def _embed(self, request: dict[str, Any]) -> None:
        time.sleep(self._fake.vector_seconds)
        self._tell(200, {"embedding": _vector(request["inputText"]), "inputTextTokenCount": 1})

    def _count(self, request: dict[str, Any]) -> None:
        self._fake.counted.append(request)
        if self._fake.count is None:
            self._refuse(400, "ValidationException", "The provided model doesn't support counting tokens.")
        else:
            self._tell(200, {"inputTokens": self._fake.count(request["input"]["converse"])})

    def _answer(self, request: dict[str, Any]) -> None:
        request["cached"] = self._fake.cached(request)
        request["points"] = _take_points(request)
        self._fake.requests.append(request)
        question = self._fake.question()
        if self._fake.summaries and question.startswith(SUMMARY_PROMPT):
            question = self._fake.summaries
        if self._fake.rewordings and asks_for_words(request):
            question = self._fake.rewordings
        if question.endswith(titles.ASK):
            question = self._fake.titles
        limit = question.removeprefix("context over ")
        too_long = limit != question and len(request["messages"]) > int(limit)
        if question.startswith("few passages"):
            too_long = json.dumps(request).count("<passage ") > FEW_PASSAGES
        error = ERRORS.get("context" if too_long else question)
        if request["model_id"] in self._fake.refused_models:
            error = ERRORS["no access"]
        if error:
            self._refuse(*error)
        elif question == "hang":
            self._hang()
        elif question.startswith("busy "):
            self._answer_later(question, "throttle")
        elif question.startswith("loading "):
            self._answer_later(question, "not ready")
        else:
            self._stream(question)

    def _answer_later(self, question: str, error: str) -> None:
        times, _, rest = question.partition(" ")[2].partition(": ")
        asked = [self._fake.question(number) for number in range(len(self._fake.requests))]
        if asked.count(question) <= int(times):
            self._refuse(*ERRORS[error])
        else:
            self._stream(rest)

    def _hang(self) -> None:
        """Say nothing until the test says so or the client has hung up."""
        while not self._fake.go_on.is_set():
            if select.select([self.connection], [], [], 0.02)[0]:
                self._fake.hang_up.set()
                self.close_connection = True
                return
        self._stream("answer: after a long time")

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._tell(status, {"message": message}, code)

    def _tell(self, status: int, what: dict[str, Any], code: str = "") -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        if code:
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
        if data == NOTHING:
            if select.select([self.connection], [], [], 0)[0]:
                raise ConnectionAbortedError
            return
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


if __name__ == "__main__":
    with FakeBedrock() as running:
        running.word_seconds = 0.03
        print("ready", running.endpoint_url, flush=True)
        threading.Event().wait()
