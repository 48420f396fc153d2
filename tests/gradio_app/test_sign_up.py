"""Signing up, where the deployment offers it: for its domains, and telling nobody who has an account."""

import json

import pytest

from gradio_app.sessions.throttle import FAILURES_PER_ACCOUNT
from gradio_app.settings import Settings
from tests.gradio_app.fakes import SETTINGS, FakeDirectory, User, World, make_world

LEO, ANA = "leo@example.com", "ana@example.com"
PASSWORD, CODE = "Correct-Horse-1", FakeDirectory.CODE


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers need not be slow here."""
    monkeypatch.setattr("gradio_app.login.services.SAME_PACE_SECONDS", 0)


def offering(*domains: str) -> World:
    settings = Settings(**{**vars(SETTINGS), "sign_up_domains": domains})
    return make_world(settings, ana=User(PASSWORD))


def test_an_address_a_code_and_a_password_lead_in() -> None:
    world = offering("example.com")
    leo = world.browser()
    assert 'href="/sign-up"' in leo.get("/login").text
    page = leo.post("/sign-up", data={"email": " Leo@Example.com "})
    assert (page.status_code, "code is on its way" in page.text) == (200, True)
    answer = leo.post("/sign-up/confirm", data={"email": LEO, "code": "000000"})
    assert (answer.status_code, "not right or too old" in answer.text) == (400, True)
    answer = leo.post("/sign-up/confirm", data={"email": LEO, "code": CODE})
    assert answer.headers["location"] == "/login/step"
    assert "Your address is confirmed" in leo.get("/login/step").text
    assert leo.get("/account").status_code == 401, "not in without a password"
    answer = leo.post("/login/step", data={"new_password": "short", "repeat": "short"})
    assert (answer.status_code, "longer" in answer.text) == (400, True)
    answer = leo.post("/login/step", data={"new_password": PASSWORD, "repeat": PASSWORD})
    assert answer.headers["location"] == "/"
    assert LEO in leo.get("/account").text


def test_the_code_can_be_sent_again() -> None:
    world = offering("example.com")
    leo = world.browser()
    page = leo.post("/sign-up", data={"email": LEO})
    assert 'formaction="/sign-up" formnovalidate' in page.text
    leo.post("/sign-up", data={"email": LEO, "code": ""})
    assert world.directory.mails == [LEO, LEO]


@pytest.mark.parametrize(
    "email",
    [
        "leo@example.org",
        "leo@sub.example.com",
        "leo@notexample.com",
        "leo@evil.com@example.com",
        "leo@example.com@evil.com",
        "leo@example.com.evil.com",
        "leo@example.com\n",
        "example.com",
        "@example.com",
    ],
)
def test_other_domains_are_refused_before_the_pool_is_asked(email: str) -> None:
    world = offering("example.com", "example.net")
    for path, data in (("/sign-up", {"email": email}), ("/sign-up/confirm", {"email": email, "code": CODE})):
        answer = world.browser().post(path, data=data)
        if email.strip() == LEO:  # blanks around it are not part of an address
            continue
        assert (answer.status_code, "cannot have an account" in answer.text) == (400, True)
        assert not [call for call in world.directory.calls if "sign_up" in call]


@pytest.mark.asvs("6.3.1")
def test_the_answers_do_not_tell_who_has_an_account() -> None:
    world = offering("example.com")
    for path, code in (("/sign-up", ""), ("/sign-up/confirm", "000000"), ("/sign-up/confirm", CODE)):
        seen = set()
        for email in (ANA, "nobody@example.com"):
            if path == "/sign-up/confirm":
                world.directory.unconfirmed.clear()
            answer = world.browser().post(path, data={"email": email, "code": code})
            headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
            seen.add((answer.status_code, answer.text.replace(email, "SOMEONE"), str(headers)))
        assert len(seen) == 1


def test_it_does_not_exist_unless_offered() -> None:
    world = offering()
    stranger = world.browser()
    assert "/sign-up" not in stranger.get("/login").text
    for path in ("/sign-up", "/sign-up/confirm"):
        assert {stranger.get(path).status_code, stranger.post(path).status_code} <= {401, 404}
    ana = world.signed_in(ANA)
    assert {ana.get("/sign-up").status_code, ana.post("/sign-up").status_code} == {404}


@pytest.mark.asvs("6.3.1")
def test_nobody_is_flooded_with_mail_and_no_code_is_guessed() -> None:
    world = offering("example.com")
    asked = [world.browser(f"198.51.100.{n}").post("/sign-up", data={"email": LEO}) for n in range(11)]
    assert [answer.status_code for answer in asked] == [200] * FAILURES_PER_ACCOUNT + [429]
    guess = {"email": LEO, "code": "000000"}
    answers = [world.browser().post("/sign-up/confirm", data=guess).status_code for _ in range(11)]
    assert answers == [400] * FAILURES_PER_ACCOUNT + [429]
    assert world.browser().post("/sign-up/confirm", data={**guess, "code": CODE}).status_code == 429


def test_it_leaves_lines(capsys: pytest.CaptureFixture[str]) -> None:
    world = offering("example.com")
    leo = world.browser()
    leo.post("/sign-up", data={"email": "leo@evil.example"})
    leo.post("/sign-up", data={"email": LEO})
    leo.post("/sign-up/confirm", data={"email": LEO, "code": "000000"})
    leo.post("/sign-up/confirm", data={"email": LEO, "code": CODE})
    lines = capsys.readouterr().out
    events = [json.loads(line) for line in lines.splitlines()]
    assert [(event["event"], event["outcome"], event["detail"]) for event in events] == [
        ("sign-up", "refused", "leo@evil.example"),
        ("sign-up", "asked", LEO),
        ("sign-up", "failed", LEO),
        ("sign-up", "ok", LEO),
    ]
    assert CODE not in lines


@pytest.mark.asvs("16.2.5")
def test_a_password_in_the_wrong_field_is_not_written_down(capsys: pytest.CaptureFixture[str]) -> None:
    browser = offering("example.com").browser()
    for typed in ("429-Correct-Horse", "Correct-Horse-1", "correct@horse battery"):
        browser.post("/sign-up", data={"email": typed})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["detail"] for line in lines] == ["no e-mail address"] * 3


@pytest.mark.parametrize("path", ["/sign-up", "/sign-up/confirm"])
def test_the_pages_speak_spanish(path: str) -> None:
    page = offering("example.com").browser().get(path, headers={"accept-language": "es"})
    assert "Crear una cuenta" in page.text
