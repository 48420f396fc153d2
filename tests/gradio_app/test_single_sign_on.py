"""The way in by single sign-on: who comes back is let in, and nobody else is."""

import json
import logging
from dataclasses import replace

import pytest

from gradio_app.cognito.single_sign_on import SingleSignOn
from gradio_app.cognito.tokens import TokenCheck
from gradio_app.sessions.departures import DEPARTURE_SECONDS
from tests.gradio_app.arriving import (
    ANAS,
    FROM_TESTS,
    START,
    Case,
    case,
    changed,
    check_refused,
    come_back,
    come_from_provider,
    start,
)
from tests.gradio_app.fakes import (
    HOSTED,
    SETTINGS,
    User,
    make_world,
)
from tests.single_sign_on import (
    ANA,
    CALLBACK,
    NAMELESS,
    PROVIDER,
    brought,
)

pytestmark = pytest.mark.slow
__all__ = ["case"]


def test_the_way_in_ends_in_a_session_like_any_other(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    browser = case.browser()
    page = browser.get("/login")
    assert f"Continue with {PROVIDER}" in page.text
    assert f'href="{START}"' in page.text
    assert "password" in page.text, "and there is the other way in"
    answer = come_back(browser, come_from_provider(browser))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert set(browser.cookies) == {"__Host-session"}, "the departure's cookie is gone"
    assert ANAS in browser.get("/account").text
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [session] = case.items("SESSION")
    assert line.items() >= {"event": "sign-in", "outcome": "ok", "detail": "single-sign-on"}.items()
    assert line["user_id"] == session["user_id"]
    assert session["username"] == case.here.username(ANA)
    assert not case.items("DEPARTURE"), "a way back is good once, before the pool is asked"


@pytest.mark.asvs("16.2.5")
def test_no_logger_tells_a_code_or_a_token_not_even_to_who_looks_for_faults(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    browser = case.browser()
    with caplog.at_level(logging.DEBUG):
        address = come_from_provider(browser)
        [departure] = case.items("DEPARTURE")
        come_back(browser, address)
    [session] = case.items("SESSION")
    # Those of the tests' own browsers and provider stay out.
    said = "".join(each.getMessage() for each in caplog.records if not each.name.startswith(FROM_TESTS))
    assert "/oauth2/token" in said, "requests' own lines are there"
    secrets = (brought(address)["code"], departure["verifier"], session["access_token"])
    for secret in (*secrets, session["refresh_token"], case.here.hosted.client_secret):
        assert secret not in said


@pytest.mark.asvs("10.1.2", "10.4.6", "10.4.11")
def test_the_browser_leaves_with_state_nonce_and_challenge(case: Case) -> None:
    browser = case.browser()
    answer = browser.get(START)
    sent = brought(answer.headers["location"])
    [kept] = case.items("DEPARTURE")
    assert sent["response_type"] == "code"
    assert (sent["state"], sent["nonce"]) == (kept["state"], kept["nonce"])
    assert (sent["code_challenge_method"], len(sent["code_challenge"])) == ("S256", 43)
    assert kept["verifier"] not in answer.headers["location"]
    assert sent["scope"].split() == ["openid", "email", "profile"]
    assert (sent["identity_provider"], sent["redirect_uri"]) == (PROVIDER, CALLBACK)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-departure=")
    assert all(part in cookie.lower() for part in ("httponly", "secure", "samesite=lax", "path=/"))
    assert brought(start(case.browser()))["state"] != sent["state"]
    assert browser.cookies["__Host-departure"] not in str(case.table.items), "only its hash"
    for value in (sent["state"], sent["nonce"], kept["verifier"], browser.cookies["__Host-departure"]):
        assert len(value) >= 43, "256 bits and more"


@pytest.mark.asvs("10.1.2", "10.2.1", "10.5.1", "16.3.1")
@pytest.mark.parametrize(
    "way",
    [
        "again",
        "another browser",
        "no cookie",
        "no state",
        "another state",
        "too late",
        "no code",
        "made-up code",
    ],
)
def test_a_way_back_that_is_not_this_browsers_opens_nothing(
    case: Case, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = case.browser()
    address = come_from_provider(browser)
    if way == "again":
        departure = browser.cookies["__Host-departure"]
        come_back(browser, address)
        browser.cookies.clear()
        browser.cookies.set("__Host-departure", departure)
    elif way == "another browser":
        browser = case.browser()
        start(browser)
    elif way == "no cookie":
        browser = case.browser()
    elif way == "too late":
        case.age(DEPARTURE_SECONDS)
    elif way == "no state":
        address = address.partition("&state=")[0]
    else:
        name, value = {"another state": ("state", "x" * 64), "no code": ("code", "")}.get(
            way, ("code", "made-up")
        )
        address = changed(address, **{name: value})
    capsys.readouterr()
    check_refused(browser, come_back(browser, address), capsys)


@pytest.mark.asvs("10.1.2", "10.5.1")
@pytest.mark.parametrize("name", ["nonce", "verifier"])
def test_an_answer_to_another_departure_opens_nothing(
    case: Case, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody has slipped a code of their own sign-in into Ana's."""
    browser = case.browser()
    address = come_from_provider(browser)
    for item in case.items("DEPARTURE"):
        item[name] = "of another departure, and long enough to be one: 0123456789"
    check_refused(browser, come_back(browser, address), capsys)


@pytest.mark.asvs("10.5.4", "9.2.3")
def test_tokens_for_another_client_open_nothing(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    here = case.here
    for_passwords = TokenCheck.of(here.idp, here.pool_id, here.password_client["ClientId"])
    case.restart(single_sign_on=SingleSignOn(here.idp, here.pool_id, here.hosted, for_passwords))
    browser = case.browser()
    check_refused(browser, come_back(browser, come_from_provider(browser)), capsys)


@pytest.mark.asvs("10.1.2")
def test_who_tries_anothers_state_does_not_use_it_up(case: Case) -> None:
    browser, other = case.browser(), case.browser()
    address = come_from_provider(browser)
    start(other)
    assert come_back(other, address).status_code == 400
    assert come_back(browser, changed(address, state="of nobody")).status_code == 400, "led by another site"
    assert come_back(browser, address).headers["location"] == "/"


@pytest.mark.asvs("16.2.5", "14.2.1")
def test_what_the_provider_refuses_is_one_sentence_of_ours(
    case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, named in (("access_denied", "access_denied"), ("<script>", "another error")):
        browser = case.browser()
        sent = brought(start(browser))
        address = changed(CALLBACK, error=error, error_description="<b>no</b>", state=sent["state"])
        capsys.readouterr()
        answer = come_back(browser, address)
        said = capsys.readouterr().out
        assert json.loads(said)["detail"] == f"single-sign-on: {named}"
        assert "<script>" not in said + answer.text
        assert "<b>no" not in answer.text
        assert answer.status_code == 401
        assert "did not let you in" in answer.text
        assert come_back(browser, address).status_code == 400, "and once only"


def test_somebody_without_an_address_is_told_so_and_stays_out(case: Case) -> None:
    browser = case.browser()
    answer = come_back(browser, come_from_provider(browser, NAMELESS))
    assert answer.status_code == 403
    assert "does not tell us your e-mail address" in answer.text
    assert not case.items("SESSION")


def test_what_the_pool_gave_to_somebody_who_stays_out_is_given_back() -> None:
    world = make_world(replace(SETTINGS, single_sign_on=HOSTED))
    world.directory.users[""] = User("somebody without an address")
    browser = world.browser()
    state = brought(browser.get(START).headers["location"])["state"]
    assert browser.get(f"/login/callback?code=&state={state}").status_code == 403
    assert "revoke refresh-" in world.directory.calls


@pytest.mark.asvs("10.5.2", "6.8.1")
def test_an_address_of_somebody_else_makes_nobody_somebody_else(case: Case) -> None:
    """People are known by the pool's sub; a user with a password and Ana's address is not Ana."""
    here = case.here
    here.idp.admin_create_user(
        UserPoolId=here.pool_id,
        Username=ANAS,
        UserAttributes=[{"Name": "email", "Value": ANAS}],
        MessageAction="SUPPRESS",
    )
    case.signed_in()
    local = here.idp.admin_get_user(UserPoolId=here.pool_id, Username=ANAS)["UserAttributes"]
    [session] = case.items("SESSION")
    assert session["email"] == ANAS
    assert session["user_id"] not in [attribute["Value"] for attribute in local]
