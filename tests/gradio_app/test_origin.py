"""Another site cannot act in the user's name."""

import pytest

from gradio_app.settings import Settings
from tests.gradio_app.fakes import ORIGIN, SETTINGS, World, make_world

STATE_CHANGES = [
    "/login",
    "/logout",
    "/logout/everywhere",
    "/account/password",
    "/gradio_api/queue/join",
    "/gradio_api/cancel",
]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


@pytest.mark.parametrize("path", STATE_CHANGES)
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "https://other.testserver"},
        {"sec-fetch-site": "none", "origin": ""},
        {"sec-fetch-site": "cross-site", "origin": ORIGIN},
    ],
)
def test_another_site_changes_nothing(world: World, path: str, headers: dict[str, str]) -> None:
    ana = world.signed_in("ana@example.com")
    assert ana.post(path, json={}, headers=headers).status_code == 403
    assert ana.get("/account").status_code == 200, "still signed in"


@pytest.mark.asvs("3.5.1")
@pytest.mark.parametrize("origin", ["https://evil.example", "http://testserver", "null", None])
def test_a_browser_that_sends_no_fetch_metadata_must_send_its_origin(
    world: World, origin: str | None
) -> None:
    ana = world.signed_in("ana@example.com")
    del ana.headers["sec-fetch-site"]
    ana.headers.pop("origin")
    assert ana.post("/logout", headers={"origin": origin} if origin else {}).status_code == 403
    assert ana.post("/logout", headers={"origin": ORIGIN}).status_code == 303


def test_over_plain_http_the_origin_is_enough() -> None:
    settings = Settings(**{**vars(SETTINGS), "public_scheme": "http"})
    browser = make_world(settings).browser()
    del browser.headers["sec-fetch-site"]
    form = {"email": "x@example.com", "password": "x"}
    assert browser.post("/login", data=form, headers={"origin": "http://testserver"}).status_code == 401
    assert browser.post("/login", data=form, headers={"origin": "https://testserver"}).status_code == 403


@pytest.mark.asvs("3.5.2")
def test_another_site_may_link_to_a_page_and_embed_nothing(world: World) -> None:
    ana = world.signed_in("ana@example.com")
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert ana.get("/account", headers=link).status_code == 200
    for mode in ("no-cors", "cors"):
        assert ana.get("/account", headers=link | {"sec-fetch-mode": mode}).status_code == 403


@pytest.mark.asvs("3.4.2")
@pytest.mark.parametrize("path", ["/", "/login", "/account", "/theme.css", "/gradio_api/app_id"])
def test_no_origin_is_given_leave_to_read(world: World, path: str) -> None:
    """By itself Gradio echoes any Origin, with credentials."""
    ana = world.signed_in("ana@example.com")
    answer = ana.get(path, headers={"origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert ana.options(path, headers={"access-control-request-method": "POST"}).status_code in (403, 404)
