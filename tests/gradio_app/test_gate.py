"""Nothing is served that the gate does not name, and nothing of value without a session.

The routes come from the running application, Gradio's included, so one that a release adds is tried too.
"""

import json
from dataclasses import replace

import pytest

from gradio_app.gate.access import OPEN, Access, Addresses
from gradio_app.settings import Settings
from tests.gradio_app.fakes import HOSTED, PAGE_VIEW, SETTINGS, World, make_world
from tests.gradio_app.routes import every_path, filled

pytestmark = pytest.mark.slow

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


ALL_ON = replace(
    SETTINGS,
    mfa="optional",
    sign_up_domains=("example.com",),
    single_sign_on=HOSTED,
    embedding_model_id="model-1",
    web_pages=True,
    share_conversations=True,
)
"""Settings under which every address is open that can be."""


@pytest.mark.asvs("6.3.4", "13.4.5")
@pytest.mark.parametrize("settings", [SETTINGS, ALL_ON], ids=["plain", "all on"])
def test_without_a_session_every_route_is_refused_that_is_not_for_everyone(settings: Settings) -> None:
    world, access = make_world(settings), Addresses(settings).access
    stranger = world.browser()
    for path in every_path(world):
        for method in METHODS:
            if access(method, filled(path)) is Access.PUBLIC:
                continue
            answer = stranger.request(method, filled(path))
            assert answer.status_code in (401, 403, 404), f"{method} {path}: {answer.status_code}"
            assert "gradio" not in answer.text.lower()


@pytest.mark.parametrize("settings", [SETTINGS, ALL_ON], ids=["plain", "all on"])
def test_with_a_session_only_what_is_named_is_open(settings: Settings) -> None:
    """A route that a new Gradio brings is closed until somebody adds it to the gate's table."""
    world, access = make_world(settings), Addresses(settings).access
    ana = world.signed_in("ana@example.com")
    for path in every_path(world):
        for method in METHODS:
            if access(method, filled(path)) is Access.CLOSED:
                answer = ana.request(method, filled(path))
                assert answer.status_code in (403, 404), f"{method} {path}: {answer.status_code}"


@pytest.mark.asvs("8.2.2")
def test_each_address_that_is_open_is_there_and_says_what_keeps_it_from_others_data() -> None:
    running = set(every_path(make_world(ALL_ON))) | {"/gradio_api/run/predict"}
    assert {address.path for address in OPEN} <= running, "no line is left over"
    assert len({address.path for address in OPEN}) == len(OPEN), "each stands there once"
    for address in OPEN:
        assert address.why, address.path
        assert address.methods <= {"GET", "HEAD", "POST", "PUT", "DELETE"}, address.path
        assert address.who is not Access.CLOSED, address.path


def test_a_stranger_who_views_a_page_is_led_to_the_login(world: World) -> None:
    for path in ("/", "/account", "/config", "/anything/else"):
        answer = world.browser().get(path, headers=PAGE_VIEW)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.asvs("13.4.2", "13.4.5")
@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/proxy=https://example.com",
        "/gradio_api/info",
        "/gradio_api/heartbeat/abc",
        "/gradio_api/stream/abc/1/2/playlist.m3u8",
        "/gradio_api/user",
        "/gradio_api/token",
        "/gradio_api/startup-events",
        "/gradio_api/call/predict",
        "/config",
        "/monitoring",
        "/docs",
        "/openapi.json",
        "/login/",
        "/assets/../config",
        "/assets/%2e%2e/config",
        "/assets/",
        "/pages/static/..%2ftexts.py",
        "/gradio_api/run/predict/",
        "/gradio_api/queue/data/",
    ],
)
def test_what_gradio_leaves_open_is_closed(world: World, path: str) -> None:
    for browser in (world.browser(), world.signed_in("ana@example.com")):
        for method in ("GET", "POST"):
            assert browser.request(method, path, json={}).status_code in (401, 404)


def test_without_login_the_pages_of_a_login_do_not_exist() -> None:
    settings = Settings(
        **{name: getattr(SETTINGS, name) for name in ("table_name", "bucket_name", "region", "model_ids")},
        pool_id="",
        app_client_id="",
        app_client_secret="",
        authentication=False,
    )
    browser = make_world(settings).browser()
    assert browser.get("/", params={"new": "x"}, headers=PAGE_VIEW).status_code in (200, 303)
    for path in ("/login", "/account", "/logout"):
        assert {browser.get(path).status_code, browser.post(path).status_code} == {404}


def test_gradio_is_told_who_asks(world: World) -> None:
    body = {"fn_index": 1, "data": [], "session_hash": "who-asks"}
    answer = world.signed_in("ana@example.com").post("/gradio_api/run/predict", json=body)
    assert answer.json()["data"] == ["id-of-ana@example.com"]


@pytest.mark.asvs("10.1.1")
def test_the_page_tells_no_secret(world: World) -> None:
    ana = world.signed_in("ana@example.com")
    page = ana.get("/", headers=PAGE_VIEW, follow_redirects=True)
    assert page.status_code == 200
    assert "access-ana" not in page.text
    assert "refresh-ana" not in page.text
    assert ana.cookies["__Host-session"] not in page.text


@pytest.mark.asvs("13.4.4")
@pytest.mark.parametrize("path", ["/gradio_api/run/predict", "/assets/index.js", "/"])
def test_only_known_methods_reach_an_address(path: str) -> None:
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get"):
        assert Addresses(SETTINGS).access(method, path) is Access.CLOSED


@pytest.mark.asvs("16.3.2", "16.4.1")
def test_a_denied_request_leaves_a_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    browser = world.browser()
    browser.cookies.set("__Host-session", "forged", domain="testserver.local")
    assert browser.get("/account%0d%0aforged-line").status_code == 401
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["event"], line["outcome"], line["client"]) == ("request", "denied", "203.0.113.9")
    assert "401" in line["detail"]
