"""What a client may send and claim, and what every answer carries."""

import base64
import hashlib
import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import httpx
import pytest

from gradio_app.gate import limits
from gradio_app.gate.forwarded import cleaned, client_address
from gradio_app.gate.limits import BODIES, EVENT_BYTES, FORM_BYTES
from gradio_app.language import LANGUAGES
from gradio_app.settings import Settings
from tests.gradio_app.fakes import PAGE_VIEW, SAME_ORIGIN, SETTINGS, World, make_world, over_http, served


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


@pytest.mark.parametrize(("path", "most"), [("/login", FORM_BYTES), ("/gradio_api/queue/join", EVENT_BYTES)])
def test_a_body_has_a_limit_whether_its_length_is_declared_or_not(world: World, path: str, most: int) -> None:
    ana = world.signed_in("ana@example.com")

    def chunks(size: int) -> Iterator[bytes]:
        yield from (b"x" * 4096 for _ in range(size // 4096))

    assert ana.post(path, content=b"x" * (most + 1)).status_code == 413
    assert ana.post(path, content=chunks(most + 8192)).status_code == 413
    assert ana.post(path, content=chunks(most)).status_code != 413


def test_an_endless_body_is_refused_before_its_end(world: World) -> None:
    with served(world) as base:
        host, port = base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(
                b"POST /login HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            for _ in range(2 * FORM_BYTES // 4096):
                connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.asvs("15.2.2")
def test_bodies_of_strangers_take_nobodys_place_who_is_signed_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may share an address, a company's or a class's, or have as many as they like."""
    monkeypatch.setattr(limits, "BODIES", replace(BODIES, places=BODIES.each))
    browser = world.signed_in("ana@example.com")
    begun = b"POST /login HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 9\r\n\r\nx"
    with served(world) as base, over_http(base, browser) as ana, ExitStack() as stack:
        host, port = base.removeprefix("http://").split(":")
        for _ in range(BODIES.each):
            opened = stack.enter_context(socket.create_connection((host, int(port)), timeout=20))
            opened.sendall(begun)
        with httpx.Client(base_url=base, headers=SAME_ORIGIN, timeout=20) as stranger:
            assert stranger.post("/login", data={"email": "x"}).status_code == 429
        assert ana.post("/logout").status_code == 303


@pytest.mark.asvs("14.3.2")
def test_only_what_is_the_same_for_everyone_is_cached(world: World) -> None:
    ana = world.signed_in("ana@example.com")
    page = ana.get("/", headers=PAGE_VIEW, follow_redirects=True)
    script = re.findall(r'src="\./(assets/[^"]+)"', page.text)[0]
    cached = {path: ana.get(path).headers["cache-control"] for path in (f"/{script}", "/theme.css")}
    assert cached[f"/{script}"] == "public, max-age=31536000, immutable"
    assert cached["/theme.css"].startswith("public")
    for path in ("/", "/account", "/login", "/healthz", "/assets/missing.js"):
        assert ana.get(path).headers["cache-control"] == "no-store"


@pytest.mark.asvs("3.4.3")
def test_each_script_of_the_page_has_the_nonce_of_its_answer(world: World) -> None:
    ana = world.signed_in("ana@example.com")
    nonces = set()
    for _ in range(2):
        page = ana.get(
            "/", headers=PAGE_VIEW | {"accept-encoding": "br;q=1.0, GZIP;q=0.5"}, follow_redirects=True
        )
        [nonce] = re.findall(r"'nonce-([\w-]+)'", page.headers["content-security-policy"])
        assert "unsafe-eval" not in page.headers["content-security-policy"]
        assert "form-action 'none'" in page.headers["content-security-policy"]
        scripts = re.findall(r"<script\b[^>]*>", page.text)
        assert len(scripts) > 1
        assert all(f'nonce="{nonce}"' in script for script in scripts)
        assert page.headers["content-encoding"] == "gzip"
        assert 1_000 < int(page.headers["content-length"]) < 3_000 < len(page.content)
        nonces.add(nonce)
    assert len(nonces) == 2


@pytest.mark.parametrize("accepted", ["identity", "", "br, gzip;q=0", "gzip; q=0.000", "x-gzips"])
def test_a_browser_that_cannot_read_gzip_gets_the_page_as_it_is(world: World, accepted: str) -> None:
    ana = world.signed_in("ana@example.com")
    page = ana.get("/", headers=PAGE_VIEW | {"accept-encoding": accepted}, follow_redirects=True)
    assert "content-encoding" not in page.headers
    assert len(page.content) == int(page.headers["content-length"])
    assert not ana.head("/", headers=PAGE_VIEW, follow_redirects=True).content


def test_what_is_compressed_repeats_nothing_of_its_request(world: World) -> None:
    """Or else its length would tell what else is in it (BREACH): other pages are as they are."""
    ana = world.signed_in("ana@example.com")
    marks = {"referer": "https://testserver/markmark", "user-agent": "markmark", "cookie-hint": "markmark"}
    headers = PAGE_VIEW | marks | {"accept-encoding": "gzip"}
    page = ana.get(f"/?c={'3c' * 16}&view=markmark&markmark=markmark", headers=headers)
    assert page.headers["content-encoding"] == "gzip"
    assert not re.search("markmark|3c3c3c", page.text)
    listed = ana.get("/conversations/list?after=markmark&markmark=markmark", headers=marks)
    assert listed.status_code == 200
    assert "markmark" not in listed.text
    for path in ("/account", "/conversations", "/login"):
        assert "content-encoding" not in ana.get(path, headers=headers).headers


@pytest.mark.asvs("3.4.3")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_sign_in_has_its_style_in_it_and_takes_less_than_8_kb(world: World, lang: str) -> None:
    asked = PAGE_VIEW | {"accept-encoding": "gzip", "accept-language": lang}
    page = world.browser().get("/login", headers=asked)
    [style] = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in page.headers["content-security-policy"], "and nothing else"
    assert '<link rel="stylesheet"' not in page.text
    assert "<script" not in page.text
    assert "content-encoding" not in page.headers, "it repeats its request"
    head = sum(len(f"{name}: {value}\r\n") for name, value in page.headers.items())
    assert head + len(page.content) < 7_000


def test_other_pages_name_a_style_sheet_that_is_kept(world: World) -> None:
    ana = world.signed_in("ana@example.com")
    for path, sheets in (("/account", ["pages.css"]), ("/assistants", ["pages.css", "wide.css"])):
        page = ana.get(path, headers=PAGE_VIEW)
        named = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
        assert [re.sub(r".*/|\?.*", "", each) for each in named] == sheets
        assert "<style" not in page.text
        assert "style-src 'self';" in page.headers["content-security-policy"]
        for each in named:
            sheet = ana.get(each, headers={"accept-encoding": "gzip"})
            assert sheet.headers["content-encoding"] == "gzip"
            assert "immutable" in sheet.headers["cache-control"]


def test_over_plain_http_no_browser_is_told_to_insist_on_https() -> None:
    browser = make_world(Settings(**{**vars(SETTINGS), "public_scheme": "http"})).browser()
    assert "strict-transport-security" not in browser.get("/login").headers


SPOOFED = {
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "ftp",
    "x-gradio-server": "https://evil.example",
    "x-forwarded-for": "198.51.100.1",
    "forwarded": "host=evil.example",
}


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize("trusted", ["", "203.0.113.0/24"])
def test_no_client_decides_where_the_page_thinks_it_is(trusted: str) -> None:
    """Gradio writes its own root into the page, and takes it from these headers."""
    ana = make_world(_settings(trusted)).signed_in("ana@example.com")
    page = ana.get("/", headers=PAGE_VIEW | SPOOFED, follow_redirects=True)
    assert page.status_code == 200
    assert "evil.example" not in page.text
    assert '"root":"https://testserver"' in page.text


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize(
    ("trusted", "forwarded", "client"),
    [
        ("", "198.51.100.1", "203.0.113.9"),
        ("203.0.113.0/24", "198.51.100.1", "198.51.100.1"),
        ("203.0.113.0/24", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("203.0.113.0/24, 10.0.0.0/16", "192.0.2.66, 198.51.100.1, 10.0.3.4", "198.51.100.1"),
        ("203.0.113.0/24", "", "203.0.113.9"),
        ("10.0.0.0/16", "198.51.100.1", "203.0.113.9"),
    ],
)
def test_the_client_is_whom_the_nearest_trusted_proxy_names(
    trusted: str, forwarded: str, client: str
) -> None:
    scope = {
        "type": "http",
        "client": ("203.0.113.9", 1),
        "headers": [(b"x-forwarded-for", forwarded.encode())],
    }
    assert client_address(scope, _settings(trusted)) == client


FORWARDED = (b"x-forwarded-for", b"192.0.2.66, 198.51.100.1")
"""As behind CloudFront: its own address comes last, and what the client sent comes first."""


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize(
    ("said", "client"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        ([" 192.0.2.7 "], "192.0.2.7"),
        (["2001:DB8:0:0::7"], "2001:db8::7"),
        ([], "198.51.100.1"),
        ([""], "198.51.100.1"),
        (["192.0.2.7", "192.0.2.8"], "198.51.100.1"),
        (["192.0.2.7, 192.0.2.8"], "198.51.100.1"),
        (["192.0.2.7:443"], "198.51.100.1"),
        (["192.0.2.0/24"], "198.51.100.1"),
        (["fe80::1%<b>"], "198.51.100.1"),
        (["localhost"], "198.51.100.1"),
    ],
)
def test_behind_cloudfront_the_client_is_whom_the_distribution_names(said: list[str], client: str) -> None:
    headers = [FORWARDED, *((b"x-viewer-address", each.encode()) for each in said)]
    scope = {"type": "http", "client": ("10.42.0.9", 1), "headers": headers}
    assert client_address(scope, _settings("10.42.0.0/16", "x-viewer-address")) == client


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize(
    ("peer", "header", "client"),
    [
        ("10.42.0.9", "", "198.51.100.1"),
        ("10.42.0.9", "x-viewer-elsewhere", "198.51.100.1"),
        ("203.0.113.9", "x-viewer-address", "203.0.113.9"),
    ],
)
def test_that_header_is_believed_only_of_a_trusted_proxy_that_sets_it(
    peer: str, header: str, client: str
) -> None:
    headers = [FORWARDED, (b"x-viewer-address", b"192.0.2.7")]
    scope = {"type": "http", "client": (peer, 1), "headers": headers}
    assert client_address(scope, _settings("10.42.0.0/16", header)) == client


@pytest.mark.asvs("4.1.3")
@pytest.mark.parametrize("header", ["", "x-viewer-address"])
def test_nothing_behind_the_gate_sees_a_header_that_may_lie(header: str) -> None:
    given = [
        *((name.encode(), b"203.0.113.66") for name in (*SPOOFED, "X-Viewer-Address")),
        (b"accept", b"*/*"),
    ]
    scope = {"type": "http", "client": ("203.0.113.9", 1), "headers": given}
    assert cleaned(scope, _settings("203.0.113.0/24", header))["headers"] == [(b"accept", b"*/*")]


@pytest.mark.asvs("15.3.4")
def test_who_guesses_is_written_down_by_the_address_that_the_distribution_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stranger = make_world(_settings("203.0.113.0/24", "x-viewer-address")).browser()
    form = {"email": "x@example.com", "password": "x"}
    from_where = {"x-viewer-address": "192.0.2.7", "x-forwarded-for": "198.51.100.1"}
    assert stranger.post("/login", data=form, headers=from_where).status_code == 401
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["client"] == "192.0.2.7"


def _settings(proxies: str, header: str = "") -> Settings:
    environ = {
        "POOL_ID": SETTINGS.pool_id,
        "APP_CLIENT_ID": "client",
        "APP_CLIENT_SECRET": "secret",
        "TABLE_NAME": "table",
        "BUCKET_NAME": "files",
        "AWS_REGION": "us-east-1",
        "MODEL_IDS": "fake.model",
        "TRUSTED_PROXIES": proxies,
        "VIEWER_ADDRESS_HEADER": header,
    }
    return Settings.from_env(environ)


def test_a_stream_is_not_held_back() -> None:
    """Only pages are; a stream's first message arrives while it goes on."""
    world = make_world(streams=True)
    with served(world) as base:
        ana = over_http(base, world.signed_in("ana@example.com"))
        ana.post("/gradio_api/queue/join", json={"fn_index": 0, "data": ["x"], "session_hash": "held"})
        with ana.stream("GET", "/gradio_api/queue/data", params={"session_hash": "held"}) as stream:
            assert next(stream.iter_lines()).startswith("data: ")
