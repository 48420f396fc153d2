"""Signing in and out in a browser without JavaScript, over a pool in memory."""

import json
import re

import pytest

from gradio_app.sessions.throttle import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS
from gradio_app.settings import Settings
from tests.gradio_app.fakes import PAGE_VIEW, SETTINGS, FakeDirectory, User, make_world

pytestmark = pytest.mark.slow

ANA, PASSWORD, NEW = "ana@example.com", "Correct-Horse-1", "Better-Horse-22"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals need not be slow here."""
    monkeypatch.setattr("gradio_app.login.services.SAME_PACE_SECONDS", 0)


def test_a_password_leads_into_the_chat_and_out_again() -> None:
    world = make_world(ana=User(PASSWORD))
    ana = world.browser()
    answer = ana.post("/login", data={"email": " Ana@Example.com ", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert ana.get("/", headers=PAGE_VIEW, follow_redirects=True).status_code == 200
    assert ANA in ana.get("/account").text
    answer = ana.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?out=1")
    assert "You have signed out" in ana.get("/login?out=1").text
    assert ana.get("/account").status_code == 401


@pytest.mark.asvs("7.4.1")
def test_the_old_cookie_opens_nothing_after_signing_out() -> None:
    world = make_world(ana=User(PASSWORD))
    ana = world.signed_in(ANA)
    token = ana.cookies["__Host-session"]
    ana.post("/logout")
    thief = world.browser()
    thief.cookies.set("__Host-session", token)
    assert thief.get("/account").status_code == 401
    assert thief.get("/", headers=PAGE_VIEW).headers["location"] == "/login?ended=1"
    assert not [key for key in world.table.items if "SESSION" in "".join(key)]
    assert f"revoke refresh-{ANA}" in world.directory.calls


@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.4", "7.2.3")
def test_the_cookie_is_out_of_reach() -> None:
    world = make_world(ana=User(PASSWORD))
    set_cookie = (
        world.browser().post("/login", data={"email": ANA, "password": PASSWORD}).headers["set-cookie"]
    )
    session = next(
        part for part in re.split(r", (?=__Host)", set_cookie) if part.startswith("__Host-session")
    )
    attributes = {part.strip().lower() for part in session.split(";")[1:]}
    assert attributes == {"httponly", "secure", "path=/", "samesite=lax"}
    token = session.split(";")[0].partition("=")[2]
    assert len(token) >= 43, "256 bits"
    assert token not in json.dumps([*map(list, world.table.items)]) + json.dumps(
        list(world.table.items.values())
    )


def test_over_plain_http_the_cookie_has_a_plain_name() -> None:
    world = make_world(Settings(**{**vars(SETTINGS), "public_scheme": "http"}), ana=User(PASSWORD))
    browser = world.browser()
    browser.headers["origin"] = "http://testserver"
    cookie = browser.post("/login", data={"email": ANA, "password": PASSWORD}).headers["set-cookie"]
    assert cookie.startswith("session=")
    assert "secure" not in cookie.lower()


@pytest.mark.asvs("7.2.4")
def test_a_cookie_from_before_the_sign_in_is_not_honored() -> None:
    world = make_world(ana=User(PASSWORD))
    browser = world.browser()
    browser.cookies.set("__Host-session", "planted-by-someone", domain="testserver.local", path="/")
    browser.post("/login", data={"email": ANA, "password": PASSWORD})
    planted = world.browser()
    planted.cookies.set("__Host-session", "planted-by-someone")
    assert planted.get("/account").status_code == 401


@pytest.mark.asvs("7.2.4")
def test_each_sign_in_has_a_session_of_its_own_and_ends_the_one_before_in_this_browser() -> None:
    world = make_world(ana=User(PASSWORD))
    ana = world.signed_in(ANA)
    first = ana.cookies["__Host-session"]
    ana.post("/login", data={"email": ANA, "password": PASSWORD})
    assert ana.cookies["__Host-session"] != first
    replay = world.browser()
    replay.cookies.set("__Host-session", first)
    assert replay.get("/account").status_code == 401


@pytest.mark.asvs("6.3.1")
def test_wrong_unknown_and_disabled_read_the_same() -> None:
    world = make_world(ana=User(PASSWORD), eva=User(PASSWORD, disabled=True))
    seen = set()
    for email, password in ((ANA, "wrong"), ("eva@example.com", PASSWORD), ("nobody@example.com", PASSWORD)):
        answer = world.browser().post("/login", data={"email": email, "password": password})
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        seen.add((answer.status_code, answer.text.replace(email, "SOMEONE"), str(headers)))
    assert len(seen) == 1
    assert "do not match" in seen.pop()[1]


@pytest.mark.asvs("6.4.1")
def test_a_temporary_password_must_be_replaced() -> None:
    world = make_world(ana=User(PASSWORD, temporary=True))
    ana = world.browser()
    answer = ana.post("/login", data={"email": ANA, "password": PASSWORD})
    assert answer.headers["location"] == "/login/step"
    assert ana.get("/account").status_code == 401, "not in yet"
    assert 'autocomplete="new-password"' in ana.get("/login/step").text
    for new, repeat, problem in (
        ("short", "short", "longer"),
        (NEW, NEW + "x", "not the same"),
        ("", "", "Fill this in"),
    ):
        answer = ana.post("/login/step", data={"new_password": new, "repeat": repeat})
        assert answer.status_code == 400
        assert problem in answer.text
    assert ana.post("/login/step", data={"new_password": NEW, "repeat": NEW}).headers["location"] == "/"
    assert ana.get("/account").status_code == 200
    assert "__Host-step" not in ana.cookies


def test_a_step_is_answered_once_and_only_by_its_browser() -> None:
    world = make_world(ana=User(PASSWORD, temporary=True))
    ana, other = world.browser(), world.browser()
    ana.post("/login", data={"email": ANA, "password": PASSWORD})
    answer = {"new_password": NEW, "repeat": NEW}
    assert other.post("/login/step", data=answer).headers["location"] == "/login?expired=1"
    token = ana.cookies["__Host-step"]
    assert ana.post("/login/step", data=answer).headers["location"] == "/"
    other.cookies.set("__Host-step", token)
    assert other.post("/login/step", data=answer).headers["location"] == "/login?expired=1"


def test_a_step_ends_after_its_time() -> None:
    world = make_world(ana=User(PASSWORD, temporary=True))
    ana = world.browser()
    ana.post("/login", data={"email": ANA, "password": PASSWORD})
    for (pk, _), item in world.table.items.items():
        if pk.startswith("CHALLENGE#"):
            item["expires_at"] -= 3600
    assert ana.get("/login/step").headers["location"] == "/login?expired=1"


@pytest.mark.asvs("6.3.3")
def test_a_code_is_asked_when_the_user_has_an_authenticator() -> None:
    world = make_world(ana=User(PASSWORD, authenticator=True))
    ana = world.browser()
    ana.post("/login", data={"email": ANA, "password": PASSWORD})
    assert 'autocomplete="one-time-code"' in ana.get("/login/step").text
    answer = ana.post("/login/step", data={"code": "000000"})
    assert (answer.status_code, "not right" in answer.text) == (400, True)
    assert ana.post("/login/step", data={"code": "123 456"}).headers["location"] == "/"


@pytest.mark.asvs("6.3.1")
def test_guessing_is_stopped_per_account_from_wherever_and_says_nothing_about_the_account() -> None:
    world = make_world(ana=User(PASSWORD))
    for email in (ANA, "nobody@example.com"):
        for number in range(FAILURES_PER_ACCOUNT):
            guesser = world.browser(f"198.51.100.{number}")
            assert guesser.post("/login", data={"email": email, "password": "x"}).status_code == 401
        answer = world.browser("192.0.2.1").post(
            "/login", data={"email": email.upper(), "password": PASSWORD}
        )
        assert (answer.status_code, "Wait 15 minutes" in answer.text) == (429, True)


@pytest.mark.asvs("6.3.1")
def test_guessing_is_stopped_per_address_whatever_the_account() -> None:
    world = make_world(ana=User(PASSWORD))
    for number in range(FAILURES_PER_ADDRESS):
        world.browser("2001:db8::1").post("/login", data={"email": f"{number}@example.com", "password": "x"})
    good = {"email": ANA, "password": PASSWORD}
    assert world.browser("2001:db8::2").post("/login", data=good).status_code == 429, "the same /64"
    assert world.browser("2001:db8:0:1::1").post("/login", data=good).status_code == 303


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/login", {"password": PASSWORD}),
        ("/reset-password", {"code": FakeDirectory.CODE, "new_password": NEW, "repeat": NEW}),
    ],
)
def test_a_step_that_we_do_not_have_is_a_sentence_that_names_it(
    path: str, fields: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(ana=User(PASSWORD, asked_for="CUSTOM_CHALLENGE"))
    answer = world.browser().post(path, data={"email": ANA, **fields})
    assert answer.status_code == 501
    assert "(CUSTOM_CHALLENGE). Ask your administrator." in answer.text
    assert "Traceback" not in answer.text
    seen = capsys.readouterr()
    assert "unsupported: CUSTOM_CHALLENGE" in seen.out
    assert not seen.err


@pytest.mark.asvs("6.3.1")
def test_codes_are_counted_too() -> None:
    world = make_world(ana=User(PASSWORD, authenticator=True))
    ana = world.browser()
    ana.post("/login", data={"email": ANA, "password": PASSWORD})
    answers = [
        ana.post("/login/step", data={"code": f"{n:06}"}).status_code for n in range(FAILURES_PER_ACCOUNT)
    ]
    assert answers == [400] * FAILURES_PER_ACCOUNT
    assert ana.post("/login/step", data={"code": FakeDirectory.CODE}).status_code == 429


def test_who_signs_in_often_is_not_slowed() -> None:
    world = make_world(ana=User(PASSWORD))
    for _ in range(FAILURES_PER_ACCOUNT + 2):
        assert world.browser().post("/login", data={"email": ANA, "password": PASSWORD}).status_code == 303


@pytest.mark.asvs("7.4.1")
def test_sign_out_everywhere_ends_every_browser_of_this_user_only() -> None:
    world = make_world(ana=User(PASSWORD), eva=User(PASSWORD))
    desk, phone, eva = world.signed_in(ANA), world.signed_in(ANA), world.signed_in("eva@example.com")
    assert desk.post("/logout/everywhere").headers["location"] == "/login?out=1"
    assert f"sign_out_everywhere access-{ANA}" in world.directory.calls
    assert [browser.get("/account").status_code for browser in (desk, phone, eva)] == [401, 401, 200]


def test_sign_out_works_while_cognito_does_not() -> None:
    world = make_world(ana=User(PASSWORD))
    ana, phone = world.signed_in(ANA), world.signed_in(ANA)
    world.directory.down = True
    assert ana.post("/logout").status_code == 303
    assert phone.post("/logout/everywhere").status_code == 303
    assert [browser.get("/account").status_code for browser in (ana, phone)] == [401, 401]


@pytest.mark.asvs("14.3.1")
@pytest.mark.parametrize("way", ["/logout", "/logout/everywhere"])
def test_signing_out_has_the_browser_forget(way: str) -> None:
    world = make_world(ana=User(PASSWORD))
    ana = world.signed_in(ANA)
    answer = ana.post(way)
    assert answer.headers["clear-site-data"] == '"storage"'
    assert answer.headers["cache-control"] == "no-store"
    assert re.search(
        r'__Host-session=""; expires=|__Host-session=""; .*Max-Age=0', answer.headers["set-cookie"]
    )
    assert "__Host-session" not in ana.cookies


@pytest.mark.asvs("6.2.9")
def test_the_forms_take_a_long_password() -> None:
    long = "correct horse battery staple " * 8
    world = make_world(ana=User(PASSWORD, temporary=True))
    ana = world.browser()
    ana.post("/login", data={"email": ANA, "password": PASSWORD})
    assert ana.post("/login/step", data={"new_password": long, "repeat": long}).headers["location"] == "/"
    for path in ("/login", "/reset-password"):
        lengths = re.findall(r'type="password"[^>]*maxlength="(\d+)"', world.browser().get(path).text)
        assert lengths
        assert all(int(length) >= len(long) for length in lengths)
    assert world.browser().post("/login", data={"email": ANA, "password": long}).headers["location"] == "/"
    assert world.browser().post("/login", data={"email": ANA, "password": long[:-2]}).status_code == 401


@pytest.mark.asvs("7.5.1")
def test_a_changed_password_ends_the_other_browsers_and_renews_this_one() -> None:
    world = make_world(ana=User(PASSWORD))
    desk, phone = world.signed_in(ANA), world.signed_in(ANA)
    before = desk.cookies["__Host-session"]
    form = {"password": "wrong", "new_password": NEW, "repeat": NEW}
    assert "not your current password" in desk.post("/account/password", data=form).text
    form["password"] = PASSWORD
    assert desk.post("/account/password", data=form).headers["location"] == "/account?changed=1"
    assert "Your password is changed" in desk.get("/account?changed=1").text
    assert desk.cookies["__Host-session"] != before
    assert phone.get("/account").status_code == 401
    assert world.browser().post("/login", data={"email": ANA, "password": NEW}).status_code == 303


def test_a_forgotten_password_is_replaced_by_a_mailed_code() -> None:
    world = make_world(ana=User(PASSWORD))
    stolen = world.signed_in(ANA)
    ana = world.browser()
    page = ana.post("/forgot-password", data={"email": ANA})
    assert page.status_code == 200
    form = {"email": ANA, "code": "000000", "new_password": NEW, "repeat": NEW}
    assert "not right or too old" in ana.post("/reset-password", data=form).text
    form["code"] = FakeDirectory.CODE
    assert ana.post("/reset-password", data=form).headers["location"] == "/"
    assert ana.get("/account").status_code == 200
    assert stolen.get("/account").status_code == 401


@pytest.mark.asvs("6.4.3")
def test_a_reset_does_not_pass_the_authenticator_by() -> None:
    world = make_world(ana=User(PASSWORD, authenticator=True))
    ana = world.browser()
    form = {"email": ANA, "code": FakeDirectory.CODE, "new_password": NEW, "repeat": NEW}
    assert ana.post("/reset-password", data=form).headers["location"] == "/login/step"
    assert ana.get("/account").status_code == 401


def test_asking_for_a_reset_tells_nothing_about_the_account() -> None:
    world = make_world(ana=User(PASSWORD))
    pages = {
        world.browser().post("/forgot-password", data={"email": email}).text.replace(email, "SOMEONE")
        for email in (ANA, "nobody@example.com")
    }
    assert len(pages) == 1


@pytest.mark.parametrize(
    "path", ["/login", "/forgot-password", "/reset-password", "/account", "/account/password"]
)
def test_pages_speak_the_browsers_language_until_another_is_chosen(path: str) -> None:
    world = make_world(ana=User(PASSWORD))
    ana = world.signed_in(ANA) if path.startswith("/account") else world.browser()
    spanish = {"accept-language": "es-MX,es;q=0.9,en;q=0.5"}
    assert '<html lang="es">' in ana.get(path, headers=spanish).text
    assert '<html lang="en">' in ana.get(path, headers={"accept-language": "fr, en;q=0.2"}).text
    assert '<html lang="en">' in ana.get(path, params={"lang": "en"}, headers=spanish).text
    assert '<html lang="en">' in ana.get(path, headers=spanish).text, "the choice is kept"


def test_what_a_user_types_is_not_markup() -> None:
    answer = (
        make_world().browser().post("/login", data={"email": '"><script>alert(1)</script>', "password": "x"})
    )
    assert "<script" not in answer.text


def test_every_page_forbids_scripts() -> None:
    for path in ("/login", "/forgot-password", "/reset-password"):
        answer = make_world().browser().get(path)
        assert "script" not in answer.headers["content-security-policy"]
        assert "<script" not in answer.text


@pytest.mark.asvs("16.2.5", "16.3.1")
def test_passwords_and_tokens_are_in_no_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    world = make_world(ana=User(PASSWORD))
    ana = world.signed_in(ANA)
    token = ana.cookies["__Host-session"]
    ana.post("/login", data={"email": "Wrong-Secret-99", "password": "Wrong-Secret-99"})
    ana.post("/logout")
    lines = capsys.readouterr().out
    events = [json.loads(line) for line in lines.splitlines()]
    assert [(event["event"], event["outcome"]) for event in events] == [
        ("sign-in", "ok"),
        ("sign-in", "failed"),
        ("sign-out", "ok"),
    ]
    for secret in (PASSWORD, "wrong-secret-99", token, "access-ana", "refresh-ana"):
        assert secret.lower() not in lines.lower()


@pytest.mark.asvs("16.5.1", "16.5.2", "16.5.3")
@pytest.mark.parametrize("part", ["table", "directory"])
def test_a_dead_dependency_is_one_friendly_sentence(part: str) -> None:
    world = make_world(ana=User(PASSWORD))
    getattr(world, part).down = True
    answer = world.browser().post(
        "/login",
        data={"email": ANA, "password": PASSWORD},
        headers={"accept": "text/html", "sec-fetch-mode": "navigate"},
    )
    assert answer.status_code == 503
    assert "cannot be reached at the moment" in answer.text
    assert "<html" in answer.text
