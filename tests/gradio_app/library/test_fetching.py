"""Web pages by their address: fetched where they are public, and refused wherever that leads inside."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest

from gradio_app.library.fetching import Address, Fetcher, NotFetchedError, is_public, resolved
from tests.security.certificates import Certificate, make_certificate

LOOPBACK = ip_address("127.0.0.1")
PAGE = b"<!doctype html><html><head><title>A &amp; B</title></head><body><p>Some words.</p></body></html>"
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(Path(tmp_path_factory.mktemp("tls")))


@contextmanager
def serving(certificate: Certificate, answer: Answer) -> Iterator[tuple[int, list[str]]]:
    """A server of HTTPS on the loopback that answers so; its port, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.headers['host']}{self.path}")
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fetcher(
    certificate: Certificate,
    port: int,
    names: dict[str, list[str]] | None = None,
    allowed: Callable[[Address], bool] = lambda address: address == LOOPBACK or is_public(address),
    seconds: float = 20,
    most_bytes: int = 100_000,
) -> Fetcher:
    """One that knows these names besides localhost, and for which the loopback stands for the internet."""

    def resolve(host: str, port: int) -> list[Address]:
        known = {"localhost": ["127.0.0.1"], **(names or {})}
        return [ip_address(each) for each in known[host]] if host in known else resolved(host, port)

    tls = ssl.create_default_context(cafile=str(certificate.authority))
    return Fetcher(resolve, allowed, port, seconds, most_bytes, tls)


def answering(body: bytes = PAGE, media_type: str = "text/html", status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("content-type", media_type)
        handler.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def refusal(fetch: Fetcher, address: str) -> str:
    with pytest.raises(NotFetchedError) as refused:
        fetch.fetch(address)
    return refused.value.reason


def test_a_page_is_fetched_and_called_by_its_title(certificate: Certificate) -> None:
    with serving(certificate, answering()) as (port, asked):
        page = fetcher(certificate, port).fetch("https://localhost/año?x=ñ#part")
    assert (page.content, page.name) == (PAGE, "A & B.html")
    assert asked == ["localhost/a%C3%B1o?x=%C3%B1"]


def test_what_begins_with_http_is_asked_over_https(certificate: Certificate) -> None:
    with serving(certificate, answering()) as (port, _):
        assert fetcher(certificate, port).fetch("http://localhost/").content == PAGE


def test_a_document_is_called_by_the_end_of_its_address(certificate: Certificate) -> None:
    with serving(certificate, answering(b"Some words.", "text/plain")) as (port, _):
        assert fetcher(certificate, port).fetch("https://localhost/a/notes%20one.txt").name == "notes one.txt"


PRIVATE = [
    "0.0.0.1", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "169.254.170.2",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
    "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_the_whole_internets_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_the_whole_internets_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_inside_is_not_asked(certificate: Certificate, address: str) -> None:
    with serving(certificate, answering()) as (port, asked):
        names = {"inside.example": [address], "both.example": ["8.8.8.8", address]}
        fetch = fetcher(certificate, port, names, allowed=is_public)
        assert refusal(fetch, "https://inside.example/") == "refused"
        assert refusal(fetch, "https://both.example/") == "refused"
        assert asked == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:169.254.169.254]", "169.254.169.254",
        "[fe80::1%25lo]", "localhost", "localhost.", "①②⑦.⓪.⓪.①",
    ],
)  # fmt: skip
def test_no_way_to_write_it_reaches_this_machine(certificate: Certificate, host: str) -> None:
    with serving(certificate, answering()) as (port, asked):
        fetch = Fetcher(port=port, tls=ssl.create_default_context(cafile=str(certificate.authority)))
        assert refusal(fetch, f"https://{host}/") in ("refused", "unreachable", "form")
        assert asked == []


@pytest.mark.parametrize(
    "location",
    [
        "https://inside.example/", "http://inside.example/latest/meta-data/", "//inside.example/",
        "https://127.0.0.2/", "https://[::1]/", "https://169.254.169.254/latest/", "file:///etc/passwd",
        "ftp://localhost/", "https://localhost:8443/", "https://ana@localhost/", "gopher://localhost/", "",
    ],
)  # fmt: skip
def test_a_redirect_leads_nowhere_else(certificate: Certificate, location: str) -> None:
    with serving(certificate, answering(status=302, location=location)) as (port, asked):
        fetch = fetcher(certificate, port, {"inside.example": ["10.0.0.1"]})
        assert refusal(fetch, "https://localhost/begin") in ("refused", "form", "unreachable")
        assert asked == ["localhost/begin"]


def test_another_answer_of_the_names_server_changes_nothing(certificate: Certificate) -> None:
    """The connection goes to the address that was looked at: the name is asked once."""
    answers = iter([[ip_address("127.0.0.1")], [ip_address("10.0.0.1")]])
    tls = ssl.create_default_context(cafile=str(certificate.authority))
    with serving(certificate, answering()) as (port, _):
        fetch = Fetcher(lambda *_: next(answers), lambda address: address == LOOPBACK, port, tls=tls)
        assert fetch.fetch("https://localhost/").content == PAGE
        assert refusal(fetch, "https://localhost/") == "refused"


def test_redirects_are_followed_for_a_while(certificate: Certificate) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        number = int(handler.path.rpartition("/")[2])
        answering(status=302 if number < 3 else 200, location=f"/{number + 1}")(handler)

    with serving(certificate, answer) as (port, asked):
        page = fetcher(certificate, port).fetch("https://localhost/0")
        assert page.address == "https://localhost/3"
        assert len(asked) == 4
    with serving(certificate, answering(status=302, location="/")) as (port, asked):
        assert refusal(fetcher(certificate, port), "https://localhost/") == "redirects"
        assert len(asked) == 6


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "form"), ("localhost", "form"), ("javascript:alert(1)", "form"), ("file:///etc/passwd", "form"),
        ("https://", "form"), ("https://[", "form"), ("https://localhost:x/", "form"),
        ("https://localhost:99999/", "form"), ("https://local host/", "form"), ("https://x\r\ny/", "form"),
        ("https://localhost:22/", "refused"), ("http://localhost:443/", "refused"),
        ("https://ana:secret@localhost/", "refused"), ("https://" + "x" * 3000, "form"),
        ("https://" + "x" * 300 + "/", "unreachable"), ("https://nowhere.invalid/", "unreachable"),
        ("https://xn--/", "unreachable"), ("https://..../", "unreachable"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_so(certificate: Certificate, address: str, reason: str) -> None:
    assert refusal(fetcher(certificate, 1), address) == reason


def test_an_error_of_the_server_is_told(certificate: Certificate) -> None:
    with serving(certificate, answering(status=404)) as (port, _), pytest.raises(NotFetchedError) as refused:
        fetcher(certificate, port).fetch("https://localhost/")
    assert (refused.value.reason, refused.value.status) == ("status", 404)


def test_what_is_no_document_is_refused(certificate: Certificate) -> None:
    with serving(certificate, answering(b"\x00\x01\x02", "text/html")) as (port, _):
        assert refusal(fetcher(certificate, port), "https://localhost/") == "type"


@pytest.mark.parametrize("tells", [True, False], ids=["with a length", "without"])
def test_what_is_too_large_is_not_read_to_its_end(certificate: Certificate, tells: bool) -> None:
    sent = [0]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/plain")
        if tells:
            handler.send_header("content-length", str(10**9))
        handler.end_headers()
        try:
            for _ in range(10_000):
                sent[0] += handler.wfile.write(b"x" * 100_000)
        except OSError:
            return

    with serving(certificate, answer) as (port, _):
        assert refusal(fetcher(certificate, port), "https://localhost/") == "too_large"
    assert sent[0] < 10**8


def test_what_ends_too_early_is_no_page(certificate: Certificate) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        handler.wfile.write(b"only this")

    with serving(certificate, answer) as (port, _):
        assert refusal(fetcher(certificate, port), "https://localhost/") == "unreachable"


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["handshake", "head", "body"])
def test_a_server_that_takes_its_time_is_left(certificate: Certificate, moment: str) -> None:
    over = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if moment == "body":
            handler.send_response(200)
            handler.end_headers()
        try:
            while not over.wait(0.05):
                handler.wfile.write(b"x")
                handler.wfile.flush()
        except OSError:
            return

    try:
        if moment == "handshake":
            with socket.create_server(("127.0.0.1", 0)) as silent:
                port = silent.getsockname()[1]
                assert refusal(fetcher(certificate, port, seconds=0.5), "https://localhost/") == "too_slow"
        else:
            with serving(certificate, answer) as (port, _):
                reason = refusal(fetcher(certificate, port, seconds=0.5), "https://localhost/")
                over.set()
            assert reason == "too_slow"
    finally:
        over.set()


def test_a_certificate_that_nobody_vouches_for_is_not_believed(certificate: Certificate) -> None:
    with serving(certificate, answering()) as (port, asked):
        fetch = Fetcher(lambda *_: [LOOPBACK], lambda _: True, port)
        assert refusal(fetch, "https://localhost/") == "unreachable"
        assert asked == []


def test_a_name_for_another_server_is_not_believed(certificate: Certificate) -> None:
    with serving(certificate, answering()) as (port, asked):
        fetch = fetcher(certificate, port, {"other.example": ["127.0.0.1"]})
        assert refusal(fetch, "https://other.example/") == "unreachable"
        assert asked == []
