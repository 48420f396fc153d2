"""What holds for every address of the running application, Gradio's included, whatever a release adds."""

import json
import re
from collections.abc import Callable, Mapping

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from gradio_app.gate.access import Access, Addresses
from gradio_app.sessions.session import hashed
from gradio_app.settings import Settings
from tests.gradio_app.fakes import HOSTED, ORIGIN, PAGE_VIEW, SAME_ORIGIN, SETTINGS, World, make_world
from tests.gradio_app.routes import every_path, filled

pytestmark = pytest.mark.slow

ONE_YEAR_SECONDS = 31_536_000
EXACT = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
READS = {"load_keys", "has_authenticator"}
"""Calls to the pool that only look."""
BEGINS = ("GET", "/login/single-sign-on")
"""Remembers for minutes that this browser left for its provider, and nothing of anybody; a form could not
lead there. Another site's links begin nothing: test_single_sign_on.py."""
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
ANA, EVA = "ana@example.com", "eva@example.com"
ALL_ON = Settings(
    **{
        **vars(SETTINGS),
        "mfa": "optional",
        "sign_up_domains": ("example.com",),
        "single_sign_on": HOSTED,
        "embedding_model_id": "model-1",
        "web_pages": True,
        "share_conversations": True,
    }
)
"""Settings under which every address is open that can be."""
access = Addresses(ALL_ON).access


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(ALL_ON)


@pytest.fixture(scope="module")
def addresses(world: World) -> list[str]:
    """Every route, and some that do not exist."""
    return [*map(filled, every_path(world)), "/nowhere", "/assets/missing.js", "/pages/static/missing.css"]


@pytest.mark.asvs("3.4.1", "3.4.3", "3.4.4", "3.4.5", "3.4.6")
def test_every_answer_carries_the_headers(world: World, addresses: list[str]) -> None:
    seen = set()
    for browser in (world.browser(), world.signed_in(ANA)):
        for path in addresses:
            for method in ("GET", "POST", "TRACE"):
                if method == "GET" and path.endswith("/queue/data"):
                    continue  # a stream, looked at below
                for headers in ({}, PAGE_VIEW):
                    if path.startswith("/logout"):
                        headers = {"sec-fetch-site": "cross-site"}  # refused: the browser stays signed in
                    answer = browser.request(method, path, headers=headers)
                    check_headers(answer.headers, f"{method} {path}: {answer.status_code}")
                    seen.add(answer.status_code)
    assert {200, 303, 400, 401, 403, 404} <= seen


@pytest.mark.asvs("3.4.1", "3.4.4", "16.5.1")
@pytest.mark.parametrize(("path", "status"), [("/account", 503), ("/login", 500), ("/login", 413)])
def test_errors_of_ours_carry_the_headers_too(
    path: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    browser = TestClient(world.application.gate, ORIGIN, raise_server_exceptions=False, headers=SAME_ORIGIN)
    browser.cookies.update(dict(world.signed_in(ANA).cookies))
    world.table.down = status == 503

    def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    if status == 500:
        monkeypatch.setattr("gradio_app.login.sign_in.account_name", broken)
    form = {"email": ANA, "password": "x" * (10**5 if status == 413 else 1)}
    answer = browser.get(path) if status == 503 else browser.post(path, data=form)
    assert answer.status_code == status
    check_headers(answer.headers, f"{path}: {status}")
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text


def check_headers(found: Mapping[str, str], where: str) -> None:
    """Compare an answer's headers with what is promised for all of them."""
    assert {name: found.get(name) for name in EXACT} == EXACT, where
    strict = re.fullmatch(r"max-age=(\d+); includeSubDomains", found["strict-transport-security"])
    assert strict, where
    assert int(strict[1]) >= ONE_YEAR_SECONDS, where
    policy = found["content-security-policy"]
    assert policy.startswith("default-src 'none'"), where
    assert "frame-ancestors 'none'" in policy, where
    assert "unsafe-eval" not in policy, where
    assert "script-src 'unsafe-inline'" not in policy, where
    assert "camera=()" in found["permissions-policy"], where
    assert "server" not in found, where
    assert "x-powered-by" not in found, where


@pytest.mark.asvs("14.3.2")
def test_what_belongs_to_a_user_is_stored_by_no_cache(world: World, addresses: list[str]) -> None:
    ana = world.signed_in(ANA)
    for path in addresses:
        if access("GET", path) is Access.PUBLIC or path.endswith("/queue/data"):
            continue
        assert ana.get(path, headers=PAGE_VIEW).headers["cache-control"] == "no-store", path


@pytest.mark.asvs("10.1.1")
def test_no_answer_holds_a_token_or_the_cookie(world: World, addresses: list[str]) -> None:
    ana = world.signed_in(ANA)
    secrets = (
        ana.cookies["__Host-session"],
        f"access-{ANA}",
        f"refresh-{ANA}",
        world.settings.app_client_secret,
        HOSTED.client_secret,
    )
    for path in addresses:
        if not path.endswith("/queue/data"):
            answer = ana.get(path, headers=PAGE_VIEW, follow_redirects=True)
            for secret in secrets:
                assert secret not in answer.text + str(answer.headers), path


@pytest.mark.asvs("3.5.1", "3.5.2", "3.5.3")
def test_another_site_can_change_nothing_anywhere(world: World, addresses: list[str]) -> None:
    """A form or a script elsewhere brings the cookie along, and one of these headers with it."""
    ana = world.signed_in(ANA)
    calls = len(world.directory.calls)
    before = json.dumps(sorted(map(list, world.table.items)))
    for path in addresses:
        for method in UNSAFE:
            for headers in (
                {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
                {"sec-fetch-site": "same-site", "origin": "https://other.testserver"},
                {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "content-type": "text/plain"},
            ):
                answer = ana.request(method, path, headers=headers, content=b"{}")
                assert answer.status_code == 403, f"{method} {path}"
    assert len(world.directory.calls) == calls
    assert json.dumps(sorted(map(list, world.table.items))) == before


@pytest.mark.asvs("3.5.3")
def test_reading_changes_nothing(world: World, addresses: list[str]) -> None:
    ana = world.signed_in(ANA)
    calls = len(world.directory.calls)
    keys = set(world.table.items)
    for path in addresses:
        for method in ("GET", "HEAD"):
            if not path.endswith("/queue/data") and (method, path) != BEGINS:
                ana.request(method, path, headers=PAGE_VIEW)
    assert ana.get("/account").status_code == 200, "still signed in"
    assert set(world.table.items) == keys
    assert [call for call in world.directory.calls[calls:] if call not in READS] == []


@pytest.mark.asvs("4.4.2", "3.4.2")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver"])
def test_another_site_reads_no_stream_and_no_answer(world: World, addresses: list[str], origin: str) -> None:
    ana = world.signed_in(ANA)
    script = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "origin": origin}
    for path in addresses:
        answer = ana.get(path, params={"session_hash": "x"}, headers=script)
        assert answer.status_code == 403, path
        assert not [name for name in answer.headers if name.startswith("access-control-")], path


@pytest.mark.asvs("4.4.2")
def test_there_are_no_web_sockets(world: World, addresses: list[str]) -> None:
    ana = world.signed_in(ANA)
    for path in addresses:
        with pytest.raises(WebSocketDisconnect) as refused, ana.websocket_connect(path):
            pass
        assert refused.value.code == 1008


@pytest.mark.asvs("13.4.4")
def test_methods_that_nobody_needs_are_refused_everywhere(world: World, addresses: list[str]) -> None:
    for browser in (world.browser(), world.signed_in(ANA)):
        for path in addresses:
            for method in ("TRACE", "CONNECT", "OPTIONS", "PUT", "PATCH", "DELETE", "PROPFIND"):
                assert browser.request(method, path).status_code in (401, 403, 404), f"{method} {path}"


ODD_QUERIES = [
    f"page=x&new={'0' * 32}",
    f"deep_link=../../x&c={'0' * 32}",
    "lang=%ff&lang=%00",
    "session_hash=x&session_hash=y",
    "code=%00&state=%ff&error=%0a",
    "&&&==",
    "%ff=%ff",
    "a" * 6000,
]
ODD_HEADERS: list[dict[str, str]] = [
    {"content-type": "application/json; charset=utf-16"},
    {"content-type": "multipart/form-data"},
    {"content-type": "application/x-www-form-urlencoded; charset=nope"},
    {"content-length": "9" * 40},
    {"content-length": "-1"},
    {"range": "bytes=9-1"},
    {"range": "bytes=" + ",".join(["0-1"] * 500)},
    {"accept-language": "es;q=nan," * 500},
    {"if-modified-since": "Thu, 99 Foo 0000 99:99:99 GMT"},
    {"if-none-match": "\xff"},
    {"host": "[::1"},
    {"host": ""},
    {"origin": "http://["},
    {"cookie": 'language=\xff; __Host-step=\xff; __Host-departure="'},
    {"x-amzn-trace-id": "\xff"},
    {"authorization": "Basic \xff"},
]
ODD_BODIES = [b"", b"x=1&email=%ff", b"\xff\xfe", b'{"session_hash": null}']


@pytest.mark.asvs("16.5.1")
def test_nothing_that_a_client_may_send_is_a_server_error(world: World, addresses: list[str]) -> None:
    """Five in a minute would roll a deployment back. The test client raises what the application raises."""
    opened = [
        path
        for path in addresses
        if any(access(method, path) is not Access.CLOSED for method in ("GET", "POST"))
        and not path.startswith("/logout")  # the browser stays signed in
        and not path.endswith("/queue/data")  # a stream
    ]
    assert {"/", "/login", "/gradio_api/queue/join", "/account"} <= set(opened)
    for browser in (world.browser(), world.signed_in(ANA)):
        for path in opened:
            for query in ODD_QUERIES:
                answer = browser.get(f"{path}?{query}")
                assert answer.status_code < 500, f"{path}?{query}"
            for odd in ODD_HEADERS:
                headers = [(name.encode(), value.encode("latin-1")) for name, value in odd.items()]
                for method, body in (("GET", b""), *(("POST", body) for body in ODD_BODIES)):
                    answer = browser.request(method, path, headers=headers, content=body)
                    assert answer.status_code < 500, f"{method} {path} {odd}"


TAMPERED = {
    "another length": lambda token: token + "x",
    "another letter": lambda token: ("B" if token[0] == "A" else "A") + token[1:],
    "its hash": hashed,
    "nothing": lambda _: "%00",
    "a token": lambda _: f"access-{ANA}",
    "markup": lambda _: "<script>",
    "a path": lambda _: "../SESSION",
}


@pytest.mark.asvs("7.2.2", "16.3.2")
@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_cookie_that_is_not_exactly_right_opens_nothing_and_leaves_a_line(
    world: World, change: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    token = world.signed_in(ANA).cookies["__Host-session"]
    thief = world.browser()
    thief.cookies.set("__Host-session", change(token))
    capsys.readouterr()
    for path in ("/account", "/", "/gradio_api/queue/data?session_hash=x"):
        assert thief.get(path).status_code == 401
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["denied"] * 3
    assert token not in "".join(lines)


@pytest.mark.asvs("8.2.2", "16.3.2")
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/gradio_api/queue/data?session_hash=of-ana", None, 403),
        ("POST", "/gradio_api/queue/join", {"fn_index": 0, "data": [], "session_hash": "of-ana"}, 403),
        ("POST", "/gradio_api/run/predict", {"fn_index": 1, "data": [], "session_hash": "of-ana"}, 403),
        ("POST", "/gradio_api/cancel", {"session_hash": "of-ana", "fn_index": 0, "event_id": "x"}, 403),
        ("POST", "/gradio_api/reset", {"event_id": "x"}, 403),
        ("GET", "/gradio_api/file=/tmp/gradio/abc/of-ana.txt", None, 404),
        ("GET", "/gradio_api/file=../../etc/passwd", None, 404),
        ("POST", "/gradio_api/upload", {}, 404),
        ("GET", "/gradio_api/stream/of-ana/1/1/playlist.m3u8", None, 404),
        ("GET", "/gradio_api/heartbeat/of-ana", None, 404),
        ("POST", "/gradio_api/queue/join", {"fn_index": 0, "data": []}, 400),
    ],
)
def test_reaching_for_anothers_leaves_a_line_with_who_it_was(
    world: World,
    capsys: pytest.CaptureFixture[str],
    method: str,
    path: str,
    body: object,
    status: int,
) -> None:
    mine = {"fn_index": 1, "data": [], "session_hash": "of-ana"}
    assert world.signed_in(ANA).post("/gradio_api/run/predict", json=mine).status_code == 200
    eva = world.signed_in(EVA)
    capsys.readouterr()
    assert eva.request(method, path, json=body).status_code == status
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["event"], line["outcome"], line["user_id"]) == ("request", "denied", f"id-of-{EVA}")
    assert line["client"] == "203.0.113.9"
    assert line["detail"].startswith(str(status))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize(
    "header",
    [
        {"x-amzn-oidc-data": "eyJhbGciOiJub25lIn0.e30."},
        {"x-amzn-oidc-identity": f"id-of-{ANA}"},
        {"x-forwarded-user": ANA},
        {"x-forwarded-for": "127.0.0.1"},
        {"x-real-ip": "127.0.0.1"},
        {"x-viewer-address": "127.0.0.1"},
        {"x-original-url": "/healthz"},
        {"x-rewrite-url": "/login"},
        {"x-http-method-override": "GET"},
        {"authorization": f"Bearer access-{ANA}"},
    ],
)
def test_no_header_stands_in_for_a_session(
    world: World, header: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = world.browser()
    capsys.readouterr()
    for path in ("/", "/account", "/gradio_api/queue/data?session_hash=x"):
        assert stranger.get(path, headers=header).status_code == 401
    stranger.cookies.set("__Host-session", "forged")
    assert stranger.get("/account", headers=header).status_code == 401
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["client"] == "203.0.113.9"
