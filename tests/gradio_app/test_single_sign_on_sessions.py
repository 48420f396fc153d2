"""Sessions of people who came by single sign-on: renewed, ended, and signed out everywhere."""

import json
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from gradio_app.sessions.sessions import CHECK_SECONDS
from tests.gradio_app.arriving import (
    ANAS,
    START,
    Case,
    case,
    with_cookies,
)
from tests.gradio_app.fakes import (
    HOSTED,
    SETTINGS,
    User,
    World,
    make_world,
)
from tests.single_sign_on import (
    ANA,
    EVA,
    SIGNED_OUT,
    Visitor,
    brought,
)

pytestmark = pytest.mark.slow
__all__ = ["case"]


def test_groups_are_those_of_the_pool(case: Case) -> None:
    case.signed_in()
    here = case.here
    here.idp.create_group(UserPoolId=here.pool_id, GroupName="admins")
    here.idp.admin_add_user_to_group(UserPoolId=here.pool_id, Username=here.username(ANA), GroupName="admins")
    case.table.items.clear()
    case.signed_in()
    [session] = case.items("SESSION")
    assert "admins" in session["groups"]


@pytest.mark.asvs("7.4.2")
def test_the_pool_is_asked_through_the_right_client_and_a_disabled_user_is_out(case: Case) -> None:
    browser = case.signed_in()
    [session] = case.items("SESSION")
    before = session["access_token"]
    case.age(CHECK_SECONDS)
    case.restart()
    browser = with_cookies(case, browser)
    assert browser.get("/account").status_code == 200
    [session] = case.items("SESSION")
    assert session["access_token"] != before, "refreshed"

    case.here.idp.admin_disable_user(UserPoolId=case.here.pool_id, Username=case.here.username(ANA))
    case.age(CHECK_SECONDS)
    case.restart()
    assert with_cookies(case, browser).get("/account").status_code == 303
    assert not case.items("SESSION")


def test_when_single_sign_on_is_switched_off_its_sessions_end(case: Case) -> None:
    browser = case.signed_in()
    case.age(CHECK_SECONDS)
    case.settings = replace(case.settings, single_sign_on=None)
    case.restart()
    assert with_cookies(case, browser).get("/account").status_code == 303


def test_who_came_by_it_signs_out_after_it_is_switched_off(case: Case) -> None:
    browsers = [case.signed_in(), case.signed_in()]
    case.settings = replace(case.settings, single_sign_on=None)
    case.restart()
    for browser, way in zip(browsers, ("/logout", "/logout/everywhere"), strict=True):
        answer = with_cookies(case, browser).post(way)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?out=1")
    assert not case.items("SESSION")


@pytest.mark.asvs("7.4.1", "7.6.1", "10.4.9")
def test_signing_out_ends_the_pools_session_in_the_browser_too(case: Case) -> None:
    browser = case.signed_in()
    [session] = case.items("SESSION")
    assert case.refreshes(session["refresh_token"])
    answer = browser.post("/logout")
    assert answer.status_code == 303
    away = answer.headers["location"]
    assert away.startswith(f"{case.here.aws.endpoint_url}/logout?")
    assert brought(away) == {"client_id": case.here.hosted.client_id, "logout_uri": SIGNED_OUT}
    assert Visitor().leads_to(away) == SIGNED_OUT
    assert "You have signed out" in browser.get(SIGNED_OUT, follow_redirects=True).text
    assert not case.items("SESSION")
    assert not case.refreshes(session["refresh_token"])


@pytest.mark.asvs("7.4.1", "10.4.9")
def test_signing_out_everywhere_revokes_each_sign_in(case: Case) -> None:
    here, elsewhere, eva = case.signed_in(), case.signed_in(), case.signed_in(EVA)
    tokens = {item["refresh_token"]: item["email"] for item in case.items("SESSION")}
    assert here.post("/logout/everywhere").headers["location"].startswith(case.here.aws.endpoint_url)
    assert elsewhere.get("/account").status_code == 303
    assert eva.get("/account").status_code == 200
    assert sorted((email, case.refreshes(token)) for token, email in tokens.items()) == [
        (ANAS, False),
        (ANAS, False),
        ("eva@example.com", True),
    ]


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("way", ["/logout", "/logout/everywhere"])
def test_signing_out_does_not_need_the_pool(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    world = make_world(replace(SETTINGS, single_sign_on=HOSTED), ana=User("of no use here"))
    here, elsewhere = (arrived(world, ANAS) for _ in range(2))
    world.directory.down = True
    capsys.readouterr()
    answer = here.post(way)
    assert answer.headers["location"].startswith(f"{HOSTED.url}/logout?")
    assert "__Host-session" not in here.cookies
    assert here.get("/account").status_code == 401
    assert elsewhere.get("/account").status_code == (401 if way.endswith("everywhere") else 200)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines if line["outcome"] == "ok"] == [
        "sign-out" + way.removeprefix("/logout").replace("/", "-")
    ]
    failed = [line for line in lines if line["event"] == "token-revocation"]
    assert [line["outcome"] for line in failed] == ["failed"] * (2 if way.endswith("everywhere") else 1)


@pytest.mark.asvs("3.4.3")
def test_forms_lead_to_the_pools_domain_only_where_signing_out_does() -> None:
    world = make_world(replace(SETTINGS, single_sign_on=HOSTED), ana=User("Correct-Horse-1"))
    browsers = (arrived(world, ANAS), world.signed_in(ANAS))
    policies = [browser.get("/account").headers["content-security-policy"] for browser in browsers]
    assert [f"form-action 'self' {HOSTED.url};" in policy for policy in policies] == [True, False]
    assert "form-action 'self';" in policies[1]


def arrived(world: World, email: str) -> TestClient:
    """A browser after a single sign-on at the fake provider."""
    browser = world.browser()
    state = brought(browser.get(START).headers["location"])["state"]
    assert browser.get(f"/login/callback?code={email}&state={state}").headers["location"] == "/"
    return browser
