"""An authenticator app, managed by its owner: with password and code, and ASVS 7.5.1 in mind."""

import html
import json
import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from starlette.testclient import TestClient

from gradio_app.settings import Settings
from tests.gradio_app.fakes import SETTINGS, FakeDirectory, User, World, make_world

pytestmark = pytest.mark.slow

ANA, PASSWORD = "ana@example.com", "Correct-Horse-1"
PAGE = "/account/authenticator"
CODE, KEY = FakeDirectory.CODE, FakeDirectory.KEY


def world_with(mfa: str = "optional", *, authenticator: bool = False) -> World:
    settings = Settings(**{**vars(SETTINGS), "mfa": mfa})
    return make_world(settings, ana=User(PASSWORD, authenticator=authenticator))


def signed_in(world: World) -> TestClient:
    browser = world.browser()
    answer = browser.post("/login", data={"email": ANA, "password": PASSWORD})
    if answer.headers["location"] == "/login/step":
        browser.post("/login/step", data={"code": CODE})
    assert browser.get("/account").status_code == 200
    return browser


@pytest.mark.asvs("6.3.3")
def test_it_is_set_up_by_picture_link_or_key_and_asked_for_from_then_on() -> None:
    world = world_with()
    ana, phone = signed_in(world), signed_in(world)
    before = ana.cookies["__Host-session"]
    assert PAGE in ana.get("/account").text
    assert ana.post(PAGE, data={"password": PASSWORD}).headers["location"] == PAGE
    page = ana.get(PAGE)
    [link] = re.findall(r'href="(otpauth:[^"]*)"', page.text)
    address = urlsplit(html.unescape(link))
    assert (address.netloc, unquote(address.path)) == ("totp", f"/Asistente:{ANA}")
    assert parse_qs(address.query) == {"secret": [KEY], "issuer": ["Asistente"]}
    [typed] = re.findall(r"<code[^>]*>([^<]*)</code>", page.text)
    assert typed.replace(" ", "") == KEY
    assert "<svg" in page.text
    answer = ana.post(f"{PAGE}/confirm", data={"code": "000000"})
    assert (answer.status_code, "not right" in answer.text, "<svg" in answer.text) == (400, True, True)
    answer = ana.post(f"{PAGE}/confirm", data={"code": f"{CODE[:3]} {CODE[3:]}"})
    assert answer.headers["location"] == "/account?authenticator=1"
    assert "is set up" in ana.get("/account?authenticator=1").text
    assert ana.cookies["__Host-session"] != before, "7.2.4: a fresh session after the change"
    assert phone.get("/account").status_code == 401
    again = world.browser().post("/login", data={"email": ANA, "password": PASSWORD})
    assert again.headers["location"] == "/login/step"


@pytest.mark.asvs("7.5.1")
@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/remove"])
@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"code": CODE},
        {"password": "wrong", "code": CODE},
        {"password": PASSWORD},
        {"password": PASSWORD, "code": "000000"},
    ],
)
def test_asvs_7_5_1_a_change_needs_password_and_code_again(path: str, proof: dict[str, str]) -> None:
    world = world_with(authenticator=True)
    ana = signed_in(world)
    answer = ana.post(path, data=proof)
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    assert world.directory.users[ANA].authenticator
    assert "new_authenticator" not in world.directory.calls
    assert ana.post(f"{PAGE}/confirm", data={"code": CODE}).headers["location"] == PAGE


def test_it_is_moved_and_removed_by_its_owner_and_the_proof_leaves_no_sign_in_behind() -> None:
    world = world_with(authenticator=True)
    ana = signed_in(world)
    proof = {"password": PASSWORD, "code": CODE}
    assert ana.post(PAGE, data=proof).headers["location"] == PAGE
    assert world.directory.calls.count(f"revoke refresh-{ANA}") == 1
    assert ana.post(f"{PAGE}/confirm", data={"code": CODE}).status_code == 303
    assert ana.post(f"{PAGE}/remove", data=proof).headers["location"] == "/account?no-authenticator=1"
    assert not world.directory.users[ANA].authenticator


def test_what_one_browser_began_another_cannot_see_or_finish() -> None:
    world = world_with()
    desk, phone = signed_in(world), signed_in(world)
    desk.post(PAGE, data={"password": PASSWORD})
    assert "<svg" not in phone.get(PAGE).text
    assert phone.post(f"{PAGE}/confirm", data={"code": CODE}).headers["location"] == PAGE
    assert not world.directory.users[ANA].authenticator


def test_it_must_be_set_up_again_after_a_while() -> None:
    world = world_with()
    ana = signed_in(world)
    ana.post(PAGE, data={"password": PASSWORD})
    for (_, sk), item in world.table.items.items():
        if sk == "AUTHENTICATOR":
            item["expires_at"] -= 3600
    assert "<svg" not in ana.get(PAGE).text


def test_the_pool_decides_whether_there_is_one_and_whether_it_may_go() -> None:
    off, required = world_with("off"), world_with("required", authenticator=True)
    ana = signed_in(off)
    assert PAGE not in ana.get("/account").text
    assert {ana.get(PAGE).status_code, ana.post(PAGE, data={"password": PASSWORD}).status_code} == {404}
    ana = signed_in(required)
    assert "/remove" not in ana.get(PAGE).text
    answer = ana.post(f"{PAGE}/remove", data={"password": PASSWORD, "code": CODE})
    assert (answer.status_code, required.directory.users[ANA].authenticator) == (404, True)


@pytest.mark.asvs("6.3.1")
def test_guessing_on_this_page_is_counted_as_at_the_sign_in() -> None:
    world = world_with()
    ana = signed_in(world)
    answers = [ana.post(PAGE, data={"password": "wrong"}).status_code for _ in range(11)]
    assert answers == [400] * 10 + [429]


@pytest.mark.asvs("16.2.5", "16.3.1")
def test_every_change_leaves_a_line_without_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    world = world_with()
    ana = signed_in(world)
    capsys.readouterr()
    ana.post(PAGE, data={"password": "wrong"})
    ana.post(PAGE, data={"password": PASSWORD})
    ana.post(f"{PAGE}/confirm", data={"code": "000000"})
    ana.post(f"{PAGE}/confirm", data={"code": CODE})
    ana.post(f"{PAGE}/remove", data={"password": PASSWORD, "code": CODE})
    lines = capsys.readouterr().out
    events = [json.loads(line) for line in lines.splitlines()]
    assert [(event["event"], event["outcome"]) for event in events] == [
        ("authenticator-setup", "failed"),
        ("authenticator-setup", "failed"),
        ("authenticator-setup", "ok"),
        ("authenticator-removal", "ok"),
    ]
    assert {event["user_id"] for event in events} == {f"id-of-{ANA}"}
    for secret in (KEY, PASSWORD, CODE):
        assert secret not in lines


@pytest.mark.asvs("14.3.2")
def test_the_key_stays_out_of_every_cache_and_the_page_has_no_script() -> None:
    world = world_with()
    ana = signed_in(world)
    ana.post(PAGE, data={"password": PASSWORD})
    page = ana.get(PAGE)
    assert page.headers["cache-control"] == "no-store"
    assert "script" not in page.headers["content-security-policy"]
    assert "data:" not in page.headers["content-security-policy"]


def test_the_picture_holds_what_the_link_holds() -> None:
    """The picture itself, drawn once more by hand from the matrix that the library makes of the link."""
    import segno

    world = world_with()
    ana = signed_in(world)
    ana.post(PAGE, data={"password": PASSWORD})
    page = ana.get(PAGE).text
    [link] = re.findall(r'href="(otpauth:[^"]*)"', page)
    dark = dark_modules(page)
    matrix = [[bool(module) for module in row] for row in segno.make(html.unescape(link), error="m").matrix]
    assert dark == matrix


def dark_modules(page: str) -> list[list[bool]]:
    """Follow the strokes of the picture's path: `M x y` and `m dx dy` move, `h n` draws n modules."""
    [size] = re.findall(r'viewBox="0 0 (\d+) \d+"', page)
    side = int(size) - 8
    grid = [[False] * side for _ in range(side)]
    [strokes] = re.findall(r'class="qrline"[^>]*d="([^"]*)"|d="(M[^"]*h[^"]*)"[^>]*class="qrline"', page)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", strokes[0] or strokes[1]):
        values = [float(number) for number in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for column in range(int(values[0])):
                grid[int(y) - 4][int(x) + column - 4] = True
            x += values[0]
    return grid
