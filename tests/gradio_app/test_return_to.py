"""After a session ended, signing in leads back to the conversation that was open, and to nowhere else."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from gradio_app.login.return_to import is_place
from gradio_app.page.address import address_of, conversation_in
from tests.gradio_app.fakes import HOSTED, PAGE_VIEW, SETTINGS, User, World, make_world

pytestmark = pytest.mark.slow

ANA, PASSWORD = "ana@example.com", "Correct-Horse-1"
ID = "0123456789abcdef" * 2
PLACES = (f"c={ID}", f"new={ID}")
ELSEWHERE = (
    "",
    "c=",
    f"c={ID}0",
    f"c={ID[:-1]}",
    f"c={ID.upper()}",
    f"c={ID[:-1]}\N{ARABIC-INDIC DIGIT ONE}",
    f"c={ID}&next=//evil.example",
    f"c={ID}\n",
    f"C={ID}",
    "c=//evil.example",
    "//evil.example",
    "https://evil.example/",
    "\\\\evil.example",
)


def left(world: World, place: str) -> TestClient:
    """A browser whose session has ended while this was its page."""
    browser = world.browser()
    answer = browser.get(f"/?{place}", headers=PAGE_VIEW)
    assert answer.headers["location"] == "/login"
    return browser


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["password", "code", "new password"])
def test_signing_in_leads_back_by_whatever_steps(place: str, kind: str) -> None:
    user = User(PASSWORD, authenticator=kind == "code", temporary=kind == "new password")
    world = make_world(ana=user)
    browser = left(world, place)
    answer = browser.post("/login", data={"email": ANA, "password": PASSWORD})
    if kind != "password":
        new = {"new_password": "Better-Horse-22", "repeat": "Better-Horse-22"}
        answer = browser.post("/login/step", data={"code": world.directory.CODE} | new)
    assert answer.headers["location"] == f"/?{place}"
    assert "__Host-return" not in browser.cookies, "once"


@pytest.mark.parametrize("place", PLACES)
def test_single_sign_on_leads_back_too(place: str) -> None:
    world = make_world(replace(SETTINGS, single_sign_on=HOSTED), ana=User(PASSWORD))
    browser = left(world, place)
    start = browser.get("/login/single-sign-on", headers=PAGE_VIEW)
    state = dict(part.split("=", 1) for part in start.headers["location"].split("?")[1].split("&"))["state"]
    back = browser.get("/login/callback", params={"code": ANA, "state": state}, headers=PAGE_VIEW)
    assert back.headers["location"] == f"/?{place}"


@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.4")
def test_the_place_is_out_of_reach_and_short_lived() -> None:
    cookie = make_world().browser().get(f"/?{PLACES[0]}", headers=PAGE_VIEW).headers["set-cookie"]
    assert cookie.startswith("__Host-return=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "secure", "path=/", "samesite=lax", "max-age=900"}


@pytest.mark.parametrize("place", ELSEWHERE)
def test_nothing_else_is_a_place(place: str) -> None:
    assert not is_place(place)
    world = make_world(ana=User(PASSWORD))
    assert "set-cookie" not in world.browser().get(f"/account?{PLACES[0]}", headers=PAGE_VIEW).headers
    planted = world.browser()
    form = {"email": ANA, "password": PASSWORD}
    header = {"cookie": f"__Host-return={place}".encode().decode("latin-1")} if place.isascii() else {}
    answer = planted.post("/login", data=form, headers=header if "\n" not in place else {})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_what_the_chat_calls_a_conversations_page(place: str) -> None:
    name, _, value = place.partition("=")
    assert is_place(place)
    assert conversation_in({name: value})[0] == ID
    assert address_of(ID) == f"/?{PLACES[0]}"
