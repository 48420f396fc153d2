"""Connections that send too much, too slowly, or nonsense: bytes on the wire to the server as configured."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from select import select

import pytest
import uvicorn

from gradio_app import connections
from gradio_app.gate import limits
from gradio_app.gate.limits import BODIES, HEAD_BYTES, HEAD_FIELDS
from gradio_app.serving import configuration
from tests.gradio_app.fakes import make_world
from tests.serving import running

pytestmark = pytest.mark.slow

PATIENCE = 60
"""Seconds, a deadline and no measure."""
HEAD = b"POST /login HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
LOGIN = b"GET /login HTTP/1.1\r\nHost: x\r\n"


class Wire:
    """The served application: connections to it, and how many it has."""

    def __init__(self, server: uvicorn.Server, port: int) -> None:
        self._server = server
        self._port = port

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        with closing(socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)) as opened:
            yield opened

    def said(self, *pieces: bytes) -> bytes:
        """All that comes back, after so much was sent, until the server closes."""
        with self.connection() as opened:
            send(opened, *pieces)
            return heard(opened)

    def open(self) -> int:
        """How many connections there are on the server's side."""
        return len(self._server.server_state.connections)

    def is_well(self) -> bool:
        """Whether somebody else is served."""
        return status(self.said(LOGIN + b"Connection: close\r\n\r\n")) == 200


@pytest.fixture
def wire() -> Iterator[Wire]:
    world = make_world()
    config = configuration(world.application, world.settings)
    config.port = 0
    server = uvicorn.Server(config)
    with running(server) as port:
        yield Wire(server, port)


def send(opened: socket.socket, *pieces: bytes) -> int:
    """Send what the other end takes; how many bytes that were."""
    sent = 0
    for piece in pieces:
        try:
            opened.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            break
        sent += len(piece)
    return sent


def heard(opened: socket.socket) -> bytes:
    """What comes until the other end closes."""
    said = b""
    try:
        while piece := opened.recv(65536):
            said += piece
    except ConnectionResetError:
        pass  # it had more of ours than it wanted
    return said


def status(said: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", said)
    assert found, said[:200]
    return int(found[1])


def until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


PIECE = b"x" * 4096
ENDLESS = {
    "a header's value": LOGIN + b"Cookie: ",
    "a header's name": LOGIN,
    "an address": b"GET /",
    "a method": b"",
}


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize("beginning", ENDLESS.values(), ids=ENDLESS)
def test_a_head_that_never_ends_is_cut(wire: Wire, beginning: bytes) -> None:
    with wire.connection() as opened:
        sent = send(opened, beginning, *[PIECE] * 16_384)
        said = heard(opened)
    assert sent < 16_384 * 4096, "64 MiB were not taken"
    assert not said or status(said) in (400, 431)
    until(lambda: wire.open() == 0)
    assert wire.is_well()


def test_line_ends_without_end_are_a_head_too(wire: Wire) -> None:
    with wire.connection() as opened:
        assert send(opened, *[b"\r\n" * 2048] * 16_384) < 16_384 * 4096
    until(lambda: wire.open() == 0)


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize(
    "fields",
    [
        b"Cookie: " + b"x" * HEAD_BYTES + b"\r\n",
        b"".join(b"X-%d: x\r\n" % number for number in range(HEAD_FIELDS)),
        b"A: %b\r\n" % (b"y" * 1000) * 40,
    ],
)
def test_a_head_that_is_too_large_is_refused_in_words(wire: Wire, fields: bytes) -> None:
    said = wire.said(LOGIN + b"Accept: text/html\r\nConnection: close\r\n" + fields + b"\r\n")
    assert status(said) == 431
    assert b"x-content-type-options: nosniff" in said
    assert b"Delete this site&#39;s cookies" in said
    assert wire.is_well()


def test_as_large_as_it_may_be_it_is_served(wire: Wire) -> None:
    fields = b"".join(b"X-%d: x\r\n" % number for number in range(HEAD_FIELDS - 3))
    cookie = b"Cookie: x=" + b"x" * (HEAD_BYTES - len(fields) - 200) + b"\r\n"
    assert status(wire.said(LOGIN + cookie + fields + b"Connection: close\r\n\r\n")) == 200


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize("beginning", [b"", b"GET", LOGIN, LOGIN + b"Cookie: x", b"\r\n"])
def test_a_head_that_does_not_come_to_its_end_is_given_up(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    opened = [socket.create_connection(("127.0.0.1", wire._port), timeout=PATIENCE) for _ in range(50)]
    for each in opened:
        send(each, beginning)
    assert {status(heard(each)) for each in opened} == {408}
    until(lambda: wire.open() == 0)
    for each in opened:
        each.close()


def test_a_second_head_on_a_connection_has_its_time_too(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    said = wire.said(LOGIN + b"\r\n" + LOGIN)
    assert said.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in said


def test_connections_in_use_outlive_that_time(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)
    with wire.connection() as opened:
        for _ in range(3):
            send(opened, LOGIN + b"\r\n")
            assert status(opened.recv(10**6)) == 200
            time.sleep(0.2)  # idle: a keep-alive, whose end is not a head's
            assert wire.open() == 1


BEGUN = HEAD + FORM + b"Connection: close\r\nContent-Length: 1000\r\n\r\nemail="
"""A form whose rest does not come."""


@contextmanager
def begun_forms(wire: Wire, count: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as held:
        opened = [held.enter_context(wire.connection()) for _ in range(count)]
        for each in opened:
            send(each, BEGUN)
        yield opened


def reads_a_form(wire: Wire) -> bool:
    form = b"email=a%40b.cd&password="
    sent = HEAD + FORM + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(form) + form
    return status(wire.said(sent)) == 400


@pytest.mark.asvs("15.2.2")
def test_bodies_on_their_way_are_few(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODIES", replace(BODIES, seconds=10 * PATIENCE))
    refused: list[socket.socket] = []
    with begun_forms(wire, BODIES.each + 8) as opened:
        while len(refused) < 8:
            answered = select(set(opened) - set(refused), [], [], PATIENCE)[0]
            assert answered, "the others wait for their rest, and nobody is refused"
            refused += answered
        assert {status(heard(each)) for each in refused} == {429}
        assert len(refused) == 8
        assert not reads_a_form(wire)
    until(lambda: wire.open() == 0)
    assert reads_a_form(wire), "those who went away have left their places"


@pytest.mark.asvs("15.2.2")
def test_bodies_that_never_end_are_given_up(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODIES", replace(BODIES, seconds=0.2))
    with begun_forms(wire, BODIES.each) as opened:
        assert {status(heard(each)) for each in opened} == {408}
    until(lambda: wire.open() == 0)
    monkeypatch.setattr(limits, "BODIES", BODIES)
    assert reads_a_form(wire), "the next one is read again"


@pytest.mark.parametrize("begun", [LOGIN, HEAD.replace(b"same-origin", b"cross-site"), HEAD])
def test_the_rest_of_a_body_that_nobody_reads_is_not_waited_for(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.2)
    monkeypatch.setattr(limits, "BODIES", replace(BODIES, seconds=0.2))
    said = wire.said(begun + FORM + b"Content-Length: 15000\r\n\r\n", b"x")
    assert status(said) in (200, 403, 408)
    assert said.count(b"HTTP/1.1") == 1


def test_what_comes_after_a_body_in_chunks_is_no_header(wire: Wire) -> None:
    refused = HEAD.replace(b"Sec-Fetch-Site: same-origin\r\n", b"")
    chunked = b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    said = wire.said(refused + b"Connection: close\r\n" + chunked + b"Sec-Fetch-Site: same-origin\r\n\r\n")
    assert status(said) == 403
    with wire.connection() as opened:
        endless = [b"X-%d: %b\r\n" % (number, PIECE) for number in range(16_384)]
        assert send(opened, HEAD + FORM + chunked, *endless) < sum(map(len, endless))
    assert wire.is_well()


LENGTHS = {
    "a sign": b"+5",
    "another sign": b"-5",
    "a list": b"5, 5",
    "hexadecimal": b"0x5",
    "an exponent": b"5e0",
    "a fraction": b"5.0",
    "other digits": "\N{ARABIC-INDIC DIGIT FIVE}".encode(),
    "full-width digits": "\N{FULLWIDTH DIGIT FIVE}".encode(),
    "a superscript": b"\xb2",
    "many zeros": b"0" * 5000 + b"5",
    "huge": b"9" * 18,
    "beyond 64 bits": b"9" * 40,
    "beyond Python's patience": b"9" * 5000,
    "nothing": b"",
    "a blank between": b"5 5",
}


@pytest.mark.asvs("4.2.1")
@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
def test_a_length_that_is_none_is_the_senders_fault(wire: Wire, length: bytes) -> None:
    said = wire.said(HEAD + FORM + b"Connection: close\r\nContent-Length: " + length + b"\r\n\r\nemail")
    assert status(said) in (400, 413)
    assert said.count(b"HTTP/1.1 ") == 1
    assert wire.is_well()


@pytest.mark.asvs("4.2.1")
@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 50\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Content-Length: 5\n\r\n",
    ],
)
def test_two_ways_to_read_a_request_are_none(wire: Wire, framing: bytes) -> None:
    """What one side takes for a body must not be another request to the other."""
    hidden = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    said = wire.said(HEAD + FORM + framing + b"\r\n" + hidden)
    assert status(said) == 400
    assert b"alive" not in said
    assert wire.is_well()


def test_of_a_crowd_only_so_many_are_let_in(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS", 3)
    opened = [socket.create_connection(("127.0.0.1", wire._port), timeout=PATIENCE) for _ in range(3)]
    until(lambda: wire.open() == 3)
    assert wire.said(LOGIN + b"\r\n") == b""
    for each in opened:
        each.close()
    until(lambda: wire.open() == 0)
    assert wire.is_well()
